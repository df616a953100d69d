"""Two lenders at one centre, each with a place, a key and a door of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from app.core.errors import Invalid
from app.demo.stage import make_client_key
from app.simulator.centre.registry import write_registry
from tests.functional.simulator_centre.conftest import PROVIDER, SUITE, Centre, KeyPair, Lender

OTHER = "Z9900000000009"


@dataclass
class Section(Lender):
    """A lender that signs in under its section code."""

    section: str = ""

    def connect(self) -> Any:
        self.centre.address["user"] = self.section
        return super().connect()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Section, Section]]:
    root = tmp_path / "centre"
    write_registry(root, {PROVIDER: [PROVIDER, "Z9900000000002"], OTHER: [OTHER]})
    centre = Centre(root, tmp_path, tmp_path)
    command = [sys.executable, "-m", "app.simulator.centre", "serve", "--state", str(root), "--json"]
    sections = []
    for section in (PROVIDER, OTHER):
        folder = tmp_path / section
        folder.mkdir()
        keys = SUITE.generate_keys()
        (folder / "public.pem").write_bytes(keys.public)
        make_client_key(folder / "client")
        command += ["--lender", section, str(folder / "public.pem"), str(folder / "client.pub")]
        pair = KeyPair(keys.public, keys.private)
        sections.append(Section(centre, pair, asyncssh.read_private_key(str(folder / "client")), folder, section))
    centre.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert centre.process.stdout is not None
    centre.address = json.loads(centre.process.stdout.readline())
    yield sections[0], sections[1]
    centre.kill()


def test_each_lender_has_feedback_of_its_own_and_sees_no_other(pair: tuple[Section, Section], collection: Any) -> None:
    own, other = pair
    sent = own.make("210", [collection(1)])
    with pytest.raises(asyncssh.SFTPPermissionDenied):
        other.send(sent)
    own.send(sent)
    sealed = own.fetch(sent, "1")
    _, items = own.open(sealed, f"{sent.name[:29]}1")
    assert items == []
    with pytest.raises(Invalid):
        other.open(sealed, f"{sent.name[:29]}1")
    assert asyncio.run(listed(other)) == []
    own.ssh_key = other.ssh_key
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(listed(own))


async def listed(lender: Section) -> list[str]:
    async with lender.connect() as connection, connection.start_sftp_client() as sftp:
        return [name for name in await sftp.listdir("/outbox") if str(name).endswith(".enc")]

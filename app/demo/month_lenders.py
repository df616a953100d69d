"""The stage of a month: two legal entities in one installation, a bank behind each, and one credit centre for both.

Keys are exchanged as institutions would, each side gets the other's public keys and nothing else; the centre gives each lender a
place of its own. It can be stopped and started again at the same address.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from app.core import crypto
from app.core.actor import Actor, acting
from app.core.config import Settings
from app.core.crypto.keyring import key_ring
from app.core.db import unit_of_work
from app.core.errors import Unavailable
from app.core.text import Text
from app.demo.stage import SOURCES, Stage, make_client_key
from app.simulator.bank import World
from app.simulator.centre.registry import write_registry
from app.simulator.troubles import Couriers, Trouble
from app.submission.entities.entity import read_entity
from app.submission.entities.keeping import decide, make_by_settings, propose

ADMINISTRATOR: Final = Actor("he.ping", "何平", "person")
ANALYST: Final = Actor("lin.yue", "林悦", "person")
REVIEWER: Final = Actor("xu.wen", "许文", "person")

NAMES: Final = (
    Text("北方样本银行", "Sample Bank North"),
    Text("南方样本消费金融公司", "Sample Consumer Finance South"),
)
_BRANCHES: Final = 8


@dataclass(frozen=True, slots=True)
class Lender:
    """One legal entity: its bank, and below `root` its list of sources, deliveries and keys."""

    number: int
    name: Text
    world: World
    root: Path

    @property
    def section(self) -> str:
        return self.world.provider

    @property
    def sources_file(self) -> Path:
        return self.root / "sources.yaml"

    @property
    def deliveries(self) -> Path:
        return self.root / "deliveries"

    @property
    def client_key(self) -> Path:
        """The private key with which it signs in at the centre."""
        return self.root / "client"

    @property
    def own_key(self) -> str:
        """The name of its key pair in the key ring: the first entity is that of the settings."""
        return "lender" if self.number == 0 else f"lender-{self.section.lower()}"

    def couriers(self, troubles: Sequence[Trouble]) -> Couriers:
        return Couriers(self.world, self.number, self.deliveries, self.root / "aside", troubles)


def make_lenders(stage: Stage, sizes: tuple[int, int], seed: int, start: date) -> tuple[Lender, ...]:
    """Make the banks, and write what each installation would: where its sources deliver."""
    lenders = []
    for number, name in enumerate(NAMES):
        persons, companies = sizes
        first = 1 + number * _BRANCHES
        world = World(stage.bank / str(number), persons, companies, seed + number, None, start, True, first)
        lender = Lender(number, name, world, stage.root / "lenders" / world.provider)
        lender.root.mkdir(parents=True)
        world.build()
        base = lender.deliveries.resolve() / "{date:%Y%m%d}"
        listed = {source: {"path": str(base / place)} for source, place in SOURCES.items()}
        lender.sources_file.write_text(yaml.safe_dump({"sources": listed}), encoding="utf-8")
        make_client_key(lender.client_key)
        lenders.append(lender)
    own = lenders[0].world
    registered = {"sections": [own.provider], "institutions": list(own.institutions)}
    (stage.root / "institutions.yaml").write_text(yaml.safe_dump(registered), encoding="utf-8")
    write_registry(stage.centre, {each.section: each.world.institutions for each in lenders})
    return tuple(lenders)


def settings_of(stage: Stage, lender: Lender, **changes: Any) -> dict[str, Any]:
    """The settings of an installation that was set up for this lender."""
    return {
        "provider_code": lender.section,
        "sources_file": lender.sources_file,
        "centre_key": lender.client_key,
        "centre_user": lender.section,
        **changes,
    }


def found_entities(lenders: Sequence[Lender]) -> None:
    """Set the entities up: the first by the settings, the others proposed by one person and approved by another."""
    make_by_settings()
    for lender in lenders[1:]:
        described = {
            "provider": lender.section,
            "zh": lender.name.zh,
            "en": lender.name.en,
            "institutions": " ".join(lender.world.institutions),
            "sources_file": str(lender.sources_file),
            "centre_user": lender.section,
        }
        with acting(ADMINISTRATOR), unit_of_work():
            number = propose(read_entity(described), "新设法人机构", lender.client_key.read_text()).number
        with acting(REVIEWER), unit_of_work():
            decide(lender.section, number, approve=True)


@dataclass
class Centre:
    """The credit centre as a process of its own."""

    stage: Stage
    settings: Settings
    lenders: Sequence[Lender]
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> dict[str, Any]:
        """Start it, at the same port as before; where and by which keys it is reached."""
        suite = crypto.suite(self.settings.crypto_suite)
        command = [sys.executable, "-m", "app.simulator.centre", "serve", "--state", str(self.stage.centre), "--json"]
        command += ["--suite", self.settings.crypto_suite, "--port", str(self.port)]
        for lender in self.lenders:
            public = lender.root / "lender-public.pem"
            public.write_bytes(key_ring().key_pair(lender.own_key, suite).public)
            command += ["--lender", lender.section, str(public), str(lender.client_key.with_suffix(".pub"))]
        with (self.stage.root / "centre.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                command, stdout=subprocess.PIPE, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"}
            )
        assert self.process.stdout is not None  # noqa: S101 - piped above
        line = self.process.stdout.readline()
        if not line:
            words = Text("模拟征信中心未能启动", "The pretend credit centre did not start; see centre.log")
            raise Unavailable("demo.centre", words)
        told: dict[str, Any] = json.loads(line)
        self.port = int(told["port"])
        key_ring().add_public_key("centre", suite, Path(told["public_key"]).read_bytes())
        host_key = Path(told["host_key"]).read_text(encoding="utf-8").strip()
        assert self.settings.centre_known_hosts is not None  # noqa: S101 - filled by Settings
        self.settings.centre_known_hosts.parent.mkdir(parents=True, exist_ok=True)
        self.settings.centre_known_hosts.write_text(f"[{told['host']}]:{told['port']} {host_key}\n", encoding="utf-8")
        return told

    @property
    def running(self) -> bool:
        return self.process is not None

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
            assert self.process.stdout is not None  # noqa: S101 - piped above
            self.process.stdout.close()
            self.process = None

"""A pretend centre as a process of its own, and a lender who talks to it over SFTP."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from app.core import packaging
from app.core.crypto import KeyPair, suite
from app.standard.files.feedback import FeedbackFile, FeedbackItem, read_feedback
from app.standard.files.names import FileHeader, FileName

PROVIDER = "Z9900000000001"
SUITE = suite("gm")


@dataclass
class Centre:
    """The process and its state folder. `start` may be called again after `kill`."""

    root: Path
    lender_key: Path
    client_key: Path
    process: subprocess.Popen[str] | None = None
    address: dict[str, Any] = field(default_factory=dict)

    def start(self) -> None:
        command = [sys.executable, "-m", "app.simulator.centre", "serve", "--state", str(self.root), "--json"]
        command += ["--lender-key", str(self.lender_key), "--client-key", str(self.client_key)]
        with open(self.root.parent / "centre.log", "a") as log:
            self.process = subprocess.Popen(
                [*command, "--verbose"], stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ}
            )
        assert self.process.stdout is not None
        self.address = json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self._end()

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self._end()

    def _end(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(timeout=30)

    def ask(self, *arguments: str) -> Any:
        """A sub-command's JSON answer."""
        command = [sys.executable, "-m", "app.simulator.centre", *arguments, "--state", str(self.root)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@dataclass
class Lender:
    """One who reports: makes files, sends them, fetches and opens feedback."""

    centre: Centre
    keys: KeyPair
    ssh_key: asyncssh.SSHKey
    folder: Path

    def connect(self) -> Any:
        address = self.centre.address
        known = f"[{address['host']}]:{address['port']} " + Path(address["host_key"]).read_text()
        known_hosts = asyncssh.import_known_hosts(known)
        return asyncssh.connect(
            address["host"],
            address["port"],
            username=address["user"],
            client_keys=[self.ssh_key],
            known_hosts=known_hosts,
        )

    def make(self, record_type: str, lines: list[str], serial: str = "001", count: int | None = None) -> Path:
        """A packed report file of these record lines."""
        created = datetime(2025, 5, 1, 8, 0, 0)
        name = FileName(PROVIDER, created.date(), record_type, serial).text
        template = "10" if record_type in ("110", "310") else "  "
        header = FileHeader(record_type, PROVIDER, created, len(lines) if count is None else count, template=template)
        body = "".join(f"{line}\r\n" for line in [header.text, *lines])
        path = self.folder / f"{name}.enc"
        public = Path(self.centre.address["public_key"]).read_bytes()
        packaging.pack(name, [body.encode()], path, SUITE, public)
        return path

    async def _send(self, path: Path, replace: bool) -> None:
        async with self.connect() as connection, connection.start_sftp_client() as sftp:
            await sftp.put(str(path), f"/inbox/{path.name}.part")
            if replace:
                await sftp.posix_rename(f"/inbox/{path.name}.part", f"/inbox/{path.name}")
            else:
                await sftp.rename(f"/inbox/{path.name}.part", f"/inbox/{path.name}")

    def send(self, path: Path, replace: bool = False) -> None:
        asyncio.run(self._send(path, replace))

    async def _fetch(self, name: str) -> bytes | None:
        async with self.connect() as connection, connection.start_sftp_client() as sftp:
            if not await sftp.exists(f"/outbox/{name}"):
                return None
            async with sftp.open(f"/outbox/{name}", "rb") as file:
                return bytes(await file.read())

    def fetch(self, sent: Path, flag: str, seconds: float = 15) -> bytes:
        """The sealed feedback, waited for."""
        name = f"{sent.name[:29]}{flag}.enc"
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            content = asyncio.run(self._fetch(name))
            if content is not None:
                return content
            time.sleep(0.1)
        raise AssertionError(f"no feedback {name}: {os.listdir(self.centre.root / 'sftp' / 'outbox')}")

    def open(self, sealed: bytes, name: str) -> tuple[FeedbackFile, list[FeedbackItem | None]]:
        """The feedback file and its items; Invalid if it was garbled."""
        packed, plain = self.folder / f"{name}.enc", self.folder / f"{name}.txt"
        packed.write_bytes(sealed)
        with open(plain, "wb") as target:
            packaging.unpack_to(packed, target, SUITE, self.keys.private, prefix=name)
        feedback = read_feedback(plain, name)
        return feedback, [line.item for line in feedback]

    def feedback(self, sent: Path, flag: str) -> tuple[FeedbackFile, list[FeedbackItem | None]]:
        return self.open(self.fetch(sent, flag), f"{sent.name[:29]}{flag}")


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    keys = SUITE.generate_keys()
    (tmp_path / "lender.pem").write_bytes(keys.public)
    (tmp_path / "lender.private").write_bytes(keys.private)
    ssh_key = asyncssh.generate_private_key("ssh-ed25519")
    ssh_key.write_private_key(str(tmp_path / "id"))
    ssh_key.write_public_key(str(tmp_path / "id.pub"))
    running = Centre(tmp_path / "centre", tmp_path / "lender.pem", tmp_path / "id.pub")
    running.start()
    yield running
    running.kill()


@pytest.fixture
def lender(centre: Centre, tmp_path: Path) -> Lender:
    folder = tmp_path / "lender"
    folder.mkdir()
    keys = KeyPair((tmp_path / "lender.pem").read_bytes(), (tmp_path / "lender.private").read_bytes())
    return Lender(centre, keys, asyncssh.read_private_key(str(tmp_path / "id")), folder)


@pytest.fixture
def collection() -> Any:
    """Makes the line of a valid C1 account's first report."""

    def line(number: int = 1, **changes: str) -> str:
        items = {
            "RptDate": "2025-03-31",
            "AcctBal": "8000",
            "AcctType": "C1",
            "OpenDate": "2025-03-10",
        } | changes
        return (
            "<Document><InAcctInf><AcctBsSgmt><InfRecType>210</InfRecType>"
            f"<AcctType>{items['AcctType']}</AcctType><AcctCode>{PROVIDER}C{number:06}</AcctCode>"
            f"<RptDate>{items['RptDate']}</RptDate><RptDateCode>10</RptDateCode><Name>测试甲</Name><IDType>10</IDType>"
            "<IDNum>110000190101010001</IDNum><MngmtOrgCode>Z9900000000002</MngmtOrgCode></AcctBsSgmt>"
            "<AcctBsInfSgmt><BusiLines>5</BusiLines><BusiDtlLines>A1</BusiDtlLines>"
            f"<OpenDate>{items['OpenDate']}</OpenDate><Cy>CNY</Cy><LoanAmt>8000</LoanAmt></AcctBsInfSgmt>"
            "<OrigCreditorInfSgmt><InitCredName>某银行</InitCredName><InitCredOrgNm></InitCredOrgNm>"
            "<OrigDbtCate>1</OrigDbtCate><InitRpySts>1</InitRpySts></OrigCreditorInfSgmt>"
            f"<AcctDbtInfSgmt><AcctStatus>1</AcctStatus><AcctBal>{items['AcctBal']}</AcctBal><LatRpyAmt>0</LatRpyAmt>"
            "<LatRpyDate>2025-03-20</LatRpyDate><CloseDate></CloseDate></AcctDbtInfSgmt></InAcctInf></Document>"
        )

    return line

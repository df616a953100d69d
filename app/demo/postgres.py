"""A PostgreSQL of our own for tests and benchmarks, from Debian's programs, thrown away afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from app.core.errors import Unavailable
from app.core.text import Text

PROGRAMS: Final = Path("/usr/lib/postgresql/15/bin")
_NOT_DURABLE: Final = {"fsync": "off", "full_page_writes": "off"}


@dataclass(slots=True)
class PostgresServer:
    """A server that listens on this machine only, over a folder of its own; run as user postgres by root, whom it refuses."""

    folder: Path
    port: int
    options: dict[str, str]
    _process: subprocess.Popen[bytes] | None = None

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def command(self, statement: str) -> None:
        address = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Raises RuntimeError with the end of its log if it does not answer within 30 seconds."""
        options = {"unix_socket_directories": str(self.folder), **self.options}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - fixed words
                [*_postgres(self.folder), "-h", "127.0.0.1", "-p", str(self.port), *arguments],
                user=_account(),
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 30
        while not _accepts(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop, `at_once` as when the power fails: without a word to anybody, so that the next start has to recover."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


@contextmanager
def throw_away_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server of version 15 that is gone after the block.

    Without `durable` it does not wait for the disk. Raises Unavailable (`demo.postgres`) where Debian's programs are missing.
    """
    if not (PROGRAMS / "initdb").exists():
        raise Unavailable(
            "demo.postgres",
            Text("未安装 Debian 的 postgresql-15", "Debian's postgresql-15 is not installed"),
        )
    folder = Path(tempfile.mkdtemp(prefix="creditlink-postgres-"))
    if account := _account():
        shutil.chown(folder, account, account)
    given = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(  # noqa: S603 - fixed words
        [str(PROGRAMS / "initdb"), "-D", str(folder / "data"), *given],
        check=True,
        user=_account(),
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    server = PostgresServer(folder, _free_port(), {"max_connections": "200"} | ({} if durable else _NOT_DURABLE))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _postgres(folder: Path) -> list[str]:
    return [str(PROGRAMS / "postgres"), "-D", str(folder / "data")]


def _account() -> str | None:
    return "postgres" if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _accepts(port: int) -> bool:
    asked = [str(PROGRAMS / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
    return subprocess.run(asked, check=False).returncode == 0  # noqa: S603 - fixed words

"""A PostgreSQL of our own for tests and benchmarks, from Debian's programs, thrown away afterwards."""

from __future__ import annotations

import os
import shutil
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


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server that listens on this machine only."""

    port: int

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def command(self, statement: str) -> None:
        address = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def throw_away_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server of version 15 that is gone after the block; run as user postgres by root, whom it refuses.

    Without `durable` it does not wait for the disk. Raises Unavailable (`demo.postgres`) where Debian's programs are missing.
    """
    if not (PROGRAMS / "initdb").exists():
        raise Unavailable(
            "demo.postgres",
            Text("未安装 Debian 的 postgresql-15", "Debian's postgresql-15 is not installed"),
        )
    folder = Path(tempfile.mkdtemp(prefix="creditlink-postgres-"))
    account = "postgres" if os.geteuid() == 0 else None
    if account:
        shutil.chown(folder, account, account)
    data = folder / "data"
    given = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(  # noqa: S603 - fixed words
        [str(PROGRAMS / "initdb"), "-D", str(data), *given],
        check=True,
        user=account,
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    port = _free_port()
    options = {"max_connections": "200", "unix_socket_directories": str(folder)} | ({} if durable else _NOT_DURABLE)
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(  # noqa: S603 - fixed words
            [str(PROGRAMS / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), *arguments],
            user=account,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 30
        while not _accepts(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)
        yield PostgresServer(port)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _accepts(port: int) -> bool:
    asked = [str(PROGRAMS / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
    return subprocess.run(asked, check=False).returncode == 0  # noqa: S603 - fixed words

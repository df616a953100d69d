"""Shared fixtures: settings in a temporary folder, a named actor, and a fresh migrated database of each kind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from app.core.actor import Actor, acting
from app.core.config import Settings, override
from app.core.db import Database
from app.core.db import database as current_database
from app.core.schema import migrate

POSTGRES_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
PROVIDER = "A1111111111111"


@dataclass(frozen=True)
class PostgresServer:
    """A throw-away PostgreSQL 15 that listens on this machine only."""

    port: int

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def command(self, statement: str) -> None:
        address = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(name: str) -> str:
    path = POSTGRES_PROGRAMS / name
    if not path.exists():
        pytest.fail(f"{path} is missing: install Debian's postgresql-15", pytrace=False)
    return str(path)


def _accepts(port: int) -> bool:
    done = subprocess.run(
        [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres"], check=False
    )
    return done.returncode == 0


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Started once a session, as user postgres where the tests run as root, since it refuses root."""
    folder = Path(tempfile.mkdtemp(prefix="creditlink-postgres-"))
    account = "postgres" if os.geteuid() == 0 else None
    if account:
        shutil.chown(folder, account, account)
    data = folder / "data"
    setup = [_program("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    subprocess.run([*setup, "--no-sync"], check=True, user=account, stdout=subprocess.DEVNULL, cwd=folder)
    port = _free_port()
    options = {
        "fsync": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "unix_socket_directories": str(folder),
    }
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(
            [_program("postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), *arguments],
            user=account,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 30
        while not _accepts(port):
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}", pytrace=False)
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


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    """The name of a migrated, empty PostgreSQL database to copy from."""
    name = "template_of_tests"
    postgres_server.command(f"CREATE DATABASE {name}")
    pattern = Database(postgres_server.url(name))
    migrate(pattern)
    pattern.dispose()
    return name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy from."""
    path = tmp_path_factory.mktemp("sqlite") / "pattern.sqlite"
    pattern = Database(f"sqlite:///{path}")
    migrate(pattern)
    with pattern.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    pattern.dispose()
    return path


@pytest.fixture(autouse=True)
def settings_in_force(tmp_path: Path) -> Iterator[Settings]:
    """Every test has settings and data of its own and sees nothing of the machine's."""
    with override(Settings(data_dir=tmp_path / "data", provider_code=PROVIDER)) as chosen:
        yield chosen


@pytest.fixture(autouse=True)
def actor() -> Iterator[Actor]:
    """Every test acts as somebody."""
    with acting(Actor("tester", "测试员", "person")) as somebody:
        yield somebody


@pytest.fixture
def sqlite_database(tmp_path: Path, migrated_sqlite: Path, settings_in_force: Settings) -> Iterator[Database]:
    """A fresh migrated SQLite database, in force for the test."""
    path = tmp_path / "data" / "creditlink.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(migrated_sqlite, path)
    with override(database_url=f"sqlite:///{path}"):
        yield current_database()
        current_database().dispose()


@pytest.fixture
def postgres_database(
    postgres_server: PostgresServer, migrated_postgres: str, settings_in_force: Settings
) -> Iterator[Database]:
    """A fresh migrated PostgreSQL database, in force for the test."""
    name = f"test_{uuid.uuid4().hex}"
    postgres_server.command(f"CREATE DATABASE {name} TEMPLATE {migrated_postgres}")
    with override(database_url=postgres_server.url(name)):
        yield current_database()
        current_database().dispose()
    postgres_server.command(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh migrated database of each kind in turn: the same test on both."""
    wanted = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    found: Database = request.getfixturevalue(wanted)
    return found

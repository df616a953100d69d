"""Shared fixtures: settings in a temporary folder, a named actor, and a fresh migrated database of each kind."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from jinja2 import FileSystemBytecodeCache

from app.core.actor import Actor, acting
from app.core.config import Settings, override
from app.core.db import Database
from app.core.db import database as current_database
from app.core.schema import migrate
from app.demo.postgres import PostgresServer, throw_away_postgres
from app.web.console import Console

PROVIDER = "A1111111111111"

# A merge is judged by the same examples every time; `make prove` looks for new ones.
hypothesis_settings.register_profile("merge", derandomize=True, deadline=None)
hypothesis_settings.register_profile("prove", deadline=None, print_blob=True)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "merge"))


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """Every console of the run, and there are hundreds, finds the templates that another has compiled."""
    own = tmp_path_factory.getbasetemp()
    shared = (own if worker_id == "master" else own.parent) / "templates"
    shared.mkdir(exist_ok=True)
    Console.jinja_options = {**Console.jinja_options, "bytecode_cache": FileSystemBytecodeCache(str(shared))}


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[Callable[[Path], None]], Path]:
    """`made_once(build)`: the folder that `build` fills, by the first who asks, for all processes of the test run.

    Whoever changes what lies there works on a copy.
    """
    own = tmp_path_factory.getbasetemp()
    shared = (own if worker_id == "master" else own.parent) / "made_once"

    def folder(build: Callable[[Path], None]) -> Path:
        place = shared / f"{build.__module__}.{build.__name__}"
        place.mkdir(parents=True, exist_ok=True)
        with open(place / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (place / "done").exists():
                build(place / "made")
                (place / "done").touch()
        return place / "made"

    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Started once a session; a machine without PostgreSQL's programs fails the tests instead of skipping them."""
    with throw_away_postgres() as server:
        yield server


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, lest one worker end the day alone with them; within a file the order stays."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)

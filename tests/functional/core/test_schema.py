"""Migrations go up and down, agree with the models, and may be run by several processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, Table, inspect

from app.core.config import settings
from app.core.db import Base, Database
from app.core.errors import Invalid, Unavailable
from app.core.schema import (
    current_revision,
    differences,
    load_models,
    migrate,
    new_revision,
    newest_revision,
    require_current,
)

ROOT = Path(__file__).parents[3]


def test_the_database_goes_all_the_way_down_and_up_again(database: Database) -> None:
    require_current()
    migrate(revision="base")
    assert current_revision() is None
    assert set(inspect(database.engine).get_table_names()) == {"alembic_version"}
    with pytest.raises(Unavailable) as caught:
        require_current()
    assert caught.value.code == "core.schema"
    migrate()
    assert current_revision() == newest_revision()


def test_the_ground_floor_s_tables_agree_with_the_migrations(database: Database) -> None:
    load_models()
    own = {name for name, table in Base.metadata.tables.items() if _is_own(table)}
    assert {"task", "job_run", "lease", "outbox_event", "inbox_delivery", "scheduled_job"} <= own
    assert [
        each for each in differences() if any(f"'{name}'" in each and "remove_table" not in each for name in own)
    ] == []


def _is_own(table: Table) -> bool:
    owners = [mapper.class_.__module__ for mapper in Base.registry.mappers if mapper.local_table is table]
    return table.name == "scheduled_job" or any(module.startswith("app.core.") for module in owners)


def test_a_model_without_a_migration_is_noticed(database: Database) -> None:
    table = Table("forgotten", Base.metadata, Column("id", Integer, primary_key=True))
    try:
        assert any("forgotten" in each for each in differences())
    finally:
        Base.metadata.remove(table)
    assert not any("forgotten" in each for each in differences())


def test_processes_that_migrate_at_once_do_not_disturb_each_other(database: Database) -> None:
    migrate(revision="base")
    database.dispose()
    environment = {**os.environ, "CREDITLINK_DATABASE_URL": settings().database_url}
    command = [sys.executable, "-c", "from app.core.schema import migrate; migrate()"]
    processes = [subprocess.Popen(command, env=environment, cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert current_revision() == newest_revision()


def test_the_message_of_a_migration_names_its_room(sqlite_database: Database) -> None:
    with pytest.raises(Invalid):
        new_revision("tables")


def test_the_history_is_one_line() -> None:
    assert newest_revision() is not None
    numbers = sorted(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("*.py"))
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]

"""A small bank that the tests of this folder share, built once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from app.simulator.bank import World
from app.simulator.bank.identity import identity_macros
from app.simulator.bank.schedule import SCHEDULE_MACROS

START = dt.date(2026, 10, 27)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    built = World(tmp_path_factory.mktemp("bank"), persons=300, companies=60, seed=7, start=START)
    built.build()
    return built


@pytest.fixture(scope="session")
def delivery(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three deliveries of the first day, without defects."""
    folder = tmp_path_factory.mktemp("first")
    world.export(START, folder)
    return folder


@pytest.fixture(scope="session")
def bank(world: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """The world's own tables with all macros."""
    with duckdb.connect(str(world.database), read_only=True) as connection:
        for statement in (*identity_macros(world.seed), *SCHEDULE_MACROS):
            connection.execute(statement.replace("REPLACE MACRO", "REPLACE TEMP MACRO"))
        connection.execute(f"CREATE OR REPLACE TEMP MACRO first_day() AS DATE '{START}'")
        yield connection

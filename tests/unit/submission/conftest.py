"""A real lake of a test's own, with the tables of submission."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.lake.connection import Connection, Lake, LakeConfig
from app.lake.tables import Table, ensure_tables
from app.submission.tables import all_tables


@pytest.fixture(scope="module")
def _module_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("lake")
    config = LakeConfig(
        catalogue=f"sqlite:{folder / 'catalogue.sqlite'}",
        data_path=str(folder / "files"),
        temporary=folder / "spill",
        threads=2,
        memory_limit="500MB",
    )
    lake = Lake(config)
    ensure_tables(lake, all_tables())
    yield lake
    lake.close()


@pytest.fixture
def lake(_module_lake: Lake) -> Lake:
    """A lake with every table of submission, all empty."""

    def clear(connection: Connection) -> None:
        for table in all_tables():
            connection.execute(f"DELETE FROM {table.path}")

    _module_lake.write(clear)
    return _module_lake


def put(lake: Lake, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, each with the columns that it names."""

    def work(connection: Connection) -> None:
        for row in rows:
            values = ", ".join(f"{sql(value)} AS \"{name}\"" for name, value in row.items())
            connection.execute(f"INSERT INTO {table.path} BY NAME SELECT {values}")

    lake.write(work)


def sql(value: Any) -> str:
    """A value as a literal; dictionaries are STRUCTs, lists are LISTs."""
    if value is None:
        return "NULL"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{name}': {sql(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(sql, value)) + "]"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("'", "''")
    return f"'{text}'"

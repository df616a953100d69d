"""Lakes with the tables of submission, and a desk that derives records from what is put into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.lake.connection import Connection, Lake, LakeConfig
from app.lake.rendering import line_expression
from app.lake.tables import Table, ensure_tables, replace_rows
from app.standard.files import parse_record, render_record
from app.submission.at_hand import AtHand
from app.submission.derive import DERIVATIONS, Scope
from app.submission.derive.reasons import reasons_select
from app.submission.rulings import condition_sql
from app.submission.slots import fill_slots, stored_tables
from app.submission.tables import (
    FILE_LINE,
    accepted_table,
    all_tables,
    record_columns,
    record_table,
    record_type,
    standard_tables,
)


class MemoryLake(Lake):
    """The same engine and the same statements over tables in memory; files and snapshots are proven in tests/unit/lake."""

    def _attach(self) -> None:
        self._root.execute("ATTACH ':memory:' AS lake")

    def tables(self, connection: Connection) -> set[tuple[str, str]]:
        found = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake'"
        return set(connection.execute(found).fetchall())

    def note_empty_tables(self) -> None:
        """There is no catalogue to note it in."""


def _config(folder: Path) -> LakeConfig:
    return LakeConfig(
        catalogue=f"sqlite:{folder / 'catalogue.sqlite'}",
        data_path=str(folder / "files"),
        temporary=folder / "spill",
        threads=2,
        memory_limit="500MB",
    )


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake of files, shared by the tests of a module."""
    found = Lake(_config(tmp_path_factory.mktemp("lake")))
    yield found
    found.close()


@pytest.fixture(scope="session")
def _memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    found = MemoryLake(_config(tmp_path_factory.mktemp("memory")))
    ensure_tables(found, stored_tables())
    yield found
    found.close()


@pytest.fixture
def memory(_memory: Lake) -> Lake:
    """Every table of submission, empty, in memory."""

    def clear(connection: Connection) -> None:
        for table in filled(connection, all_tables()):
            connection.execute(f"TRUNCATE {table.path}")

    _memory.write(clear)
    return _memory


def filled(connection: Connection, tables: Iterable[Table]) -> list[Table]:
    """Those that have rows: most are empty in most tests."""
    query = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake' AND estimated_size > 0"
    found = set(connection.execute(query).fetchall())
    return [table for table in tables if (table.layer, table.name) in found]


def put(lake: Lake, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, each with the columns that it names."""

    def work(connection: Connection) -> None:
        for row in rows:
            values = ", ".join(f'{sql(value)} AS "{name}"' for name, value in row.items())
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


PROVIDER = "A1111111111111"


def _named(file: str) -> str:
    """A file name begins with the section code of who sends it."""
    return file if file.startswith(PROVIDER) else f"{PROVIDER}{file}"


class Desk:
    """Puts rows into the standard layer, derives records from them and has them accepted."""

    provider = PROVIDER

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._rows = 0

    def put(self, entity: str, day: date, items: Mapping[str, str | None]) -> None:
        self._rows += 1
        origin = {"_source": "test", "_load": "L1", "_row": f"{entity}:{self._rows}", "business_date": day.isoformat()}
        origin["_provider"] = PROVIDER
        put(self.lake, standard_tables()[entity], [{**items, **origin}])

    def clear_day(self, day: date) -> None:
        def clear(connection: Connection) -> None:
            for table in filled(connection, standard_tables().values()):
                connection.execute(f"DELETE FROM {table.path} WHERE business_date = ?", [day])

        self.lake.write(clear)

    def derive(
        self, code: str, day: date, *, unanswered: tuple[str, ...] = (), bucket: int = 0, buckets: int = 1
    ) -> list[dict[str, Any]]:
        """The facts of the records due; every one is also written as a line and read back."""
        if buckets > 1:
            fill_slots(self.lake, PROVIDER, day, standard_tables())
        scope = Scope("B1", day, PROVIDER, bucket, buckets, unanswered, condition_sql)
        table = record_table(code)
        self.lake.write(lambda connection: replace_rows(connection, table, "batch = 'B1'", DERIVATIONS[code](scope)))
        known = f"SELECT record_id, content, bucket FROM {table.path} WHERE batch = 'B1' ORDER BY ALL"
        assert self._from_memory(code, scope) == self.lake.rows(known)
        record = record_type(code)
        letters = ", ".join(f'"{name}"' for name in record_columns(code))
        facts = [as_fact(row) for row in self.lake.records(f"SELECT {letters} FROM {table.path} ORDER BY key")]
        lines = self.lake.rows(f"SELECT {line_expression(record)} FROM {table.path} ORDER BY key")
        for fact, (line,) in zip(facts, lines, strict=True):
            assert line.endswith("\r\n")
            assert parse_record(line[:-2], record) == (fact, ())
            assert render_record(record, fact) == line[:-2]
        return facts

    def _from_memory(self, code: str, scope: Scope) -> list[tuple[Any, ...]]:
        """As what is derived together with other types: from rows that have been taken out of the lake."""
        with self.lake.read() as connection:
            select = DERIVATIONS[code](replace(scope, rows=AtHand(connection)))
            return connection.execute(f"SELECT record_id, content, bucket FROM ({select}) ORDER BY ALL").fetchall()

    def reasons(
        self, code: str, day: date, *, unanswered: tuple[str, ...] = (), only: str = ""
    ) -> list[tuple[Any, ...]]:
        """Key, reason and what has changed, of every subject of the day."""
        scope = Scope("B1", day, PROVIDER, 0, 1, unanswered, condition_sql, only=only)
        return self.lake.rows(f"SELECT key, reason, changed FROM ({reasons_select(code, [scope])}) ORDER BY key")

    def rows(self, code: str, columns: str) -> list[dict[str, Any]]:
        return self.lake.records(f"SELECT {columns} FROM {record_table(code).path} WHERE batch = 'B1' ORDER BY key")

    def accept(self, code: str, file: str = f"{PROVIDER}F1") -> None:
        """The centre takes every record derived last."""
        shared = [name for name in accepted_table(code).columns if name in record_table(code).columns]
        columns = ", ".join(f'"{name}"' for name in shared)
        select = (
            f"SELECT {columns}, '{_named(file)}' AS file, business_date AS accepted_on FROM {record_table(code).path}"
        )
        self.lake.write(
            lambda connection: connection.execute(f"INSERT INTO {accepted_table(code).path} BY NAME {select}")
        )

    def travel(self, code: str, file: str) -> None:
        """Every record derived last is on its way in a file."""
        select = (
            f"SELECT '{file}' AS file, '{code}' AS record_type, record_id, key, batch FROM {record_table(code).path}"
        )
        self.lake.write(lambda connection: connection.execute(f"INSERT INTO {FILE_LINE.path} BY NAME {select}"))


def as_fact(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's segments, or its items if it has none, as a record fact: what is absent has no key, a group without occurrences
    neither."""
    found = {name: _present(each) if isinstance(each, Mapping) else each for name, each in row.items()}
    return {name: each for name, each in found.items() if each is not None}


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag, value in values.items():
        if isinstance(value, list):
            if value:
                found[tag] = [_present(each) for each in value]
        elif value is not None:
            found[tag] = value
    return found


@pytest.fixture
def desk(memory: Lake) -> Desk:
    """A lake with nothing in it, and the means to derive from it."""
    return Desk(memory)

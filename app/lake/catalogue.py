"""What the lake's catalogue holds beside what DuckLake puts there by itself: less.

The catalogue is not encrypted, and DuckLake writes into it the least and the greatest value of every column of every file. It
keeps only those that tell nothing of anybody and by which whole files are passed over: whose rows, of which day and batch. What
is not there is no obstacle, since a file without bounds is read.

It is fast only while it is small: a catalogue in SQLite is read whole for every table of a statement, its schema too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import duckdb

METADATA: Final = "__ducklake_metadata_lake"
"""Under this name DuckLake has attached the catalogue of the lake."""

BOUNDED: Final = (
    "_provider",
    "_source",
    "accepted_on",
    "batch",
    "bucket",
    "business_date",
    "check_id",
    "file",
    "provider",
    "received_on",
    "record_type",
)
"""The columns whose bounds are kept; none of them is anybody's."""

_BOUNDED_SQL = ", ".join(f"'{name}'" for name in BOUNDED)
_KEPT = f"""EXISTS (SELECT 1 FROM ducklake_column c WHERE c.table_id = NEW.table_id AND c.column_id = NEW.column_id
    AND c.parent_column IS NULL AND c.column_name IN ({_BOUNDED_SQL}))"""

_INDEXES: Final = tuple(
    f"CREATE INDEX IF NOT EXISTS by_{table.removeprefix('ducklake_')} ON {table} ({columns})"
    for table, columns in (
        ("ducklake_column", "table_id, column_id"),
        ("ducklake_table_column_stats", "table_id, column_id"),
        ("ducklake_table_stats", "table_id"),
        ("ducklake_file_column_stats", "table_id, column_id"),
        ("ducklake_data_file", "table_id"),
        ("ducklake_delete_file", "table_id"),
    )
)
"""DuckLake makes none, and looks its tables through for every column that a transaction has changed."""

_SQLITE: Final = (
    f"""CREATE TRIGGER IF NOT EXISTS bounds_of_files BEFORE INSERT ON ducklake_file_column_stats
        WHEN NOT {_KEPT} BEGIN SELECT RAISE(IGNORE); END""",
    *(
        f"""CREATE TRIGGER IF NOT EXISTS bounds_of_tables_{act.lower()} AFTER {act} ON ducklake_table_column_stats
        WHEN (NEW.min_value IS NOT NULL OR NEW.max_value IS NOT NULL) AND NOT {_KEPT}
        BEGIN UPDATE ducklake_table_column_stats SET min_value = NULL, max_value = NULL
            WHERE table_id = NEW.table_id AND column_id = NEW.column_id; END"""
        for act in ("INSERT", "UPDATE")
    ),
)

_POSTGRES: Final = (
    f"""CREATE OR REPLACE FUNCTION ducklake_bounds() RETURNS trigger LANGUAGE plpgsql AS $bounds$ BEGIN
        IF {_KEPT} THEN RETURN NEW; END IF;
        IF TG_TABLE_NAME = 'ducklake_file_column_stats' THEN RETURN NULL; END IF;
        NEW.min_value := NULL; NEW.max_value := NULL; RETURN NEW; END $bounds$""",
    *(
        f"""CREATE OR REPLACE TRIGGER bounds BEFORE INSERT OR UPDATE ON {table}
        FOR EACH ROW EXECUTE FUNCTION ducklake_bounds()"""
        for table in ("ducklake_file_column_stats", "ducklake_table_column_stats")
    ),
)

_PAST: Final = (
    f"""DELETE FROM ducklake_file_column_stats WHERE NOT {_KEPT.replace("NEW.", "ducklake_file_column_stats.")}""",
    f"""UPDATE ducklake_table_column_stats SET min_value = NULL, max_value = NULL
        WHERE (min_value IS NOT NULL OR max_value IS NOT NULL)
        AND NOT {_KEPT.replace("NEW.", "ducklake_table_column_stats.")}""",
)
"""What takes bounds out that an earlier release has left."""

_UNKNOWN: Final = f"""SELECT t.table_id FROM {METADATA}.ducklake_table t WHERE t.end_snapshot IS NULL
    AND t.table_id NOT IN (SELECT table_id FROM {METADATA}.ducklake_table_stats)"""


def keep_bounds_out(connection: duckdb.DuckDBPyConnection, file: Path | None) -> None:
    """Have the catalogue take no other bounds than those of `BOUNDED`; `file` where it is in SQLite. Safe to repeat."""
    if file is None:
        for statement in _postgres_statements(connection):
            connection.execute(f"CALL postgres_execute('{METADATA}', $statement$ {statement} $statement$)")
        return
    with closing(sqlite3.connect(file, timeout=30)) as catalogue:
        known = catalogue.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'bounds_of_%'"
        )
        if known.fetchone() != (len(_SQLITE),):
            with catalogue:
                for statement in (*_INDEXES, *_SQLITE, *_PAST):
                    catalogue.execute(statement)
            catalogue.execute("VACUUM")


def _postgres_statements(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    asked = f"SELECT * FROM postgres_query('{METADATA}', $$ SELECT 1 FROM pg_trigger WHERE tgname = 'bounds' $$)"
    if len(connection.execute(asked).fetchall()) < len(_POSTGRES) - 1:
        yield from (*_INDEXES, *_POSTGRES, *_PAST)


def note_empty_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    """Write down that the tables of which nothing is known have no rows; whether there were any such.

    DuckLake remembers a table's statistics within a statement, but not that there are none: it would ask the catalogue again
    for every column read, a fifth of a second for a record table. Belongs into a transaction of its own.
    """
    if not connection.execute(f"{_UNKNOWN} LIMIT 1").fetchall():
        return False
    connection.execute(
        f"""INSERT INTO {METADATA}.ducklake_table_column_stats (table_id, column_id, contains_null)
            SELECT c.table_id, c.column_id, TRUE FROM {METADATA}.ducklake_column c
            WHERE c.end_snapshot IS NULL AND c.table_id IN ({_UNKNOWN})"""
    )
    connection.execute(
        f"""INSERT INTO {METADATA}.ducklake_table_stats (table_id, record_count, next_row_id, file_size_bytes)
            SELECT table_id, 0, 0, 0 FROM ({_UNKNOWN})"""
    )
    return True


_TABLES: Final = f"""SELECT s.schema_name, t.table_name FROM {METADATA}.ducklake_table t
    JOIN {METADATA}.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL WHERE t.end_snapshot IS NULL"""


def tables(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Layer and name of every table. The engine's own list of tables would look up the size of each."""
    return set(connection.execute(_TABLES).fetchall())


def tables_without(connection: duckdb.DuckDBPyConnection, column: str) -> set[tuple[str, str]]:
    """Layer and name of every table that has no column of this name."""
    having = f"""EXISTS (SELECT 1 FROM {METADATA}.ducklake_column c WHERE c.table_id = t.table_id
        AND c.end_snapshot IS NULL AND c.parent_column IS NULL AND c.column_name = ?)"""
    return set(connection.execute(f"{_TABLES} AND NOT {having}", [column]).fetchall())

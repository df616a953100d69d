"""Lake tables declared once by their owners and made on first use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.lake.connection import Connection, Lake

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Table:
    """A lake table: `layer.name` and its columns with DuckDB types.

    None is partitioned: rows come a day or a batch at a time, so every file has one of either already, and the least and the
    greatest value that the catalogue keeps of each file let a reader of one day leave out the others.
    """

    layer: str
    name: str
    columns: Mapping[str, str]

    @property
    def path(self) -> str:
        return f'lake."{self.layer}"."{self.name}"'

    @property
    def column_list(self) -> str:
        return ", ".join(f'"{name}"' for name in self.columns)

    @property
    def definition(self) -> str:
        """The columns with their types, as a CREATE TABLE lists them."""
        return ", ".join(f'"{name}" {kind}' for name, kind in self.columns.items())


def ensure_tables(lake: Lake, wanted: Sequence[Table]) -> None:
    """Make the layers and tables that are not there yet; those that are there stay as they are."""

    def missing(connection: Connection) -> list[Table]:
        known = lake.tables(connection)
        return [table for table in wanted if (table.layer, table.name) not in known]

    def create(connection: Connection) -> None:
        for table in missing(connection):
            _create(connection, table)

    with lake.read() as connection:
        found = missing(connection)
    if found:
        lake.write(create)
        lake.note_empty_tables()


def _create(connection: Connection, table: Table) -> None:
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS lake."{table.layer}"')
    connection.execute(f"CREATE TABLE {table.path} ({table.definition})")


def replace_rows(connection: Connection, table: Table, where: str, select: str, *, again: bool = True) -> int:
    """Put the rows of `select` in the place of those that `where` names; the number of rows put.

    The unit of restart: run twice, it leaves the same rows as run once. Where it is known that this is not done `again`,
    looking for rows to take away is spared; it takes as long as putting some ten thousand.
    """
    if again:
        connection.execute(f"DELETE FROM {table.path} WHERE {where}")
    result = connection.execute(f"INSERT INTO {table.path} BY NAME {select}").fetchone()
    return int(result[0]) if result else 0


def put_rows(connection: Connection, table: Table, where: str, rows: pa.Table, *, again: bool = True) -> int:
    """As `replace_rows`, with rows that are in memory already."""
    connection.register("rows_put", rows)
    try:
        return replace_rows(connection, table, where, "SELECT * FROM rows_put", again=again)
    finally:
        connection.unregister("rows_put")

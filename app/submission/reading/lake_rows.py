"""One page of rows of the lake, in the order and size that a listing asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from app.core.entities import sight
from app.submission.lake import lake
from app.submission.tables import of_provider
from app.web.listing import ListQuery, Page

Row = dict[str, Any]

_CHUNK: Final = 2_000
EXPORT_MOST: Final = 200_000
"""Rows that one export gives at most."""


def lake_page(
    query: ListQuery,
    select: str,
    parameters: Sequence[Any],
    sorts: Mapping[str, str],
    tie: str,
    total: int | None = None,
) -> Page[Row]:
    """The rows of one page of `select`. `sorts` maps columns to SQL; `tie` makes the order total; `total`, if it is known,
    saves a count."""
    known = lake()
    if total is None:
        total = int(known.value(f"SELECT count(*) FROM ({select})", list(parameters)) or 0)
    rows: list[Row] = []
    if total > query.offset:
        statement = f"SELECT * FROM ({select}) {ordering(query, sorts, tie)} LIMIT {query.size} OFFSET {query.offset}"
        rows = known.records(statement, list(parameters))
    return Page(query, tuple(rows), total)


def ordering(query: ListQuery, sorts: Mapping[str, str], tie: str) -> str:
    """ORDER BY of a listing's wish."""
    direction = "DESC" if query.descending else "ASC"
    return f"ORDER BY {sorts[query.sort]} {direction} NULLS LAST, {tie}"


def lake_stream(select: str, parameters: Sequence[Any]) -> Iterator[Row]:
    """The rows of `select` for an export, in chunks, at most `EXPORT_MOST`."""
    with lake().read() as cursor:
        result = cursor.execute(f"SELECT * FROM ({select}) LIMIT {EXPORT_MOST}", list(parameters))
        names = [column[0] for column in result.description]
        while chunk := result.fetchmany(_CHUNK):
            for row in chunk:
                yield dict(zip(names, row, strict=True))


def seen(column: str) -> str:
    """A condition on `batch` or `file`: the row belongs to a legal entity whose rows may be seen here."""
    mine = sight()
    if mine is None:
        return "TRUE"
    return f"({' OR '.join(of_provider(column, each) for each in sorted(mine)) or 'FALSE'})"


def places(values: Sequence[Any]) -> str:
    """Bound places for a list of values: `?, ?, ?`; NULL where there are none, so that nothing matches."""
    return ", ".join("?" * len(values)) or "NULL"

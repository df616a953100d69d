"""Rows as the source systems delivered them, and as standard entities: the far end of every lineage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.core.errors import NotFound
from app.core.masking import Kind, mask
from app.core.text import Text
from app.submission.content import mappings
from app.submission.lake import lake
from app.submission.mapping import SourceMapping
from app.submission.reading.findings import Selection
from app.submission.reading.personal import entity_subject, personal_kind, source_kind
from app.submission.reading.records import Origin
from app.submission.sources.landing import landing_name
from app.submission.tables import MAIN_ENTITY, SUPPLEMENT, SUPPLEMENTED, standard_tables


@dataclass(frozen=True, slots=True)
class SourceCell:
    """One column of a source row, and the items that the mapping makes of it."""

    column: str
    value: str | None
    kind: Kind | None
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source row of a record's lineage; `cells` is empty when the row is not in the lake any more."""

    origin: Origin
    title: Text
    table: str
    key: str
    cells: tuple[SourceCell, ...]


def source_rows(origins: Sequence[Origin], day: date, provider: str) -> tuple[SourceRow, ...]:
    """The rows behind a record of a legal entity, one query for each of them (a record has few).

    Where a supplement was laid over a source's row, it comes first, and that row after it, as it was delivered.
    """
    return tuple(row for origin in origins for row in _rows_of(origin, day, provider))


def _rows_of(origin: Origin, day: date, provider: str) -> Iterator[SourceRow]:
    if origin.source != SUPPLEMENTED:
        yield _source_row(origin, day, provider)
        return
    yield _supplement(origin, day)
    if "|" in origin.row:
        source, load, row = origin.row.split("|", 2)
        yield _source_row(Origin(origin.entity, source, load, row), day, provider)


def _supplement(origin: Origin, day: date) -> SourceRow:
    """What was supplemented, as it was laid over on that day; its number stands where a source names its load."""
    found = lake().rows(
        f"SELECT items FROM {SUPPLEMENT.path} WHERE business_date = ? AND supplement = ? LIMIT 1", [day, origin.load]
    )
    subject = entity_subject(origin.entity)
    cells = tuple(
        SourceCell(tag, value, personal_kind(tag, subject), (tag,))
        for tag, value in (json.loads(found[0][0]) if found else {}).items()
    )
    return SourceRow(origin, Text("补录", "Supplement"), origin.entity, origin.load, cells)


def _source_row(origin: Origin, day: date, provider: str) -> SourceRow:
    table, _, key = origin.row.partition(":")
    mapping = mappings().get(origin.source)
    if mapping is None or table not in mapping.tables:
        return SourceRow(origin, Text(origin.source, origin.source), table, key, ())
    rows = lake().records(
        f"SELECT * FROM {landing_name(mapping.source, table)}"
        " WHERE business_date = ? AND _provider = ? AND _row = ? LIMIT 1",
        [day, provider, key],
    )
    made = _items_of(mapping, table)
    cells = tuple(
        SourceCell(name, value, _kind(mapping, table, name, value), made.get(name, ()))
        for name, value in (rows[0] if rows else {}).items()
        if name not in _OURS
    )
    return SourceRow(origin, mapping.title, table, key, cells)


def _kind(mapping: SourceMapping, table: str, column: str, value: str | None) -> Kind | None:
    """As the column's, but a few characters under a column that no mapping reads cannot name anybody."""
    kind = source_kind(mapping, table, column)
    return None if value is not None and len(value) <= _HARMLESS and kind == "account" else kind


_HARMLESS: Final = 4


def _items_of(mapping: SourceMapping, table: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for target in mapping.targets:
        for item, column in target.columns.items():
            for source in column.source:
                place, dot, name = source.rpartition(".")
                if (place if dot else target.table) == table and item not in found.setdefault(name, []):
                    found[name].append(item)
    return {name: tuple(items) for name, items in found.items()}


@dataclass(frozen=True, slots=True)
class TableView:
    """A table of the lake as a list shows it: its columns, how each is masked, and the SELECT of its rows."""

    title: Text
    columns: tuple[str, ...]
    kinds: Mapping[str, Kind | None]
    selection: Selection

    def cells(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """The values of a row, personal ones masked."""
        shown = []
        for name in self.columns:
            value, kind = row.get(name), self.kinds.get(name)
            text = "" if value is None else str(value)
            shown.append(mask(kind, text) if kind else text)
        return tuple(shown)


def landing_view(source: str, table: str, day: date, provider: str) -> TableView:
    """A source table as a legal entity's was delivered for a day. Raises NotFound."""
    mapping = mappings().get(source)
    if mapping is None or table not in mapping.tables or not _landed(source, table):
        raise NotFound("submission.landing", Text("没有这张来源表", "There is no such source table"))
    path = landing_name(source, table)
    columns = tuple(name for name in _columns(path) if name not in _OURS)
    kinds = {name: source_kind(mapping, table, name) for name in columns}
    title = Text(f"{mapping.title.zh} · {table}", f"{mapping.title.en} · {table}")
    return TableView(title, columns, kinds, _of_day(path, day, provider))


_OURS: Final = ("_load", "_row", "business_date", "_provider")
"""Columns of landing that no source has delivered."""


def _of_day(path: str, day: date, provider: str) -> Selection:
    return Selection(f"SELECT * FROM {path} WHERE business_date = ? AND _provider = ?", (day, provider))


def _landed(source: str, table: str) -> bool:
    known = lake()
    with known.read() as connection:
        return ("landing", f"{source}__{table}") in known.tables(connection)


def _columns(path: str) -> tuple[str, ...]:
    return tuple(row[0] for row in lake().rows(f"DESCRIBE {path}"))


def entity_view(entity: str, day: date, provider: str) -> TableView:
    """A legal entity's rows of a day of a standard entity. Raises NotFound."""
    table = standard_tables().get(entity)
    if table is None:
        raise NotFound("submission.entity", Text("没有这种实体", "There is no such entity"))
    columns = tuple(name for name in table.columns if name not in ("business_date", "_provider"))
    subject = entity_subject(entity)
    kinds: dict[str, Kind | None] = {name: personal_kind(name, subject) for name in columns}
    if subject == "person":
        kinds["_row"] = "account"
    title = Text(f"标准实体 {entity}", f"standard entity {entity}")
    return TableView(title, columns, kinds, _of_day(table.path, day, provider))


def main_tables(code: str) -> tuple[tuple[str, str], ...]:
    """The source tables whose rows count as landed for a record type: (source, table)."""
    entity = MAIN_ENTITY[code]
    return tuple(
        dict.fromkeys(
            (name, target.table)
            for name, mapping in mappings().items()
            for target in mapping.targets
            if target.entity == entity
        )
    )

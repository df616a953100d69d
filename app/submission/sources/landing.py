"""Bringing a delivery into the landing layer, as it is: every column text, every row with its key, all tables or none.

Held against its control file and against the load before, in the same transaction: what does not fit leaves no trace, and what an
earlier day left stays as it was.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from app.core.errors import Invalid
from app.core.text import Text
from app.lake.connection import Connection, EngineError, Lake, is_ours
from app.submission.mapping import SourceMapping, SourceTable, needed_columns
from app.submission.sources.changes import Day, apply_changes
from app.submission.sources.control import Control, Figure, read_control, refuse_short, written
from app.submission.sources.drift import Drift, compare, shape_of
from app.submission.sources.forms import FORMS
from app.submission.sources.forms.form import check_header, damaged, quoted
from app.submission.sources.places.place import missing
from app.submission.tables import of_day

_FEW: Final = 20
"""Below so many rows a table may fall to nothing without anybody having lost anything."""
_FIRST_ROWS: Final = 2_000
"""By so many rows the kinds of a table's columns are told; one that has fewer is read but once."""
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Delivery:
    """One source's delivery for one day to a legal entity, on this machine: a folder or a file."""

    provider: str
    source: str
    path: Path


@dataclass(frozen=True, slots=True)
class Base:
    """What the load before left: its day, and by table its columns with their kinds and its number of rows."""

    day: date
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Landed:
    """What came of a delivery. `rows` by table are those delivered, `applied` what changes did to the state before."""

    rows: dict[str, int] = field(default_factory=dict)
    applied: dict[str, dict[str, int]] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    drift: list[Drift] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    watermarks: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> dict[str, int]:
        """By table the rows of the source's full state that day."""
        return self.rows | {table: counts["state"] for table, counts in self.applied.items()}


def landing_name(source: str, table: str) -> str:
    """The landing relation of a source table."""
    return f"lake.landing.{quoted(f'{source}__{table}')}"


def land(
    lake: Lake,
    mapping: SourceMapping,
    delivery: Delivery,
    business_date: date,
    *,
    again: bool = True,
    base: Base | None = None,
) -> Landed:
    """Bring all tables of a delivery into landing, all or nothing. `again` as in `Lake.write_part`.

    Raises Unavailable when the delivery is not there, Invalid when it is damaged, lacks what the mapping reads, is of another
    day, differs from its control file or has shrunk beyond what the mapping allows.
    """
    if not delivery.path.exists():
        raise missing(delivery.source)
    control = control_of(mapping, delivery)
    if control.business_date not in (None, business_date):
        raise Invalid(
            "submission.delivery_day",
            Text("{source} 送达的是 {day} 的数据", "{source} has delivered the data of {day}").format(
                source=delivery.source, day=control.business_date
            ),
        )

    def store(connection: Connection, again: bool) -> Landed:
        connection.execute("CREATE SCHEMA IF NOT EXISTS lake.landing")
        if mapping.kind == "sql":
            connection.execute("SET sqlite_all_varchar = true")
        shapes, whole = _look(connection, mapping, ready)
        landed = Landed(columns=shapes)
        needed = needed_columns(mapping)
        for table, relation in ready.items():
            before = base.columns.get(table.name, {}) if base else {}
            landed.drift.extend(compare(table.name, before, shapes[table.name], needed[table.name]))
            _store(
                connection,
                mapping,
                table,
                whole.get(table.name, relation),
                Day(delivery.provider, business_date),
                landed,
                control,
                base,
                again=again,
            )
        _reconcile(delivery, control, landed, connection, mapping, business_date, whole)
        _refuse_shrunk(mapping, control, landed, base)
        return landed

    # Made ready while another source has its turn to be written.
    with FORMS[mapping.kind](mapping, delivery.path) as ready:
        try:
            landed = lake.write_part(store, again)
        except EngineError as problem:
            if is_ours(problem):
                raise
            # Only the first words: what follows may quote the data.
            raise damaged(delivery.source, _first_words(problem)) from problem
    if base is None and not all(landed.state.values()):
        lake.note_empty_tables()
    return landed


def control_of(mapping: SourceMapping, delivery: Delivery) -> Control:
    """What the delivery's control file says; nothing where the mapping names none. Raises Invalid (`submission.control`)."""
    return read_control(_control_path(mapping, delivery)) if mapping.control else Control()


def _control_path(mapping: SourceMapping, delivery: Delivery) -> Path:
    return (delivery.path if delivery.path.is_dir() else delivery.path.parent) / (mapping.control or "")


def digest_of(mapping: SourceMapping, delivery: Delivery) -> tuple[str, int]:
    """SHA-256 over the names and bytes of the files that the mapping reads, and how many bytes they are."""
    digest, size = hashlib.sha256(), 0
    for file in _files(mapping, delivery):
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        size += file.stat().st_size
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest(), size


def _files(mapping: SourceMapping, delivery: Delivery) -> list[Path]:
    control = [_control_path(mapping, delivery)] if mapping.control else []
    if not delivery.path.is_dir():
        return [file for file in (delivery.path, *control) if file.is_file()]
    names = set(mapping.files)
    for table in mapping.tables.values():
        names |= {f"{Path(table.location).stem}.parquet", f"{table.name}.parquet"}
    found = [file for file in delivery.path.iterdir() if file.name in names or file.suffix == ".xlsx"]
    return sorted(file for file in found if file.is_file())


def _look(
    connection: Connection, mapping: SourceMapping, ready: Mapping[SourceTable, str]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """By table its columns with their kinds, as the first rows tell; and the relations of the tables of which these are all rows.

    Raises Invalid naming every table that lacks what the mapping reads.
    """
    needed = needed_columns(mapping)
    shapes: dict[str, dict[str, str]] = {}
    whole: dict[str, str] = {}
    lacking: list[Text] = []
    for number, (table, relation) in enumerate(ready.items()):
        columns = [str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
        check_header(table.location, columns)
        if gone := sorted(needed[table.name].difference(columns)):
            lacking.append(_lacking(table.name, gone, columns))
            continue
        first = f"first_rows_{number}"
        select = f"SELECT * FROM {relation} LIMIT {_FIRST_ROWS}"
        rows = connection.execute(f"CREATE OR REPLACE TEMP TABLE {first} AS {select}").fetchone()
        if rows and rows[0] < _FIRST_ROWS:
            whole[table.name] = first
        shapes[table.name] = shape_of(connection, columns, first)
    if lacking:
        raise Invalid(
            "submission.delivery_columns",
            Text("；".join(each.zh for each in lacking), "; ".join(each.en for each in lacking)),
        )
    return shapes, whole


def _lacking(table: str, gone: list[str], columns: list[str]) -> Text:
    near = {name: difflib.get_close_matches(name, columns, 1, 0.7) for name in gone}
    hints = ", ".join(f"{name} → {found[0]}" for name, found in near.items() if found)
    names = ", ".join(gone)
    hint = Text(f"（疑似改名：{hints}）", f" (renamed? {hints})") if hints else Text("", "")
    return Text(f"{table} 缺少列 {names}{hint.zh}", f"{table} lacks the columns {names}{hint.en}")


def _store(
    connection: Connection,
    mapping: SourceMapping,
    table: SourceTable,
    relation: str,
    day: Day,
    landed: Landed,
    control: Control,
    base: Base | None,
    *,
    again: bool,
) -> None:
    target = landing_name(mapping.source, table.name)
    key = (
        " || '|' || ".join(f"coalesce({quoted(name)}, '')" for name in table.key)
        or "CAST(row_number() OVER () AS VARCHAR)"
    )
    load = f"'{mapping.source}-{day.business_date:%Y%m%d}'"
    beside = f"DATE '{day.business_date}' AS business_date, '{day.provider}' AS _provider"
    select = f"SELECT *, {load} AS _load, {key} AS _row, {beside} FROM {relation}"
    connection.execute(f"CREATE TABLE IF NOT EXISTS {target} AS {select} LIMIT 0")
    known = {row[0] for row in connection.execute(f"DESCRIBE {target}").fetchall()}
    for name in landed.columns[table.name]:
        if name not in known:
            connection.execute(f"ALTER TABLE {target} ADD COLUMN {quoted(name)} VARCHAR")
    if again:
        connection.execute(f"DELETE FROM {target} WHERE {day.mine}")
    if table.load is None:
        row = connection.execute(f"INSERT INTO {target} BY NAME {select}").fetchone()
        landed.rows[table.name] = int(row[0]) if row else 0
        return
    changes = apply_changes(connection, table, select, target, day, None if control.full or not base else base.day)
    landed.rows[table.name], landed.applied[table.name] = changes.delivered, changes.counts
    landed.figures.extend(_sums(connection, changes.relation, table.name, landed.columns[table.name], control))
    if changes.watermark:
        landed.watermarks[table.name] = changes.watermark


def _reconcile(
    delivery: Delivery,
    control: Control,
    landed: Landed,
    connection: Connection,
    mapping: SourceMapping,
    business_date: date,
    whole: Mapping[str, str],
) -> None:
    """Hold what has landed against the control file. Raises Invalid (`submission.delivery_short`)."""
    for name, expected in control.rows.items():
        found = landed.rows.get(name)
        landed.figures.insert(0, Figure(name, "rows", str(expected), "–" if found is None else str(found)))
        if found is not None and name not in landed.applied:
            mine = of_day(delivery.provider, business_date)
            rows = whole.get(name) or f"(SELECT * FROM {landing_name(mapping.source, name)} WHERE {mine})"
            landed.figures.extend(_sums(connection, rows, name, landed.columns[name], control))
    refuse_short(delivery.source, landed.figures)


def _sums(
    connection: Connection, relation: str, table: str, columns: Collection[str], control: Control
) -> list[Figure]:
    totals: Mapping[str, Decimal] = control.totals.get(table, {})
    if not totals:
        return []
    known = [name for name in totals if name in columns]
    sums = ", ".join(f"coalesce(sum(TRY_CAST({quoted(name)} AS DECIMAL(30, 6))), 0)" for name in known) or "0"
    row: Any = connection.execute(f"SELECT {sums} FROM {relation}").fetchone()
    found = {name: written(Decimal(value)) for name, value in zip(known, row, strict=False)}
    return [Figure(table, name, written(total), found.get(name, "–")) for name, total in totals.items()]


def _refuse_shrunk(mapping: SourceMapping, control: Control, landed: Landed, base: Base | None) -> None:
    """Where nobody says how many rows there should be, a table that has lost most of its rows is taken for a short delivery."""
    if base is None:
        return
    shrunk = []
    for table, now in landed.state.items():
        before = base.rows.get(table, 0)
        if table not in control.rows and before >= _FEW and now < before * (1 - mapping.shrink):
            shrunk.append(f"{table} {now}/{before}")
    if shrunk:
        raise Invalid(
            "submission.delivery_shrunk",
            Text("{source} 比上次少得太多：{what}", "{source} has far fewer rows than the time before: {what}").format(
                source=mapping.source, what="；".join(shrunk)
            ),
        )


def _first_words(problem: Exception) -> str:
    first = str(problem).partition("\n")[0]
    return first.partition("Original Line")[0][:300]

"""Laying supplements over the standard layer: set-wise, after the sources, and the same however often it is done.

What is in force on the business day is first written down as it is then; the rows are laid over from that. The sources' rows
that are overlaid stand aside in `standard.overlaid`, so that a second run finds them, and pages can show both values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import select

from app.core.db import current_session, unit_of_work
from app.core.events import publish
from app.lake.connection import Connection
from app.lake.tables import Table, put_rows
from app.submission.stages.work import Outcome, Work, incomplete_entities
from app.submission.supplement.deciding import end_by_itself
from app.submission.supplement.entry import FORMS, EntryForm
from app.submission.supplement.events import SupplementConflicted
from app.submission.supplement.models import Supplement
from app.submission.tables import OVERLAID, SUPPLEMENT, SUPPLEMENTED, of_day, standard_tables

_CHUNK: Final = 1_000


def in_force_on(provider: str, day: date) -> Iterator[Supplement]:
    """The supplements of a legal entity that apply on a business day, in chunks each in a unit of its own."""
    last = ""
    while True:
        with unit_of_work(reading=True) as session:
            query = select(Supplement).where(
                Supplement.provider == provider,
                Supplement.state == "approved",
                Supplement.valid_from <= day,
                Supplement.valid_until >= day,
                Supplement.id > last,
            )
            found = list(session.scalars(query.order_by(Supplement.id).limit(_CHUNK)))
        yield from found
        if len(found) < _CHUNK:
            return
        last = found[-1].id


def lay_over(work: Work) -> None:
    """Lay what is in force over the day's standard rows, and note where the sources have caught up or disagree."""
    _, frozen = work.part("standardise", SUPPLEMENTED, partial(_freeze, work))
    for form in (FORMS[name] for name in frozen["forms"] if name in FORMS):
        work.part("standardise", f"{SUPPLEMENTED}/{form.name}", partial(_lay, work, form))
        work.part("standardise", f"{SUPPLEMENTED}/{form.name}/seen", partial(_look, work, form))


def _of(work: Work) -> str:
    """A condition on the legal entity's rows of the day."""
    return of_day(work.provider, work.business_date)


def _freeze(work: Work, again: bool) -> Outcome:
    rows = supplement_rows(in_force_on(work.provider, work.business_date), work.business_date)
    where = _of(work)

    def write(connection: Connection, again: bool) -> None:
        if again:
            _take_off(connection, where)
        put_rows(connection, SUPPLEMENT, where, rows, again=again)

    if rows.num_rows or again:
        work.lake.write_part(write, again)
    forms = sorted(set(rows.column("form").to_pylist()))
    return rows.num_rows, {"entities": {}, "unmapped": 0, "forms": forms}


def _take_off(connection: Connection, where: str) -> None:
    """Leave the day's standard rows as the sources gave them, whatever has been laid over them, by this batch or another.

    A source's row comes back from where it stands aside, unless the source has been standardised anew in the meantime.
    """
    laid = connection.execute(
        f"SELECT form FROM {SUPPLEMENT.path} WHERE {where} UNION SELECT form FROM {OVERLAID.path} WHERE {where}"
    ).fetchall()
    for form in (FORMS[name] for (name,) in laid if name in FORMS):
        table = standard_tables()[form.entity]
        own = [name for name in table.columns if not _of_origin(name)]
        unpacked = ", ".join(f'json_extract_string(o.content, \'$."{name}"\') AS "{name}"' for name in own)
        connection.execute(f"DELETE FROM {table.path} WHERE {where} AND _source = '{SUPPLEMENTED}'")
        connection.execute(
            f"""INSERT INTO {table.path} BY NAME SELECT {unpacked}, _source, _load, _row, business_date, _provider
                FROM {OVERLAID.path} o
                WHERE {where} AND form = '{form.name}'
                AND NOT EXISTS (SELECT 1 FROM {table.path} WHERE {table.path}.business_date = o.business_date
                    AND {table.path}._provider = o._provider AND {table.path}._source = o._source
                    AND {table.path}._row = o._row AND {key_of_row(form, table)} = o.key)"""
        )
    connection.execute(f"DELETE FROM {OVERLAID.path} WHERE {where}")


def supplement_rows(supplements: Iterable[Supplement], day: date) -> pa.Table:
    """Supplements in the shape of the lake's table; of two for one row the later counts."""
    latest = {(each.form, each.key): each for each in supplements}
    names = ("_provider", "supplement", "form", "key", "whole", "items")
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for each in latest.values():
        row = (each.provider, each.id, each.form, each.key, each.whole, json.dumps(each.items, ensure_ascii=False))
        for name, value in zip(names, row, strict=True):
            columns[name].append(value)
    kinds = {"whole": pa.bool_()}
    arrays = {name: pa.array(values, kinds.get(name, pa.string())) for name, values in columns.items()}
    return pa.table(arrays | {"business_date": pa.array([day] * len(columns["key"]), pa.date32())})


def _lay(work: Work, form: EntryForm, again: bool) -> Outcome:
    del again  # the rows that stand aside tell what has been done already
    day = f"DATE '{work.business_date.isoformat()}'"
    supplements = f"(SELECT * FROM {SUPPLEMENT.path} WHERE {_of(work)} AND form = '{form.name}')"
    aside = f"(SELECT * FROM {OVERLAID.path} WHERE {_of(work)} AND form = '{form.name}')"
    table = standard_tables()[form.entity]
    touched = f"{_of(work)} AND {key_of_row(form, table)} IN (SELECT key FROM {supplements})"

    def write(connection: Connection) -> int:
        connection.execute(
            f"INSERT INTO {OVERLAID.path} BY NAME {set_aside(form, f'(SELECT * FROM {table.path} WHERE {touched})')}"
        )
        connection.execute(f"DELETE FROM {table.path} WHERE {touched}")
        connection.execute(f"INSERT INTO {table.path} BY NAME {overlaid(form, supplements, aside, day)}")
        new = connection.execute(
            f"SELECT count(*) FROM {supplements} s WHERE s.whole AND s.key NOT IN (SELECT key FROM {aside})"
        ).fetchone()
        return int(new[0]) if new else 0

    new = work.lake.write(write)
    return new, {"entities": {form.entity: new}, "unmapped": 0}


def key_of_row(form: EntryForm, table: Table) -> str:
    """The key of a row of a standard table, where the row is of this form."""
    fixed = " AND ".join(f"{table.path}.\"{name}\" = '{value}'" for name, value in form.fixed.items())
    key = form.key_sql(table.path)
    return f"CASE WHEN {fixed} THEN {key} END" if fixed else key


def set_aside(form: EntryForm, rows: str) -> str:
    """SELECT in the shape of the table of rows that stand aside, of the sources' rows in `rows`."""
    table = standard_tables()[form.entity]
    packed = ", ".join(f'"{name}" := r."{name}"' for name in table.columns if not _of_origin(name))
    return f"""SELECT '{form.name}' AS form, {form.key_sql("r")} AS key, CAST(to_json(struct_pack({packed})) AS VARCHAR) AS content,
        _source, _load, _row, business_date, _provider FROM {rows} r WHERE r._source <> '{SUPPLEMENTED}'"""


def overlaid(form: EntryForm, supplements: str, aside: str, day: str) -> str:
    """SELECT of standard rows: those that stand aside with the supplements' items in place of their own, and the rows that
    no source has. An item that a supplement leaves empty is NULL, as everywhere in the standard layer."""
    table = standard_tables()[form.entity]
    columns = []
    for name in (name for name in table.columns if not _of_origin(name)):
        place = f"'$.\"{name}\"'"
        own = f"json_extract_string(o.content, {place})"
        given = f"nullif(json_extract_string(s.items, {place}), '')"
        columns.append(f'CASE WHEN json_exists(s.items, {place}) THEN {given} ELSE {own} END AS "{name}"')
    row = f"CASE WHEN o.key IS NULL THEN '{form.entity}:' || s.supplement ELSE concat_ws('|', o._source, o._load, o._row) END"
    return f"""SELECT {", ".join(columns)}, '{SUPPLEMENTED}' AS _source, s.supplement AS _load, {row} AS _row, {day} AS business_date,
            s._provider FROM {supplements} s LEFT JOIN {aside} o ON o.key = s.key WHERE s.whole OR o.key IS NOT NULL"""


def _of_origin(name: str) -> bool:
    return name.startswith("_") or name == "business_date"


def _look(work: Work, form: EntryForm, again: bool) -> Outcome:
    """Compare each supplement with what its source says today; safe to repeat."""
    del again
    # Where a source has been stopped its rows are missing, which says nothing of them.
    asked = "INNER" if form.entity in incomplete_entities(work) else "LEFT"
    found = work.lake.rows(
        f"""SELECT s.supplement, any_value(o.content), count(o.key)
            FROM (SELECT * FROM {SUPPLEMENT.path} WHERE {_of(work)} AND form = '{form.name}') s
            {asked} JOIN (SELECT * FROM {OVERLAID.path} WHERE {_of(work)} AND form = '{form.name}') o ON o.key = s.key
            GROUP BY s.supplement ORDER BY s.supplement"""
    )
    noticed = 0
    for start in range(0, len(found), _CHUNK):
        with unit_of_work():
            for number, content, rows in found[start : start + _CHUNK]:
                noticed += compare(number, json.loads(content) if rows else None, work.business_date)
    return noticed, {"entities": {}, "unmapped": 0}


def compare(number: str, source: dict[str, Any] | None, day: date) -> bool:
    """Note what the source's row (None: there is none) means for a supplement; whether there was something to note.

    Where it says all that the supplement says, the supplement ends. Where it has changed a value since somebody last looked,
    and not to the supplement's, there is a conflict for a person to decide; until then the approved value stays.
    """
    supplement = current_session().get(Supplement, number)
    if supplement is None or supplement.state != "approved":
        return False
    if source is None:
        conflict: dict[str, Any] | None = None if supplement.whole else {}
    else:
        now = {tag: source.get(tag) or None for tag in supplement.items}
        if all((now[tag] or "") == (value or "") for tag, value in supplement.items.items()):
            end_by_itself(supplement, day)
            return True
        moved = {
            tag: value
            for tag, value in now.items()
            if value != supplement.seen.get(tag) and (value or "") != (supplement.items[tag] or "")
        }
        conflict = moved or None
    if conflict == supplement.conflict:
        return False
    supplement.conflict, supplement.conflict_on = conflict, day if conflict is not None else None
    current_session().flush()
    if conflict is not None:
        publish(SupplementConflicted(supplement.id, supplement.form, supplement.author))
    return conflict is not None

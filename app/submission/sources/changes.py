"""Today's full state out of yesterday's and the changes, set-wise: what was deleted goes, what changed is replaced, the rest stays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from app.core.errors import Invalid
from app.core.text import Text
from app.lake.connection import Connection
from app.submission.mapping import Load, SourceTable
from app.submission.sources.forms.form import quoted, text
from app.submission.tables import of_day


@dataclass(frozen=True, slots=True)
class Applied:
    """What changes came to: rows delivered, what they did, the relation that holds them, the new watermark."""

    delivered: int
    counts: dict[str, int]
    relation: str
    watermark: str


@dataclass(frozen=True, slots=True)
class Day:
    """A business day of a legal entity; `mine` is a condition on the rows of a landing table."""

    provider: str
    business_date: date

    @property
    def mine(self) -> str:
        return of_day(self.provider, self.business_date)


def apply_changes(
    connection: Connection, table: SourceTable, select: str, target: str, day: Day, base: date | None
) -> Applied:
    """Write the state of `day` into `target` from that of `base` (None: there is none to build on) and the rows of `select`.

    Raises Invalid (`submission.changes`) for a flag that the mapping does not know, a row without key, and two changes to one
    row whose order nothing tells.
    """
    load = table.load
    assert load is not None  # noqa: S101 - asked by the caller
    delivered = f"delivered_{abs(hash(target)) % 10**8}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {delivered} AS {select}")
    rows = int(_one(connection, f"SELECT count(*) FROM {delivered}"))
    _refuse_odd(connection, table, load, delivered)
    gone = _flagged(load, load.delete)
    last = _last(load, delivered)
    previous = (
        f"(SELECT * FROM {target} WHERE {replace(day, business_date=base).mine})"
        if base
        else f"(SELECT * FROM {target} LIMIT 0)"
    )
    count = f"""SELECT count(*) FILTER (NOT coalesce({gone}, FALSE) AND p._row IS NULL),
            count(*) FILTER (NOT coalesce({gone}, FALSE) AND p._row IS NOT NULL),
            count(*) FILTER ({gone} AND p._row IS NOT NULL), count(*) FILTER ({gone} AND p._row IS NULL)
        FROM {last} d LEFT JOIN (SELECT _row FROM {previous}) p ON p._row = d._row"""
    row: Any = connection.execute(count).fetchone()
    counts = dict(zip(("inserted", "updated", "deleted", "unknown"), map(int, row), strict=True))
    connection.execute(
        f"""INSERT INTO {target} BY NAME
            SELECT * REPLACE (DATE '{day.business_date}' AS business_date) FROM {previous} p
            WHERE NOT EXISTS (SELECT 1 FROM {delivered} d WHERE d._row = p._row)
            UNION ALL BY NAME SELECT * FROM {last} d WHERE NOT coalesce({gone}, FALSE)"""
    )
    counts["state"] = int(_one(connection, f"SELECT count(*) FROM {target} WHERE {day.mine}"))
    counts["kept"] = counts["state"] - counts["inserted"] - counts["updated"]
    return Applied(rows, counts, delivered, _watermark(connection, load, delivered))


def _refuse_odd(connection: Connection, table: SourceTable, load: Load, delivered: str) -> None:
    faults = []
    blank = " AND ".join(f"nullif(trim({quoted(name)}), '') IS NULL" for name in table.key)
    if keyless := int(_one(connection, f"SELECT count(*) FROM {delivered} WHERE {blank}")):
        faults.append(Text(f"{keyless} 行没有主键", f"{keyless} rows have no key"))
    if load.kind == "changes":
        known = ", ".join(text(flag) for flag in (*load.insert, *load.update, *load.delete))
        odd = f"coalesce(trim({quoted(load.column)}), '') NOT IN ({known})"
        if unknown := int(_one(connection, f"SELECT count(*) FROM {delivered} WHERE {odd}")):
            faults.append(Text(f"{unknown} 行的增改删标志不认识", f"{unknown} rows have an unknown flag of change"))
    if not load.order and load.kind == "changes":
        doubled = int(_one(connection, f"SELECT count(*) - count(DISTINCT _row) FROM {delivered}"))
        if doubled:
            faults.append(
                Text(f"{doubled} 行重复变更而无先后", f"{doubled} rows change what another changes, in no given order")
            )
    if faults:
        raise Invalid(
            "submission.changes",
            Text(
                f"{table.name}：" + "；".join(fault.zh for fault in faults),
                f"{table.name}: " + "; ".join(fault.en for fault in faults),
            ),
        )


def _flagged(load: Load, flags: tuple[str, ...]) -> str:
    """SQL: the row `d` carries one of the flags."""
    if load.kind == "watermark" or not flags:
        return "FALSE"
    return f"trim(d.{quoted(load.column)}) IN ({', '.join(text(flag) for flag in flags)})"


def _last(load: Load, delivered: str) -> str:
    """Of several changes to a row the last one."""
    order = load.order or (load.column if load.kind == "watermark" else "")
    if not order:
        return f"(SELECT * FROM {delivered})"
    column = quoted(order)
    return (
        f"(SELECT * FROM {delivered} QUALIFY row_number() OVER"
        f" (PARTITION BY _row ORDER BY TRY_CAST({column} AS DECIMAL(38, 6)) DESC NULLS LAST, {column} DESC) = 1)"
    )


def _watermark(connection: Connection, load: Load, delivered: str) -> str:
    if load.kind != "watermark":
        return ""
    column = quoted(load.column)
    number = f"TRY_CAST({column} AS DECIMAL(38, 6))"
    found = _one(
        connection,
        f"SELECT CASE WHEN count({column}) = count({number}) THEN arg_max({column}, {number}) ELSE max({column}) END"
        f" FROM {delivered}",
    )
    return str(found or "")


def _one(connection: Connection, sql: str) -> Any:
    return connection.execute(sql).fetchall()[0][0]

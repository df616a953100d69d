"""What the three source systems hold on one day, in their own shapes and codes, and the control file of a delivery.

A control file `control.json` says what must have arrived:
`{"source", "business_date", "kind", "tables": {name: {"rows": n, "totals": {amount column: sum}}}}`.
It is written last, so its presence means that the delivery is complete.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb


def recode(expression: str, codes: Mapping[str, str]) -> str:
    """SQL that turns standard codes into a system's own; what has no own code becomes NULL."""
    branches = " ".join(f"WHEN '{standard}' THEN '{own}'" for standard, own in codes.items())
    return f"(CASE {expression} {branches} END)"


def quoted(path: Path) -> str:
    """A path as an SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def living_tables(day: str) -> Iterator[tuple[str, str]]:
    """The bank's own books on a day, before any system shapes them: name and SELECT of each temporary table.

    Accounts appear from their opening and stay after closing; those closed by the first day are gone.
    """
    yield from (
        (
            f"open_{kind}",
            f"SELECT * FROM {kind}_account WHERE opened <= {day} AND (closed IS NULL OR closed > first_day())",
        )
        for kind in ("retail", "card", "corporate")
    )
    for kind, condition in (("retail", "acct_type <> 'C1'"), ("card", "TRUE")):
        dues = f"due_count(first_month, settle_day, least({day}, coalesce(closed, {day})))"
        yield (
            f"billed_{kind}",
            f"SELECT *, due_date(first_month, settle_day, {dues}) AS billed FROM open_{kind}"
            f" WHERE {dues} >= 1 AND {condition}",
        )


def write_control(
    bank: duckdb.DuckDBPyConnection,
    folder: Path,
    source: str,
    kind: str,
    business_date: dt.date,
    amounts: Mapping[str, tuple[str, ...]],
) -> None:
    """Write `control.json` over the tables named in `amounts`, with the totals of their amount columns."""
    tables: dict[str, dict[str, object]] = {}
    for table, columns in amounts.items():
        sums = "".join(f', coalesce(sum("{column}"), 0)::BIGINT' for column in columns)
        row = bank.execute(f'SELECT count(*){sums} FROM "{table}"').fetchone()
        counted = row if row is not None else (0,)
        tables[table] = {"rows": counted[0], "totals": dict(zip(columns, counted[1:], strict=True))}
    control = {"source": source, "business_date": business_date.isoformat(), "kind": kind, "tables": tables}
    (folder / "control.json").write_text(json.dumps(control, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

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

from app.simulator.bank.agreements import TRANSFER, living_cards


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
    living = f"opened <= {day} AND (closed IS NULL OR closed > first_day())"
    yield "open_corporate", f"SELECT * FROM corporate_account WHERE {living}"
    yield "open_card", living_cards(f"SELECT * FROM card_account WHERE {living}")
    # What was sold closes for its buyer, not for the bank, and has no statement any more.
    sold = f"SELECT *, {TRANSFER} AS transfer FROM retail_account WHERE {living}"
    yield "open_retail", f"SELECT * REPLACE (CASE WHEN transfer IS NULL THEN closed END AS closed) FROM ({sold})"
    last = f"least({day}, coalesce(closed, {day}), coalesce(transfer - 1, {day}))"
    yield "billed_retail", _billed("open_retail", last, "acct_type <> 'C1'")
    billed = _billed("open_card", f"least({day}, coalesce(closed, {day}))", "TRUE")
    before = "CASE WHEN month_number(billed) = skipped THEN settlement_date(skipped - 1, settle_day) ELSE billed END"
    yield "billed_card", f"SELECT * REPLACE ({before} AS billed) FROM ({billed})"


def _billed(accounts: str, last: str, condition: str) -> str:
    """SELECT of the accounts with a statement, and its day: the latest up to the day `last`."""
    dues = f"due_count(first_month, settle_day, {last})"
    return (
        f"SELECT *, due_date(first_month, settle_day, {dues}) AS billed FROM {accounts}"
        f" WHERE {dues} >= 1 AND {condition}"
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

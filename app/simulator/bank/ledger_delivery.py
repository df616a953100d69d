"""The general ledger's daily extract: accounts, contracts and balance by product and branch, a CSV file with balances in fen.

It is taken from the bank's own books, before any delivery is spoiled. On every fifth day after the first one position is wrong by
`PLANTED`, as happens when a branch books late; which one stands in `truth/ledger.json`, which the platform must never read.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from app.simulator.bank.deliveries import quoted, recode, write_control

AMOUNTS: Final[dict[str, tuple[str, ...]]] = {"GL_POSITION": ("ACCT_CNT", "CONTRACT_CNT", "BAL")}
PRODUCTS: Final = {
    "personal.D1": "P-TERM", "personal.R1": "P-REV", "personal.R4": "P-SUB", "personal.C1": "P-COLL", "personal.R2": "P-CARD",
    "personal.R3": "P-QCARD", "corporate.D1": "C-TERM", "corporate.D2": "C-DISC", "corporate.R1": "C-REV", "corporate.R4": "C-SUB",
    "corporate.C1": "C-COLL",
}  # fmt: skip
PLANTED: Final = (1, 1, 12_345_600)
"""Accounts, contracts and balance (fen) by which the planted position is too high."""
_EVERY, _FROM = 5, 1


def plants(age: int) -> bool:
    """Whether the extract of this day of the bank's life has a planted difference; the first day is 0."""
    return age % _EVERY == _FROM


def ledger_tables(day: str, age: int) -> Iterator[tuple[str, str]]:
    """Name and SELECT of the extract on a day; needs the tables of the other systems, unspoiled, and what has happened."""
    books = " UNION ALL ".join(
        f"SELECT '{kind}.' || a.acct_type AS product, a.branch, {contract} AS contract, s.balance"
        f" FROM open_{relation} a JOIN {relation}_now s USING (n) WHERE s.status <> 'CLOSED'{booked}"
        for relation, kind, contract, booked in (
            ("retail", "personal", "'L' || a.n", " AND business_code('L', a.n) NOT IN (SELECT loan_no FROM loan_void)"),
            ("card", "personal", "'C' || a.n", ""),
            ("corporate", "corporate", "'E' || a.n", ""),
        )
    )
    yield (
        "ledger_sound",
        f"""SELECT strftime({day}, '%Y%m%d') AS GL_DATE, lpad(branch::VARCHAR, 3, '0') AS ORG_NO,
            {recode("product", PRODUCTS)} AS PROD_NO, count(*) AS ACCT_CNT, count(DISTINCT contract) AS CONTRACT_CNT,
            (sum(balance) * 100)::BIGINT AS BAL
        FROM ({books}) GROUP BY branch, product""",
    )
    accounts, contracts, balance = PLANTED if plants(age) else (0, 0, 0)
    wrong = f"row_number() OVER (ORDER BY hash(ORG_NO || PROD_NO || {age})) = 1"
    yield (
        "GL_POSITION",
        f"""SELECT GL_DATE, ORG_NO, PROD_NO, ACCT_CNT + CASE WHEN wrong THEN {accounts} ELSE 0 END AS ACCT_CNT,
            CONTRACT_CNT + CASE WHEN wrong THEN {contracts} ELSE 0 END AS CONTRACT_CNT,
            BAL + CASE WHEN wrong THEN {balance} ELSE 0 END AS BAL
        FROM (SELECT *, {wrong} AS wrong FROM ledger_sound) ORDER BY ORG_NO, PROD_NO""",
    )


def write_ledger_delivery(bank: duckdb.DuckDBPyConnection, business_date: dt.date, folder: Path) -> None:
    """Write `GL_POSITION.csv` and the control file."""
    folder.mkdir(parents=True, exist_ok=True)
    bank.execute(f"COPY GL_POSITION TO {quoted(folder / 'GL_POSITION.csv')} (FORMAT csv, HEADER)")
    write_control(bank, folder, "general_ledger", "csv", business_date, AMOUNTS)


def write_ledger_truth(bank: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Say which position of the extract is wrong, if one is."""
    rows = bank.execute(
        "SELECT p.ORG_NO, p.PROD_NO, p.ACCT_CNT - s.ACCT_CNT, p.BAL - s.BAL FROM GL_POSITION p JOIN ledger_sound s"
        " USING (ORG_NO, PROD_NO) WHERE p.BAL <> s.BAL"
    ).fetchall()
    folder.mkdir(parents=True, exist_ok=True)
    told = [
        {"branch": org, "product": product, "accounts": number, "balance_fen": fen}
        for org, product, number, fen in rows
    ]
    (folder / "ledger.json").write_text(json.dumps(told), encoding="utf-8")

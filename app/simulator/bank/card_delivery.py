"""The card system: a drop of CSV files in GBK, dates as yyyymmdd, amounts in fen, codes of its own.

CARD_ACCT.csv holds the cards with their holders, CARD_BAL.csv their state on the business date, CARD_BILL.csv the state
on the latest statement day, CARD_TXN.csv write-offs, CARD_LMT.csv the limits, CARD_EVT.csv the months without a statement
because the statement day was moved. Each has a heading line; empty means no value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from app.simulator.bank.agreements import card_limits
from app.simulator.bank.cards import card_state
from app.simulator.bank.deliveries import quoted, recode, write_control

TYPE: Final = {"R2": "CC", "R3": "QC"}
STATUS: Final = {"NORMAL": "0", "ASLEEP": "9", "CLOSED": "C", "BAD": "B", "WRITTEN_OFF": "W"}
FIVE_CLASS: Final = {"1": "ZC", "2": "GZ", "3": "CJ", "4": "KY", "5": "SS"}
PAYMENT: Final = {
    "*": "-", "N": "0", "1": "M1", "2": "M2", "3": "M3", "4": "M4", "5": "M5", "6": "M6", "7": "M7", "C": "XH",
    "B": "DZ",
}  # fmt: skip

AMOUNTS: Final[dict[str, tuple[str, ...]]] = {
    "CARD_ACCT": ("CRD_LMT",),
    "CARD_BAL": ("BAL", "OVD_AMT"),
    "CARD_BILL": ("BAL", "OVD_AMT"),
    "CARD_TXN": ("AMT",),
    "CARD_LMT": ("LMT_AMT",),
    "CARD_EVT": (),
}

_CARD: Final = "business_code('C', n)"
_CHUNK: Final = 1 << 20


def card_tables(day: str) -> Iterator[tuple[str, str]]:
    """Name and SELECT of each file on a day; needs the tables of `living_tables`."""
    yield "CARD_ACCT", _CARDS
    yield "card_now", card_state("open_card", day)
    yield "CARD_BAL", _states("card_now", day)
    yield "CARD_BILL", _states(f"({card_state('billed_card', 'billed')})", "as_of")
    yield (
        "CARD_TXN",
        f"""SELECT {_CARD} AS ACCT_NO, 'HX' AS TXN_TYPE,
            strftime(due_date(a.first_month, a.settle_day, a.missed + 11), '%Y%m%d') AS TXN_DT, s.balance * 100 AS AMT
        FROM open_card a JOIN card_now s USING (n) WHERE s.status = 'WRITTEN_OFF'""",
    )
    yield (
        "CARD_LMT",
        f"""SELECT business_code('K', n) AS LMT_NO, person_name(person) AS HOLDER, 'SFZ' AS ID_TYPE, person_number(person) AS ID_NO,
            'B' || lpad(branch::VARCHAR, 2, '0') AS BRANCH, 'SOLO' AS LMT_TYPE, CASE WHEN loops THEN '1' ELSE '0' END AS REVOLVE,
            amount * 100 AS LMT_AMT, '156' AS CCY, strftime(begins, '%Y%m%d') AS LMT_FROM, strftime(ends, '%Y%m%d') AS LMT_TO,
            CASE WHEN over THEN 'X' ELSE 'A' END AS LMT_STS
        FROM ({card_limits(day)})""",
    )
    yield (
        "CARD_EVT",
        f"""SELECT {_CARD} AS ACCT_NO, 'SHIFT' AS EVT_TYPE, strftime(month_start(skipped), '%Y-%m') AS EVT_MON, '1' AS EVT_OK
        FROM open_card WHERE skip_known <= {day}""",
    )


def write_card_delivery(bank: duckdb.DuckDBPyConnection, business_date: dt.date, folder: Path) -> None:
    """Write the CSV files in GBK and the control file."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in AMOUNTS:
        unicode_file, target = folder / f".{table}.utf8", folder / f"{table}.csv"
        bank.execute(f"COPY {table} TO {quoted(unicode_file)} (FORMAT csv, HEADER)")
        with (
            unicode_file.open(encoding="utf-8", newline="") as source,
            target.open("w", encoding="gbk", newline="") as out,
        ):
            while text := source.read(_CHUNK):
                out.write(text)
        unicode_file.unlink()
    write_control(bank, folder, "card_system", "csv", business_date, AMOUNTS)


_CARDS: Final = f"""
    SELECT {_CARD} AS ACCT_NO, person_name(person) AS HOLDER, 'SFZ' AS ID_TYPE, person_number(person) AS ID_NO,
        {recode("acct_type", TYPE)} AS ACCT_TYPE,
        CASE WHEN acct_type = 'R3' THEN 'QCARD' WHEN special_only THEN 'INSTAL' ELSE 'CARD' END AS PRODUCT,
        strftime(opened, '%Y%m%d') AS OPEN_DT, '156' AS CCY, credit_line * 100 AS CRD_LMT,
        strftime(opened + INTERVAL 10 YEAR, '%Y%m%d') AS EXPIRE_DT,
        CASE WHEN n % 9 = 0 THEN 'MULT' ELSE lpad(chance(n, 'last four', 10000)::VARCHAR, 4, '0') END AS CARD_TAIL,
        CASE WHEN acct_type = 'R3' OR NOT special_only THEN business_code('K', n) END AS LIMIT_NO,
        'B' || lpad(branch::VARCHAR, 2, '0') AS BRANCH,
        CASE WHEN special THEN credit_line * 50 END AS INST_LMT,
        CASE WHEN special THEN strftime(opened, '%Y%m%d') END AS INST_FROM,
        CASE WHEN special THEN strftime(opened + INTERVAL 10 YEAR, '%Y%m%d') END AS INST_TO,
        CASE WHEN special THEN (credit_line // 5) * 100 END AS INST_USED, settle_day AS BILL_DAY
    FROM open_card"""


def _states(relation: str, month_of: str) -> str:
    date = f"strftime({month_of}, '%Y%m%d')"
    return f"""
    SELECT {_CARD} AS ACCT_NO, {date} AS AS_OF, strftime({month_of}, '%Y-%m') AS BILL_MON, {recode("status", STATUS)}
        AS STATUS, balance * 100 AS BAL,
        statement_balance * 100 AS BILL_BAL, used * 100 AS USED, unbilled * 100 AS UNBILLED,
        remaining_terms AS REM_TERMS,
        {recode("five_class", FIVE_CLASS)} AS CLS, strftime(five_class_date, '%Y%m%d') AS CLS_DT,
        {recode("pay_status", PAYMENT)} AS PAY_STS, paid_percent AS PAY_PCT, overdue_terms AS OVD_TERMS,
        overdue_total * 100 AS OVD_AMT, overdraft_181 * 100 AS OVD_180, due_amount * 100 AS DUE_AMT,
        paid_amount * 100 AS PAID_AMT, strftime(last_paid, '%Y%m%d') AS LAST_PAY_DT,
        last_paid_amount * 100 AS LAST_PAY_AMT, strftime(closed_on, '%Y%m%d') AS CLOSE_DT
    FROM {relation}"""

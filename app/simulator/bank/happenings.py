"""What happens to accounts and customers after they were reported: a rebooked loan, a merged customer, a restated month, a void
account.

Every third day, counted from the second, one loan is rebooked under a new number and one customer, known twice, is merged into
another; on the day after, one settlement is restated and one account, opened by mistake, is declared void. Who it befalls
depends on the seed alone, so that the bank of any day is still a function of seed and date. It befalls loans that are open all the time.
"""

from __future__ import annotations

from typing import Final

import duckdb

from app.simulator.bank.agreements import TRANSFER

TABLES: Final = ("loan_rebook", "cust_merge", "loan_void")
"""What the core system tells of it, every day anew with all that has happened so far."""

_LOAN: Final = "business_code('L', n)"
_EACH: Final = {"rebook": (1, 0), "merge": (1, 1), "restate": (2, 2), "void": (2, 3)}
"""By happening: its first day, and the loans it may befall, by the remainder of their number."""

_PEOPLE: Final = ("cust_master", "cust_family", "cust_document", "cust_passport")
_LOANS: Final = ("loan_master", "loan_state", "loan_stmt", "guarantor", "collateral_link", "loan_txn")


def _befallen(kind: str, day: str) -> str:
    """SELECT of n, person and the day on which it happened, of all that has happened by `day`."""
    first, part = _EACH[kind]
    once = "person IN (SELECT person FROM retail_account GROUP BY person HAVING count(*) = 1)"
    alone = f" AND {once} AND person NOT IN (SELECT person FROM card_account)" if kind == "merge" else ""
    return f"""
        SELECT n, person, happened FROM (
            SELECT n, person, first_day() + {first} + (3 * (row_number() OVER (ORDER BY hash(n, '{kind}'), n) - 1))::INTEGER AS happened
            FROM retail_account
            WHERE acct_type = 'D1' AND product = 'P' AND n % 4 = {part} AND opened < first_day() - 62 AND missed IS NULL
              AND (closed IS NULL OR closed > first_day() + 180) AND {TRANSFER} IS NULL{alone})
        WHERE happened <= {day}"""


def let_happen(bank: duckdb.DuckDBPyConnection, day: str) -> set[str]:
    """Change the tables of the core system as of `day` (a date literal) and make `TABLES`; the loan and customer numbers concerned."""
    stamp = "strftime(happened, '%Y-%m-%d')"
    bank.execute(
        f"CREATE OR REPLACE TEMP TABLE loan_rebook AS SELECT {_LOAN} AS old_no, business_code('N', n) AS new_no, {stamp} AS chg_dt"
        f" FROM ({_befallen('rebook', day)})"
    )
    customer = "'P' || lpad({}::VARCHAR, 9, '0')"
    other = "CASE WHEN person > 0 THEN person - 1 ELSE person + 1 END"
    bank.execute(
        f"CREATE OR REPLACE TEMP TABLE cust_merge AS SELECT {customer.format('person')} AS old_no,"
        f" {customer.format(f'({other})')} AS into_no, 'ID' AS cert_tp, person_number(person) AS cert_no, {stamp} AS chg_dt"
        f" FROM ({_befallen('merge', day)})"
    )
    bank.execute(
        f"CREATE OR REPLACE TEMP TABLE loan_void AS SELECT {_LOAN} AS loan_no, {stamp} AS void_dt, '重复开立' AS reason"
        f" FROM ({_befallen('void', day)})"
    )
    bank.execute(
        f"CREATE OR REPLACE TEMP TABLE restated AS SELECT {_LOAN} AS loan_no, {stamp} AS known FROM ({_befallen('restate', day)})"
    )
    for table in _LOANS:
        bank.execute(f"DELETE FROM {table} WHERE loan_no IN (SELECT loan_no FROM loan_void)")
        bank.execute(f"UPDATE {table} AS t SET loan_no = r.new_no FROM loan_rebook r WHERE t.loan_no = r.old_no")
    # As long as no later settlement has come the restated one is what the system knows.
    bank.execute(
        "UPDATE loan_stmt AS s SET paid_amt = s.paid_amt + 1 FROM restated r WHERE s.loan_no = r.loan_no AND s.stmt_dt < r.known"
    )
    bank.execute("UPDATE loan_master AS l SET cust_no = m.into_no FROM cust_merge m WHERE l.cust_no = m.old_no")
    for table in _PEOPLE:
        bank.execute(f"DELETE FROM {table} WHERE cust_no IN (SELECT old_no FROM cust_merge)")
    concerned = bank.execute(
        "SELECT new_no FROM loan_rebook UNION ALL SELECT old_no FROM cust_merge UNION ALL SELECT into_no FROM cust_merge"
        " UNION ALL SELECT loan_no FROM loan_void UNION ALL SELECT loan_no FROM restated UNION ALL SELECT loan_no FROM loan_master"
        " WHERE cust_no IN (SELECT into_no FROM cust_merge)"
    ).fetchall()
    return {number for (number,) in concerned}


def nothing_happens(bank: duckdb.DuckDBPyConnection) -> None:
    """Make `TABLES` without rows."""
    for table, columns in {
        "loan_rebook": ("old_no", "new_no", "chg_dt"),
        "cust_merge": ("old_no", "into_no", "cert_tp", "cert_no", "chg_dt"),
        "loan_void": ("loan_no", "void_dt", "reason"),
    }.items():
        listed = ", ".join(f"'' AS {name}" for name in columns)
        bank.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {listed} WHERE FALSE")

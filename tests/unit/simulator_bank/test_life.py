"""What must hold of every account on every day of its life, asked of all accounts over a year."""

from __future__ import annotations

import duckdb
import pytest

from app.simulator.bank.cards import card_state
from app.simulator.bank.corporate import corporate_state
from app.simulator.bank.retail import retail_state

STATES = {"retail": retail_state, "card": card_state, "corporate": corporate_state}


@pytest.fixture(scope="module")
def lives(bank: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Tables retail, card, corporate: the state of each account on every third day, with the state before (p_…)."""
    for kind, state in STATES.items():
        days = (
            f"(SELECT a.*, d::DATE AS on_day FROM {kind}_account a,"
            " range(first_day(), first_day() + 360, INTERVAL 3 DAY) r(d) WHERE a.opened <= d)"
        )
        bank.execute(f"CREATE OR REPLACE TEMP TABLE {kind}_states AS {state(days, 'on_day')}")
        bank.execute(
            f"""CREATE OR REPLACE TEMP TABLE {kind}_lives AS SELECT s.*, a.opened, a.closed,
                lag(s.balance) OVER life AS p_balance, lag(s.five_class_date) OVER life AS p_five_class_date,
                lag(s.last_paid) OVER life AS p_last_paid
            FROM {kind}_states s JOIN {kind}_account a USING (n) WINDOW life AS (PARTITION BY n ORDER BY s.as_of)"""
        )
    return bank


def _none(lives: duckdb.DuckDBPyConnection, table: str, condition: str) -> None:
    found = lives.execute(f"SELECT * FROM {table} WHERE {condition} LIMIT 3").fetchall()
    assert found == [], condition


@pytest.mark.parametrize("kind", STATES)
def test_time_runs_forward(lives: duckdb.DuckDBPyConnection, kind: str) -> None:
    table = f"{kind}_lives"
    _none(lives, table, "five_class_date < p_five_class_date OR last_paid < p_last_paid")
    _none(lives, table, "greatest(five_class_date, last_paid, closed_on) > as_of")
    _none(lives, table, "least(five_class_date, last_paid) < opened")


@pytest.mark.parametrize("kind", STATES)
def test_a_closed_account_owes_nothing(lives: duckdb.DuckDBPyConnection, kind: str) -> None:
    table = f"{kind}_lives"
    _none(lives, table, "status = 'CLOSED' AND (balance <> 0 OR overdue_total <> 0 OR closed_on IS NULL)")
    _none(lives, table, "status <> 'CLOSED' AND closed_on IS NOT NULL")
    _none(lives, table, "balance < 0 OR overdue_total < 0 OR last_paid_amount < 0")


def test_balances_of_loans_with_a_schedule_never_rise(lives: duckdb.DuckDBPyConnection) -> None:
    _none(lives, "retail_lives", "mode <> '31' AND balance > p_balance")
    unlimited = "SELECT n FROM corporate_account WHERE mode = '31' OR flag = '2'"
    _none(lives, "corporate_lives", f"balance > p_balance AND n NOT IN ({unlimited})")


def test_arrears_of_persons_add_up(lives: duckdb.DuckDBPyConnection) -> None:
    _none(lives, "retail_lives", "overdue_principal > overdue_total OR overdue_principal > balance")
    _none(lives, "retail_lives", "overdue_31 + overdue_61 + overdue_91 + overdue_181 > overdue_principal")
    _none(lives, "retail_lives", "pay_status BETWEEN '1' AND '7' AND least(overdue_terms, overdue_total) < 1")
    _none(lives, "retail_lives", "pay_status IN ('N', '*', 'C') AND overdue_total <> 0")
    _none(lives, "card_lives", "pay_status = '*' AND (due_amount <> 0 OR statement_balance <> 0)")


def test_arrears_roll_through_all_buckets_and_cure(lives: duckdb.DuckDBPyConnection) -> None:
    both = "SELECT pay_status FROM retail_lives UNION SELECT pay_status FROM card_lives"
    steps = {status for (status,) in lives.execute(both).fetchall()}
    assert steps == {"1", "2", "3", "4", "5", "6", "7", "N", "*", "C", "B"}
    # Within 27 days there is one settlement at most.
    jumps = """SELECT n FROM (SELECT n, TRY_CAST(pay_status AS INT) AS now,
        lag(TRY_CAST(pay_status AS INT), 9) OVER (PARTITION BY n ORDER BY as_of) AS before FROM retail_lives)
        WHERE now > before + 1"""
    assert lives.execute(jumps).fetchall() == []


def test_overdue_days_of_companies_go_with_the_amount(lives: duckdb.DuckDBPyConnection) -> None:
    _none(lives, "corporate_lives", "(overdue_total > 0) <> (overdue_days > 0) OR overdue_days > 999")
    _none(lives, "corporate_lives", "next_agreed < greatest(as_of, last_agreed, last_paid, balance_changed)")
    _none(lives, "corporate_lives", "last_paid_principal > last_paid_amount")
    _none(lives, "corporate_lives", "status IN ('BAD', 'WRITTEN_OFF') AND overdue_total = 0")


def test_all_account_types_and_ends_of_life_occur(lives: duckdb.DuckDBPyConnection) -> None:
    def distinct(table: str, column: str) -> set[str]:
        return {str(value) for (value,) in lives.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()}

    assert distinct("retail_account", "acct_type") == {"D1", "R1", "R4", "C1"}
    assert distinct("card_account", "acct_type") == {"R2", "R3"}
    assert distinct("corporate_account", "acct_type") == {"D1", "D2", "R1", "R4", "C1"}
    assert {"CLOSED", "WRITTEN_OFF", "OVERDUE", "NORMAL"} <= distinct("retail_lives", "status")
    assert {"ASLEEP", "CLOSED", "WRITTEN_OFF"} <= distinct("card_lives", "status")

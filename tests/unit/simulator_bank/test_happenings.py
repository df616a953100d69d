"""What happens to loans and customers after they were reported, and that it stays as it happened."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing

import pytest

from app.simulator.bank import World

START = dt.date(2026, 10, 27)


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    """The core system's deliveries of the first days, by age."""
    root = tmp_path_factory.mktemp("happenings")
    world = World(root, persons=150, companies=2, start=START, happenings=True)
    world.build()
    found = {}
    for age in (0, 1, 2):
        world.export(START + dt.timedelta(days=age), root / str(age))
        found[age] = root / str(age) / "core_banking" / "core.sqlite"
    return found


def ask(path, query):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def test_nothing_has_happened_on_the_first_day(days):
    for table in ("loan_rebook", "cust_merge", "loan_void"):
        assert ask(days[0], f"SELECT * FROM {table}") == []


def test_a_loan_is_rebooked_and_stays_so(days):
    (told,) = ask(days[1], "SELECT old_no, new_no FROM loan_rebook")
    assert ask(days[2], "SELECT old_no, new_no FROM loan_rebook") == [told]
    old, new = told
    for table in ("loan_master", "loan_state", "loan_stmt"):
        assert ask(days[0], f"SELECT count(*) FROM {table} WHERE loan_no = '{old}'") == [(1,)]
        assert ask(days[1], f"SELECT count(*) FROM {table} WHERE loan_no = '{old}'") == [(0,)]
        assert ask(days[1], f"SELECT count(*) FROM {table} WHERE loan_no = '{new}'") == [(1,)]


def test_a_merged_customer_leaves_its_loans_to_another(days):
    ((old, into),) = ask(days[1], "SELECT old_no, into_no FROM cust_merge")
    loans = ask(days[0], f"SELECT loan_no FROM loan_master WHERE cust_no = '{old}'")
    assert len(loans) == 1
    assert ask(days[1], f"SELECT cust_no FROM loan_master WHERE loan_no = '{loans[0][0]}'") == [(into,)]
    assert ask(days[1], f"SELECT count(*) FROM cust_master WHERE cust_no = '{old}'") == [(0,)]


def test_a_void_account_is_gone_and_a_settlement_is_restated(days):
    ((void,),) = ask(days[2], "SELECT loan_no FROM loan_void")
    assert ask(days[1], f"SELECT count(*) FROM loan_master WHERE loan_no = '{void}'") == [(1,)]
    assert ask(days[2], f"SELECT count(*) FROM loan_master WHERE loan_no = '{void}'") == [(0,)]
    before = dict(ask(days[1], "SELECT loan_no || stmt_dt, paid_amt FROM loan_stmt"))
    after = dict(ask(days[2], "SELECT loan_no || stmt_dt, paid_amt FROM loan_stmt"))
    changed = [after[key] - before[key] for key in before.keys() & after.keys() if before[key] != after[key]]
    assert changed == [1]

"""The arithmetic of due dates agrees with walking through the calendar."""

from __future__ import annotations

import calendar
import datetime as dt

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from app.simulator.bank.schedule import SCHEDULE_MACROS

_BANK = duckdb.connect()
for _statement in SCHEDULE_MACROS:
    _BANK.execute(_statement)

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31))
SETTLE_DAYS = st.one_of(st.integers(1, 28), st.just(31))


def _ask(expression: str, **given_: object) -> object:
    row = _BANK.execute(f"SELECT {expression}", given_).fetchone()
    assert row is not None
    return row[0]


def _settles(day: dt.date, settle_day: int) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    return day.day == (last if settle_day == 31 else settle_day)


@settings(max_examples=60, deadline=None)
@given(opened=DAYS, settle_day=SETTLE_DAYS, later=st.integers(0, 900))
def test_due_count_is_the_number_of_settlement_days_since_opening(opened: dt.date, settle_day: int, later: int) -> None:
    first = _ask("first_month_after($opened, $day)", opened=opened, day=settle_day)
    on = opened + dt.timedelta(later)
    walked = [opened + dt.timedelta(n) for n in range(1, later + 1) if _settles(opened + dt.timedelta(n), settle_day)]
    assert _ask("due_count($first, $day, $on)", first=first, day=settle_day, on=on) == len(walked)
    if walked:
        asked = _ask("due_date($first, $day, $k)", first=first, day=settle_day, k=len(walked))
        assert asked == walked[-1]


@settings(max_examples=60, deadline=None)
@given(opened=DAYS, drawn=SETTLE_DAYS)
def test_a_new_account_settles_within_thirty_days(opened: dt.date, drawn: int) -> None:
    settle_day = _ask("apart_from($drawn, $opened)", drawn=drawn, opened=opened)
    first = _ask("first_month_after($opened, $day)", opened=opened, day=settle_day)
    due = _ask("due_date($first, $day, 1)", first=first, day=settle_day)
    assert isinstance(due, dt.date)
    assert 0 < (due - opened).days <= 30


def test_schedules_start_at_the_amount_and_end_at_nothing() -> None:
    for mode in ("11", "12", "13", "21"):
        balances = [
            _ask("scheduled_balance($mode, 120000, 0.004, 24, $n)", mode=mode, n=number) for number in range(25)
        ]
        assert balances[0] == 120000
        assert balances[24] == 0
        assert balances == sorted(balances, reverse=True)

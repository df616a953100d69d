"""`workdays(a, b)`: the official calendar inside an expression, the same for the interpreter and the sweep."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from app.core.workdays import known_days, working_days_between
from app.language.functions import SIGNATURES
from app.rules.sweep import sql
from app.rules.sweep.functions import working_days

FIRST, SIGNS = known_days()
LAST = FIRST + timedelta(days=len(SIGNS) - 1)
days = st.dates(FIRST, LAST)


@given(begin=days, length=st.integers(-60, 60))
def test_it_counts_as_the_calendar_does(begin: date, length: int) -> None:
    end = min(max(begin + timedelta(days=length), FIRST), LAST)

    assert SIGNATURES["workdays"].apply(begin, end) == working_days_between(begin, end)


@given(begin=st.dates(FIRST - timedelta(days=40), LAST + timedelta(days=40)), length=st.integers(-90, 90))
def test_the_sweep_counts_the_same(begin: date, length: int) -> None:
    end = begin + timedelta(days=length)
    made = working_days(*(sql.cast(sql.text(day.isoformat()), "DATE") for day in (begin, end)))

    row = duckdb.sql(f"SELECT {sql.render(made)}").fetchone()

    assert row == (SIGNATURES["workdays"].apply(begin, end),)


def test_beyond_the_known_years_it_is_unknown() -> None:
    assert SIGNATURES["workdays"].apply(LAST, LAST + timedelta(days=1)) is None
    assert SIGNATURES["workdays"].apply(FIRST - timedelta(days=1), FIRST) is None

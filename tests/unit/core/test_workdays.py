"""The official calendar, its make-up days, and its end."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Unavailable
from app.core.workdays import (
    WorkingDate,
    add_working_days,
    holiday_name,
    is_known,
    is_working_day,
    known_years,
    next_working_day,
    working_days_between,
)

UNKNOWN = date(known_years().stop, 1, 4)
known_days = st.dates(date(2018, 1, 1), date(2025, 12, 1))


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2024, 2, 9), True),  # New Year's Eve, a working Friday in that year
        (date(2024, 2, 12), False),
        (date(2024, 2, 4), True),  # a Sunday worked for it
        (date(2024, 2, 18), True),
        (date(2024, 10, 1), False),
        (date(2024, 9, 29), True),  # a Sunday worked for National Day
        (date(2024, 10, 12), True),
        (date(2024, 10, 13), False),
        (date(2024, 10, 14), True),
    ],
)
def test_holidays_and_days_worked_in_exchange(day: date, working: bool) -> None:
    assert is_working_day(day) is working


def test_counting_jumps_over_the_spring_festival() -> None:
    # 2024-02-09 was the last working day before eight days off.
    assert add_working_days(date(2024, 2, 9), 1) == WorkingDate(date(2024, 2, 18), certain=True)
    assert add_working_days(date(2024, 2, 18), -1).day == date(2024, 2, 9)
    assert next_working_day(date(2024, 2, 10)).day == date(2024, 2, 18)
    assert next_working_day(date(2024, 2, 9), inclusive=True).day == date(2024, 2, 9)
    assert add_working_days(date(2024, 2, 10), 0).day == date(2024, 2, 18)
    assert holiday_name(date(2024, 2, 10)) == "Spring Festival"


def test_a_year_that_was_not_announced_is_refused_unless_assumed() -> None:
    assert not is_known(UNKNOWN)
    assert holiday_name(UNKNOWN) is None
    with pytest.raises(Unavailable) as caught:
        is_working_day(UNKNOWN)
    assert caught.value.code == "core.workdays"
    last = date(known_years().stop - 1, 12, 31)
    with pytest.raises(Unavailable):
        add_working_days(last, 1)
    assumed = add_working_days(last, 3, assume_weekdays=True)
    assert not assumed.certain
    assert assumed.day.year == last.year + 1
    assert is_working_day(UNKNOWN, assume_weekdays=True) is (UNKNOWN.weekday() < 5)


@given(start=known_days, count=st.integers(1, 30))
def test_counting_there_and_back(start: date, count: int) -> None:
    end = add_working_days(start, count).day
    assert is_working_day(end)
    assert working_days_between(start, end) == count
    assert working_days_between(end, start) == -count
    assert add_working_days(end, -count).day <= start

"""The official Chinese working-day calendar: public holidays and the weekend days worked in exchange.

The State Council announces a year's holidays late in the year before. Beyond what has been announced the plain
functions refuse; a caller who must have a date all the same (a deadline across the new year) says `assume_weekdays`
and gets one that is marked as not yet certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import chinese_calendar
from chinese_calendar import constants

from app.core.errors import Unavailable
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class WorkingDate:
    """A date counted in working days; not `certain` when an unannounced year was assumed to be without holidays."""

    day: date
    certain: bool


@cache
def known_years() -> range:
    """The years whose holidays are known."""
    years = {day.year for day in constants.holidays}
    return range(min(years), max(years) + 1)


def is_known(day: date) -> bool:
    return day.year in known_years()


def is_working_day(day: date, *, assume_weekdays: bool = False) -> bool:
    """Whether people work on that day in China.

    Raises Unavailable (`core.workdays`) for a year that has not been announced, unless `assume_weekdays`, which
    then counts Monday to Friday.
    """
    if is_known(day):
        return bool(chinese_calendar.is_workday(day))
    if assume_weekdays:
        return day.weekday() < 5
    raise Unavailable(
        "core.workdays",
        Text(
            f"{day.year} 年的放假安排尚无数据",
            f"the holidays of {day.year} are not known; the calendar must be updated",
        ),
    )


def holiday_name(day: date) -> str | None:
    """The English name of the public holiday or exchanged working day, as the calendar has it; None on other days."""
    if not is_known(day):
        return None
    _, name = chinese_calendar.get_holiday_detail(day)
    return None if name is None else str(name)


def add_working_days(start: date, count: int, *, assume_weekdays: bool = False) -> WorkingDate:
    """The `count`-th working day after (or, negative, before) `start`; `start` itself is never counted.

    A `count` of 0 gives `start`, moved on to a working day where it is none. Raises Unavailable as `is_working_day`.
    """
    if count == 0:
        return next_working_day(start, inclusive=True, assume_weekdays=assume_weekdays)
    step = timedelta(days=1 if count > 0 else -1)
    day, certain, left = start, True, abs(count)
    while left:
        day += step
        certain = certain and is_known(day)
        left -= is_working_day(day, assume_weekdays=assume_weekdays)
    return WorkingDate(day, certain)


def next_working_day(day: date, *, inclusive: bool = False, assume_weekdays: bool = False) -> WorkingDate:
    """The first working day after `day`, or from `day` on with `inclusive`. Raises as `is_working_day`."""
    if inclusive and is_working_day(day, assume_weekdays=assume_weekdays):
        return WorkingDate(day, is_known(day))
    return add_working_days(day, 1, assume_weekdays=assume_weekdays)


@cache
def known_days() -> tuple[date, str]:
    """The first day whose nature is known, and a sign for it and every day after it as far as is known: 1 worked, 0 free.

    For those who count working days very often, or outside of Python.
    """
    first, last = date(min(known_years()), 1, 1), date(max(known_years()), 12, 31)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return first, "".join("1" if chinese_calendar.is_workday(day) else "0" for day in days)


def working_days_between(start: date, end: date, *, assume_weekdays: bool = False) -> int:
    """How many working days lie after `start` up to and including `end`; negative when `end` is the earlier."""
    if end < start:
        return -working_days_between(end, start, assume_weekdays=assume_weekdays)
    days = (start + timedelta(days=number) for number in range(1, (end - start).days + 1))
    return sum(is_working_day(day, assume_weekdays=assume_weekdays) for day in days)

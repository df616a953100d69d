"""Time limits as regulations and diagrams write them, and the moment at which each of them ends.

A limit of days ends when its last day does, at 24:00 in China, whatever the hour it began at; the day it begins on is not
counted (Civil Code, articles 201 and 203). Hours and minutes run on by night and on holidays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal

from app.core.clock import CHINA
from app.core.errors import Invalid
from app.core.text import Text
from app.core.workdays import add_working_days, next_working_day, working_days_between

Unit = Literal["working_day", "day", "minute"]

_MOST: Final[dict[Unit, int]] = {"working_day": 2_500, "day": 3_660, "minute": 3_660 * 1_440}
"""About ten years; beyond that somebody has mistyped."""
_INSTANT: Final = timedelta(microseconds=1)

_WORDS: Final = re.compile(
    r"(\d{1,7})\s*"
    r"(?:(?P<working_day>(?:working|business)\s+days?|个?工作日)"
    r"|(?P<day>(?:calendar\s+)?days?|个?(?:自然|日历)日|日|天)"
    r"|(?P<week>weeks?|个?(?:周|星期))"
    r"|(?P<hour>hours?|个?小时)"
    r"|(?P<minute>minutes?|分钟?))",
    re.IGNORECASE,
)
_ISO: Final = re.compile(
    r"P(?:(?P<week>\d{1,4})W|(?:(?P<day>\d{1,5})D)?(?:T(?:(?P<hour>\d{1,6})H)?(?:(?P<minute>\d{1,7})M)?)?)"
)
_MINUTES: Final = {"hour": 60, "minute": 1}


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends. Not `certain` where a year's holidays have not been announced and were assumed to be none."""

    moment: datetime
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Limit:
    """So many working days, calendar days, or minutes."""

    count: int
    unit: Unit

    def due(self, start: datetime) -> Due:
        """The end of the limit that begins at `start` (aware); in UTC."""
        if self.unit == "minute":
            return Due(start + timedelta(minutes=self.count))
        first = china_day(start)
        if self.unit == "day":
            return Due(end_of_day(first + timedelta(days=self.count)))
        last = add_working_days(first, self.count, assume_weekdays=True)
        return Due(end_of_day(last.day), last.certain)

    def before(self, due: datetime) -> datetime:
        """The moment that lies this long before `due`: working days are counted back from the day that `due` ends."""
        if self.unit == "minute":
            return due - timedelta(minutes=self.count)
        if self.unit == "day":
            return due - timedelta(days=self.count)
        return moved_by_working_days(due, -self.count).moment

    @property
    def days(self) -> Literal["working", "calendar", ""]:
        """What kind of days are counted; empty for hours and minutes."""
        return "working" if self.unit == "working_day" else "calendar" if self.unit == "day" else ""

    @property
    def words(self) -> Text:
        """As people write it; `parse_limit` reads it again in either language."""
        if self.unit == "working_day":
            return Text(f"{self.count} 个工作日", _counted(self.count, "working day"))
        if self.unit == "day":
            return Text(f"{self.count} 天", _counted(self.count, "day"))
        if self.count % 60 == 0:
            return Text(f"{self.count // 60} 小时", _counted(self.count // 60, "hour"))
        return Text(f"{self.count} 分钟", _counted(self.count, "minute"))


@lru_cache(maxsize=1_000)
def parse_limit(text: str) -> Limit:
    """Read `15 working days`, `10日`, `4 hours`, `30分钟`, or ISO 8601 (`P10D`, `PT4H`, `P1DT12H`).

    Whole days alone are calendar days; days together with hours are a span of time. Raises Invalid (`workflow.limit`).
    """
    limit = _read(text.strip())
    if limit is None or not 0 < limit.count <= _MOST[limit.unit]:
        raise Invalid(
            "workflow.limit",
            Text(
                "时限“{text}”无法识别：请写成“15个工作日”“10日”“4小时”“30分钟”，或 P10D、PT4H",
                "The limit “{text}” cannot be read: write it as “15 working days”, “10 days”, “4 hours”, “30 minutes”, or as P10D, PT4H",
            ).format(text=text[:40]),
        )
    return limit


def _read(text: str) -> Limit | None:
    if found := _WORDS.fullmatch(text):
        count, unit = int(found[1]), str(found.lastgroup)
        if unit == "week":
            return Limit(count * 7, "day")
        if unit in _MINUTES:
            return Limit(count * _MINUTES[unit], "minute")
        return Limit(count, "working_day" if unit == "working_day" else "day")
    if (found := _ISO.fullmatch(text)) and not text.endswith("T"):
        given = {name: int(value) for name, value in found.groupdict().items() if value is not None}
        days = given.get("day", 0) + 7 * given.get("week", 0)
        minutes = sum(given.get(name, 0) * length for name, length in _MINUTES.items())
        return Limit(days * 1_440 + minutes, "minute") if minutes else Limit(days, "day")
    return None


def moved_by_working_days(moment: datetime, count: int) -> Due:
    """`moment` so many working days later (or, negative, earlier), at the same hour; 24:00 stays 24:00 of its day."""
    if count == 0:
        return Due(moment)
    day = last_day(moment)
    hour = moment - _start_of(day)
    goal = add_working_days(day, count, assume_weekdays=True)
    return Due(_start_of(goal.day) + hour, goal.certain)


def working_days_lost(start: datetime, end: datetime) -> int:
    """How many working days went by from the day of `start` to that of `end`; a day off counts as the next working day."""
    first = next_working_day(china_day(start), inclusive=True, assume_weekdays=True).day
    last = next_working_day(china_day(end), inclusive=True, assume_weekdays=True).day
    return max(0, working_days_between(first, last, assume_weekdays=True))


def last_day(due: datetime) -> date:
    """The Chinese day that ends with `due` or holds it: midnight belongs to the day before."""
    return china_day(due - _INSTANT)


def due_text(due: datetime | None) -> str:
    """`2026-11-26 24:00`: the end of a day is said of that day. Nothing due is a dash."""
    if due is None:
        return "–"
    local = due.astimezone(CHINA)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{last_day(due).isoformat()} 24:00"
    return local.strftime("%Y-%m-%d %H:%M")


def end_of_day(day: date) -> datetime:
    """24:00 of that day in China; in UTC."""
    return _start_of(day + timedelta(days=1))


def china_day(moment: datetime) -> date:
    """The day on which the moment falls in China."""
    return moment.astimezone(CHINA).date()


def _start_of(day: date) -> datetime:
    # In UTC from here on, so that sums are of time that passes and not of figures on a wall clock.
    return datetime.combine(day, time(), CHINA).astimezone(UTC)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

"""How near the end of a time limit is, in words and colour: the same on the deadlines board and in the inbox."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from app.core.db import current_session
from app.core.text import Text
from app.core.workdays import add_working_days, working_days_between
from app.web.parts import Tone
from app.workflow.clocks.limits import china_day, end_of_day, last_day
from app.workflow.models import Clock

SOON: Final = 3
"""Working days within which a deadline counts as near."""
_DAY: Final = 1_440
"""Minutes."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """What of a clock says how near its end is; `days` as in `Clock`."""

    due_at: datetime
    days: str = ""
    state: str = "running"
    paused_at: datetime | None = None


def deadlines_of(tasks: Iterable[tuple[str, str]]) -> dict[str, Deadline]:
    """The deadlines of tasks that have a clock of their own, by task; `tasks` are ids of instance and task."""
    given = list(tasks)
    if not given:
        return {}
    columns = (Clock.name, Clock.due_at, Clock.days, Clock.state, Clock.paused_at)
    query = (
        select(*columns)
        .where(Clock.instance_id.in_({instance for instance, _ in given}), Clock.name.in_([task for _, task in given]))
        .order_by(Clock.turn)
    )
    rows = current_session().execute(query)
    return {row.name: Deadline(row.due_at, row.days, row.state, row.paused_at) for row in rows}


def soon_day(now: datetime) -> date:
    """The last day that counts as near."""
    return add_working_days(china_day(now), SOON, assume_weekdays=True).day


def state_of(clock: Clock | Deadline, now: datetime) -> str:
    """The state as people are told it: `missed` as soon as the time has passed."""
    return "missed" if clock.state == "running" and clock.due_at <= now else clock.state


def tone_of(clock: Clock | Deadline, now: datetime) -> Tone:
    """By nearness: overdue, due today, due within three working days, later."""
    state = state_of(clock, now)
    if state == "missed":
        return "danger"
    if state != "running":
        return "neutral"
    if clock.due_at <= end_of_day(china_day(now)):
        return "warning"
    return "info" if clock.due_at <= end_of_day(soon_day(now)) else "neutral"


def distance(clock: Clock | Deadline, now: datetime) -> Text:
    """How far off the end is: “还剩 2 个工作日”, “已逾期 3 小时”; of a paused one, what was left when it stopped."""
    if state_of(clock, now) == "missed":
        gone = _length(clock.due_at, now, last_day(clock.due_at), china_day(now), clock.days)
        return Text(f"已逾期 {gone.zh}", f"{gone.en} overdue")
    since = clock.paused_at or now
    left = _length(since, clock.due_at, china_day(since), last_day(clock.due_at), clock.days)
    if clock.state == "paused":
        return Text(f"已暂停，剩 {left.zh}", f"paused with {left.en} left")
    return Text(f"还剩 {left.zh}", f"{left.en} left")


def _length(start: datetime, end: datetime, first: date, last: date, days: str) -> Text:
    """From `start` to `end` in the unit that people count in: days after `first` up to `last`, hours within one day."""
    minutes = max(0, int((end - start).total_seconds() // 60))
    if days == "working" and minutes >= _DAY and (count := working_days_between(first, last, assume_weekdays=True)):
        return Text(f"{count} 个工作日", _counted(count, "working day"))
    if days and minutes >= _DAY:
        return Text(f"{(last - first).days} 天", _counted((last - first).days, "day"))
    if minutes >= 2 * _DAY:
        return Text(f"{minutes // _DAY} 天", _counted(minutes // _DAY, "day"))
    if minutes >= 60:
        return Text(f"{minutes // 60} 小时", _counted(minutes // 60, "hour"))
    return Text(f"{minutes} 分钟", _counted(minutes, "minute"))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

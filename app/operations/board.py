"""The open deadlines, as the board reads them: rows, counts, and how near each of them is, in words.

Open means not ended. Overdue is what was found missed and is still open, and what has just come due and was not swept yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.core import clock as time
from app.core.clock import CHINA
from app.core.db import current_session, database
from app.core.text import Text
from app.core.workdays import add_working_days, working_days_between
from app.web.listing import ListQuery, Page, Sortable, database_stream, like_pattern, ordered
from app.web.parts import Tone
from app.workflow.clocks.limits import end_of_day, last_day
from app.workflow.definitions import definitions
from app.workflow.models import Clock, Process, ProcessVersion

SOON: Final = 3
"""Working days within which a deadline counts as near."""
SORTS: Final[Mapping[str, Sortable]] = {
    "due": Clock.due_at,
    "started": Clock.started_at,
    "kind": Clock.kind,
    "process": Clock.process,
}
_CHUNK: Final = 1_000
_APART: Final = "\n"
_DAY: Final = 1_440
"""Minutes."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deadlines are open: `today` and `soon` are running and due by then, and `soon` includes `today`."""

    overdue: int
    today: int
    soon: int
    paused: int
    total: int


def _overdue(now: datetime) -> ColumnElement[bool]:
    return or_(Clock.state == "missed", and_(Clock.state == "running", Clock.due_at <= now))


def selected(filters: Mapping[str, str]) -> Select[Clock]:
    """Open deadlines narrowed by `kind`, `process`, `state`, `until` (a day, ISO; ignored where it is none) and `q`."""
    now = time.now()
    statement = select(Clock).where(Clock.ended_at.is_(None))
    if kind := filters.get("kind"):
        statement = statement.where(Clock.kind == kind)
    if process := filters.get("process"):
        statement = statement.where(Clock.process == process)
    state = filters.get("state")
    if state == "missed":
        statement = statement.where(_overdue(now))
    elif state == "running":
        statement = statement.where(Clock.state == "running", Clock.due_at > now)
    elif state:
        statement = statement.where(Clock.state == state)
    if day := _day(filters.get("until", "")):
        statement = statement.where(Clock.due_at <= end_of_day(day))
    if wanted := filters.get("q"):
        # One comparison a row, since with very many rows each of them counts; SQLite's own LIKE minds no case.
        words = Clock.business_key + _APART + Clock.subject + _APART + Clock.title_zh + _APART + Clock.title_en
        like = words.like if database().kind == "sqlite" else words.ilike
        statement = statement.where(like(like_pattern(wanted), escape="\\"))
    return statement


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def board_page(query: ListQuery, tally: Tally) -> Page[Clock]:
    """One page of the board. Rows are counted only where neither the page itself nor the tally says how many there are."""
    session, statement = current_session(), selected(query.filters)
    wanted = ordered(statement, query, SORTS, Clock.id).offset(query.offset).limit(query.size)
    rows = tuple(session.scalars(wanted))
    if not query.filters:
        total = tally.total
    elif query.page == 1 and len(rows) < query.size:
        total = len(rows)
    else:
        total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    return Page(query, rows, total)


def stream(query: ListQuery) -> Iterator[Clock]:
    """All rows of the query, for an export."""
    return database_stream(selected(query.filters), query, SORTS, Clock.id, _CHUNK)


def soon_day(now: datetime) -> date:
    """The last day that counts as near."""
    return add_working_days(_china_day(now), SOON, assume_weekdays=True).day


def tally() -> Tally:
    """Count the open deadlines: short ranges of the index, and its whole length once for the total."""
    now = time.now()
    still_open = select(func.count()).where(Clock.ended_at.is_(None))
    running = still_open.where(Clock.state == "running", Clock.due_at > now)
    row = current_session().execute(
        select(
            still_open.where(Clock.due_at <= now, Clock.state != "paused").scalar_subquery(),
            running.where(Clock.due_at <= end_of_day(_china_day(now))).scalar_subquery(),
            running.where(Clock.due_at <= end_of_day(soon_day(now))).scalar_subquery(),
            # What is paused is open; so the index by state finds it, without a look at all the others.
            select(func.count()).where(Clock.state == "paused").scalar_subquery(),
            still_open.scalar_subquery(),
        )
    )
    return Tally(*row.one())


def state_of(clock: Clock, now: datetime) -> str:
    """The state as people are told it: `missed` as soon as the time has passed."""
    return "missed" if clock.state == "running" and clock.due_at <= now else clock.state


def tone_of(clock: Clock, now: datetime) -> Tone:
    """By nearness: overdue, due today, due within three working days, later."""
    state = state_of(clock, now)
    if state == "missed":
        return "danger"
    if state != "running":
        return "neutral"
    if clock.due_at <= end_of_day(_china_day(now)):
        return "warning"
    return "info" if clock.due_at <= end_of_day(soon_day(now)) else "neutral"


def distance(clock: Clock, now: datetime) -> Text:
    """How far off the end is: “还剩 2 个工作日”, “已逾期 3 小时”; of a paused one, what was left when it stopped."""
    if state_of(clock, now) == "missed":
        gone = _length(clock.due_at, now, last_day(clock.due_at), _china_day(now), clock.days)
        return Text(f"已逾期 {gone.zh}", f"{gone.en} overdue")
    since = clock.paused_at or now
    left = _length(since, clock.due_at, _china_day(since), last_day(clock.due_at), clock.days)
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


def _china_day(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def process_titles() -> dict[str, Text]:
    """What processes are called, shipped ones and those published from the console."""
    titles = {name: defined.title for name, defined in definitions().items()}
    live = select(Process.name, ProcessVersion.description).join(ProcessVersion, Process.live == ProcessVersion.version)
    for name, description in current_session().execute(live):
        if title := description.get("title"):
            titles[name] = Text.of(title)
    return titles

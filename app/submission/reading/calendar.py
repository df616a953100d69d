"""The calendar of reporting days: for each day and record type of a legal entity whether it is complete, waiting or late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from app.core import clock, workdays
from app.core.db import current_session
from app.core.text import Text
from app.submission.entities.entity import Entity
from app.submission.models import Batch, ReportFile
from app.submission.reading.batches import batches_between, deadline_of
from app.submission.reading.terms import Term
from app.submission.tables import RECORD_TYPES

STATES: Final[Mapping[str, Term]] = {
    "complete": Term(Text("完成", "Complete"), "success"),
    "waiting": Term(Text("等待", "Waiting"), "warning"),
    "late": Term(Text("逾期", "Late"), "danger"),
    "nothing": Term(Text("无应报", "Nothing due"), "neutral"),
    "holiday": Term(Text("休息日", "Day of rest"), "none"),
    "open": Term(Text("未开始", "Not yet"), "none"),
}
"""What a cell may say, the worst of a day being the first found in `_WORST`."""
_WORST: Final = ("late", "waiting", "complete", "nothing", "holiday", "open")


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one record type, or of all of them (`code` empty)."""

    day: date
    code: str
    state: str
    due: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar; `rest` names a public holiday in English, or is empty."""

    day: date
    working: bool
    rest: str
    cells: Mapping[str, Cell]

    @property
    def whole(self) -> Cell:
        """The day over all record types: its worst state."""
        found = {cell.state for cell in self.cells.values()}
        state = next((each for each in _WORST if each in found), "open")
        return Cell(self.day, "", state, sum(cell.due for cell in self.cells.values()))


@dataclass(frozen=True, slots=True)
class _Sent:
    """Files of one record type of a batch: how many are still to leave, how many unanswered, and when the last one left."""

    unsent: int
    unanswered: int
    last: datetime | None


def calendar(entity: Entity, first: date, last: date) -> tuple[Day, ...]:
    """The days of an entity from one day to another, in two queries."""
    known = batches_between(first, last, entity.provider)
    sent = _sent([batch.id for batch in known.values()])
    began = current_session().scalar(select(func.min(Batch.business_date)).filter_by(provider=entity.provider))
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(_day(entity, day, known.get(day), sent, began) for day in days)


def _day(
    entity: Entity, day: date, batch: Batch | None, sent: Mapping[tuple[str, str], _Sent], began: date | None
) -> Day:
    working = workdays.is_working_day(day, assume_weekdays=True)
    rest = "" if working else workdays.holiday_name(day) or ""
    expected = day < clock.today() and entity.active_on(day) and began is not None and day >= began
    if batch is None:
        state = "open" if working else "holiday"
        if expected:
            state = "late" if deadline_of(day).missed else "waiting"
        return Day(day, working, rest, {code: Cell(day, code, state) for code in RECORD_TYPES})
    nothing = _Sent(0, 0, None)
    cells = {code: _cell(batch, code, sent.get((batch.id, code), nothing)) for code in RECORD_TYPES}
    return Day(day, working, rest, cells)


def _cell(batch: Batch, code: str, sent: _Sent) -> Cell:
    counts = batch.counts.get(code, {})
    due = int(counts.get("due", 0))
    over = batch.status in ("done", "stopped")
    missing = due - int(counts.get("blocked", 0)) - int(counts.get("sent", 0))
    gone = not sent.unsent and missing <= 0 and (over or bool(counts.get("sent") or counts.get("blocked")))
    deadline = deadline_of(batch.business_date, sent.last if gone else None)
    if over and not due:
        state = "nothing"
    elif gone and sent.last is not None and deadline.missed:
        state = "late"
    elif gone:
        state = "waiting" if sent.unanswered or not over else "complete"
    else:
        state = "late" if deadline.missed else "waiting"
    return Cell(batch.business_date, code, state, due)


def _sent(batches: Sequence[str]) -> Mapping[tuple[str, str], _Sent]:
    query = (
        select(
            ReportFile.batch_id,
            ReportFile.record_type,
            func.count().filter(ReportFile.sent_at.is_(None)),
            func.count().filter(ReportFile.status != "answered"),
            func.max(ReportFile.sent_at),
        )
        .where(ReportFile.batch_id.in_(batches))
        .group_by(ReportFile.batch_id, ReportFile.record_type)
    )
    rows = current_session().execute(query)
    return {(batch, code): _Sent(unsent, unanswered, last) for batch, code, unsent, unanswered, last in rows}


def month_of(day: date) -> tuple[date, date]:
    """The first and the last day of a month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)

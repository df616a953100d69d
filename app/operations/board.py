"""The open deadlines, as the board reads them: rows and counts. How near each of them is says `app.workflow.clocks.nearness`.

Open means not ended. Overdue is what was found missed and is still open, and what has just come due and was not swept yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.core import clock as time
from app.core.db import current_session, database
from app.core.text import Text
from app.web.listing import ListQuery, Page, Sortable, database_stream, like_pattern, ordered
from app.workflow.clocks.limits import china_day, end_of_day
from app.workflow.clocks.nearness import soon_day
from app.workflow.definitions import definitions
from app.workflow.models import Clock
from app.workflow.versions import live_descriptions

SORTS: Final[Mapping[str, Sortable]] = {
    "due": Clock.due_at,
    "started": Clock.started_at,
    "kind": Clock.kind,
    "process": Clock.process,
}
_CHUNK: Final = 1_000
_APART: Final = "\n"


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


def tally() -> Tally:
    """Count the open deadlines: short ranges of the index, and its whole length once for the total."""
    now = time.now()
    still_open = select(func.count()).where(Clock.ended_at.is_(None))
    running = still_open.where(Clock.state == "running", Clock.due_at > now)
    row = current_session().execute(
        select(
            still_open.where(Clock.due_at <= now, Clock.state != "paused").scalar_subquery(),
            running.where(Clock.due_at <= end_of_day(china_day(now))).scalar_subquery(),
            running.where(Clock.due_at <= end_of_day(soon_day(now))).scalar_subquery(),
            # What is paused is open; so the index by state finds it, without a look at all the others.
            select(func.count()).where(Clock.state == "paused").scalar_subquery(),
            still_open.scalar_subquery(),
        )
    )
    return Tally(*row.one())


def process_titles() -> dict[str, Text]:
    """What processes are called, shipped ones and those published from the console."""
    titles = {name: defined.title for name, defined in definitions().items()}
    for name, description in live_descriptions().items():
        if title := description.get("title"):
            titles[name] = Text.of(title)
    return titles

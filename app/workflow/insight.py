"""Figures about a process: where its cases wait, how long each step takes, which limits are kept, what is done twice.

Everything is counted by the database over the whole task table at once; nothing sealed is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from lxml import etree
from sqlalchemy import ColumnElement, Select, case, cast, func, select
from sqlalchemy import Date as SqlDate
from sqlalchemy import Float as SqlFloat
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core import clock as time
from app.core.clock import CHINA
from app.core.db import current_session
from app.core.text import Text
from app.workflow.engine.xml import BPMN, safe_root
from app.workflow.models import Clock, ProcessInstance, ProcessTask, ProcessVersion

PERIODS: Final = (7, 30, 90, 365)
"""Days back from now that may be chosen."""
MOST: Final = 200
"""So many rows a table of figures has at the most."""
_VERSIONS: Final = 10


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One element: what waits there now, and how long those took (seconds, from opened to finished) that were done."""

    node: str
    title: str
    waiting: int
    oldest: datetime | None
    done: int
    mean: float | None
    p90: float | None

    @property
    def weight(self) -> float:
        """How much of a bottleneck it is: the seconds of work that wait here, were each to take the mean."""
        return self.waiting * (self.mean or 0.0)


@dataclass(frozen=True, slots=True)
class TeamFigures:
    """Of an element's tasks with a due time in a team: how many were done in time and late, and how many are overdue."""

    node: str
    title: str
    role: str
    on_time: int
    late: int
    overdue: int

    @property
    def share(self) -> float | None:
        """Which part was done in time, 0 to 1; None where nothing was due."""
        counted = self.on_time + self.late + self.overdue
        return self.on_time / counted if counted else None


@dataclass(frozen=True, slots=True)
class ClockFigures:
    """A declared time limit: how often it was met and missed in the period, and how many run now."""

    name: str
    title: Text
    kind: str
    met: int
    missed: int
    running: int


@dataclass(frozen=True, slots=True)
class ReworkFigures:
    """An element that cases passed more than once: how many did, how often altogether, and the most in one case."""

    node: str
    title: str
    cases: int
    passes: int
    most: int


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Cases that were started and that ended on a day in China."""

    day: date
    started: int
    finished: int


@dataclass(frozen=True, slots=True)
class Insight:
    """All figures of a process over a period of `days` up to now."""

    process: str
    days: int
    steps: tuple[StepFigures, ...]
    teams: tuple[TeamFigures, ...]
    clocks: tuple[ClockFigures, ...]
    rework: tuple[ReworkFigures, ...]
    throughput: tuple[DayFigures, ...]

    @property
    def bottlenecks(self) -> tuple[StepFigures, ...]:
        """The elements where work waits, the heaviest first."""
        waiting = [each for each in self.steps if each.waiting]
        return tuple(sorted(waiting, key=lambda each: (-each.weight, -each.waiting, each.node)))


def insight(process: str, days: int) -> Insight:
    """The figures of a process over the last `days` days."""
    first_day = time.today() - timedelta(days=days - 1)
    since = datetime.combine(first_day, datetime.min.time(), CHINA)
    titles, repeated = _drawn(process)
    return Insight(
        process,
        days,
        steps(process, since, titles),
        teams(process, since, titles),
        _clocks(process, since),
        rework(process, since, titles, repeated),
        throughput(process, since),
    )


def steps(process: str, since: datetime, titles: Mapping[str, str]) -> tuple[StepFigures, ...]:
    """The figures of every element with tasks, in the order of `titles`; the ninetieth percentile is by nearest rank."""
    session = current_session()
    taken = {
        node: (int(done), mean, p90)
        for node, done, mean, p90 in session.execute(_times(session, process, since).limit(MOST))
    }
    waiting = {
        node: (count, oldest)
        for node, count, oldest in session.execute(
            select(ProcessTask.node, func.count(), func.min(ProcessTask.opened_at))
            .where(ProcessTask.process == process, ProcessTask.finished_at.is_(None), *_unfinished())
            .group_by(ProcessTask.node)
            .limit(MOST)
        )
    }
    found = []
    places = {node: place for place, node in enumerate(titles)}
    for node in sorted({*taken, *waiting}, key=lambda node: (places.get(node, len(places)), node)):
        done, mean, p90 = taken.get(node, (0, None, None))
        count, oldest = waiting.get(node, (0, None))
        found.append(
            StepFigures(node, titles.get(node) or node, count, oldest, done, _number(mean), _number(p90)),
        )
    return tuple(found)


def _times(session: Session, process: str, since: datetime) -> Select[str, int, float, float]:
    """Element, how many were done, their mean seconds and the ninetieth percentile."""
    seconds = _seconds(session, ProcessTask.opened_at, ProcessTask.finished_at)
    done = _done_since(process, since)
    if not _is_sqlite(session):
        p90 = func.percentile_disc(0.9).within_group(seconds)
        statement = select(ProcessTask.node, func.count(), func.avg(seconds), p90).where(*done)
        return statement.group_by(ProcessTask.node).order_by(ProcessTask.node)
    ranked = (
        select(
            ProcessTask.node.label("node"),
            seconds.label("seconds"),
            func.row_number().over(partition_by=ProcessTask.node, order_by=seconds).label("rank"),
            func.count().over(partition_by=ProcessTask.node).label("total"),
        )
        .where(*done)
        .subquery()
    )
    slow = case((ranked.c.rank * 10 >= ranked.c.total * 9, ranked.c.seconds))
    counted = select(ranked.c.node, func.count(), func.avg(ranked.c.seconds), func.min(slow))
    return counted.group_by(ranked.c.node).order_by(ranked.c.node)


def teams(process: str, since: datetime, titles: Mapping[str, str]) -> tuple[TeamFigures, ...]:
    """How deadlines of tasks were kept, by element and role."""
    in_time = func.sum(case((ProcessTask.finished_at <= ProcessTask.due_at, 1), else_=0))
    due = ProcessTask.due_at.is_not(None)
    done = (
        select(ProcessTask.node, ProcessTask.role, func.count(), in_time)
        .where(*_done_since(process, since), due)
        .group_by(ProcessTask.node, ProcessTask.role)
        .limit(MOST)
    )
    late = (
        select(ProcessTask.node, ProcessTask.role, func.count())
        .where(
            ProcessTask.process == process,
            ProcessTask.finished_at.is_(None),
            ProcessTask.due_at < time.now(),
            *_unfinished(),
        )
        .group_by(ProcessTask.node, ProcessTask.role)
        .limit(MOST)
    )
    session = current_session()
    counted = {(node, role): (int(good), int(total - good)) for node, role, total, good in session.execute(done)}
    overdue = {(node, role): count for node, role, count in session.execute(late)}
    return tuple(
        TeamFigures(
            node, titles.get(node) or node, role, *counted.get((node, role), (0, 0)), overdue.get((node, role), 0)
        )
        for node, role in sorted({*counted, *overdue})
    )


def rework(
    process: str, since: datetime, titles: Mapping[str, str], repeated: frozenset[str] = frozenset()
) -> tuple[ReworkFigures, ...]:
    """Elements that cases passed more than once, the most frequent first; `repeated` are those that are drawn so."""
    per_case = (
        select(ProcessTask.node.label("node"), func.count().label("passes"))
        .where(*_done_since(process, since), ProcessTask.node.not_in(sorted(repeated)))
        .group_by(ProcessTask.node, ProcessTask.instance_id)
        .having(func.count() > 1)
        .subquery()
    )
    cases = func.count()
    statement = (
        select(per_case.c.node, cases, func.sum(per_case.c.passes), func.max(per_case.c.passes))
        .group_by(per_case.c.node)
        .order_by(cases.desc(), per_case.c.node)
        .limit(MOST)
    )
    return tuple(
        ReworkFigures(node, titles.get(node) or node, count, int(passes), most)
        for node, count, passes, most in current_session().execute(statement)
    )


def throughput(process: str, since: datetime) -> tuple[DayFigures, ...]:
    """Cases started and ended on each day of the period, days without any among them."""

    def per_day(moment: InstrumentedAttribute[Any]) -> dict[date, int]:
        day = _day(current_session(), moment)
        statement = select(day, func.count()).where(ProcessInstance.process == process, moment >= since).group_by(day)
        return {_as_date(found): count for found, count in current_session().execute(statement) if found is not None}

    started, finished = per_day(ProcessInstance.started_at), per_day(ProcessInstance.finished_at)
    first, last = since.astimezone(CHINA).date(), time.today()
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(DayFigures(day, started.get(day, 0), finished.get(day, 0)) for day in days)


def _clocks(process: str, since: datetime) -> tuple[ClockFigures, ...]:
    """Declared limits; those of tasks are told by `teams`, and timers of the diagram are not limits."""

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    statement = (
        select(
            Clock.name,
            func.max(Clock.title_zh),
            func.max(Clock.title_en),
            Clock.kind,
            count(Clock.state == "met"),
            count(Clock.state == "missed"),
            count(Clock.ended_at.is_(None) & (Clock.state != "missed")),
        )
        .where(
            Clock.process == process,
            Clock.kind != "step",
            Clock.node == "",
            (Clock.ended_at >= since) | Clock.ended_at.is_(None),
        )
        .group_by(Clock.name, Clock.kind)
        .order_by(Clock.name)
        .limit(MOST)
    )
    return tuple(
        ClockFigures(name, Text(zh, en), kind, int(met), int(missed), int(running))
        for name, zh, en, kind, met, missed, running in current_session().execute(statement)
    )


def _done_since(process: str, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (ProcessTask.process == process, ProcessTask.finished_at >= since, ProcessTask.status == "done")


def _unfinished() -> tuple[ColumnElement[bool], ...]:
    return (ProcessTask.status.in_(("open", "failed")),)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _seconds(
    session: Session, start: InstrumentedAttribute[Any], end: InstrumentedAttribute[Any]
) -> ColumnElement[float]:
    if _is_sqlite(session):
        return (func.julianday(end) - func.julianday(start)) * 86_400.0
    return cast(func.extract("epoch", end - start), SqlFloat)


def _day(session: Session, moment: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    if _is_sqlite(session):
        return func.date(moment, "+8 hours")
    return cast(func.timezone("Asia/Shanghai", moment), SqlDate)


def _as_date(found: Any) -> date:
    return found if isinstance(found, date) else date.fromisoformat(str(found))


def _number(found: Any) -> float | None:
    return None if found is None else round(float(found), 3)


def _drawn(process: str) -> tuple[dict[str, str], frozenset[str]]:
    """What the elements are called in the latest versions, and which of them are drawn to be repeated."""
    query = select(ProcessVersion.xml).filter_by(process=process).order_by(ProcessVersion.number.desc())
    titles: dict[str, str] = {}
    repeated: set[str] = set()
    for xml in current_session().scalars(query.limit(_VERSIONS)):
        root = safe_root(bytes(xml))
        for element in root.iter(etree.Element):
            if (identity := element.get("id")) and (name := element.get("name")):
                titles.setdefault(identity, name)
        for kind in ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics"):
            for loop in root.iter(f"{BPMN}{kind}"):
                around = loop.getparent()
                if around is not None:
                    repeated |= {each.get("id", "") for each in around.iter(etree.Element) if each.get("id")}
    return titles, frozenset(repeated)

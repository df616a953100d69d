"""Streams of events in the operational database: kept sealed, judged in the background, each alert written once.

A watch has no state but the stored events and the alerts told: whoever comes after a restart reads both again. Events that come
late are judged in their place, and with them those after them whose time reaches back so far.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.core import clock
from app.core.db import current_session, database, unit_of_work
from app.core.errors import Invalid
from app.core.jobs import TaskContext, enqueue
from app.core.text import Text
from app.rules.inference.content import watch_of
from app.rules.inference.models import RuleVerdict, WatchedEvent
from app.rules.inference.verdicts import mark_of
from app.rules.inference.watch import Watch
from app.rules.inference.watching import Alert, Event, counted_enough, quieted, read_events

WATCH_EVENTS: Final = "rules.watch"
CHUNK: Final = 500
MOST_EVENTS: Final = 20_000
"""So many events at most are judged at a time, those before and after the new ones included."""

_event: Final = cast(Table, WatchedEvent.__table__)
_verdict: Final = cast(Table, RuleVerdict.__table__)


def observe(ruleset: str, data: object) -> int:
    """Give events to a watch; gives the number of the task that judges them. An event whose key was given before is known.

    `data` maps kinds of events to lists, each event with its fields and `at`. Belongs to the running unit of work. Raises
    NotFound, and Invalid for events that do not fit.
    """
    watch = watch_of(ruleset)
    events = read_events(watch, data)
    make = postgresql.insert if database().kind == "postgresql" else sqlite.insert
    rows = [
        {"ruleset": watch.name, "key": each.key, "kind": each.kind, "at": each.at, "content": each.content}
        for each in events
    ]
    if rows:
        current_session().execute(make(_event).on_conflict_do_nothing(), rows)
    which = hashlib.sha256("\n".join(sorted(each.key for each in events)).encode()).hexdigest()[:32]
    return enqueue(WATCH_EVENTS, {"ruleset": watch.name}, f"{watch.name}:{which}")


def judge_stream(context: TaskContext) -> None:
    """The task: judge the events of a watch that nobody has judged, in the order in which they happened."""
    watch = watch_of(str(context.params["ruleset"]))
    done = 0
    while waiting := _waiting(watch):
        context.check()
        first, last = waiting[0][1], waiting[-1][1]
        events = _between(watch, first - watch.memory, last + watch.memory)
        # An alert before the first new event is the business of whoever judged that one.
        alerts = [each for each in counted_enough(watch, events) if each.at >= first]
        _write(watch, [number for number, _ in waiting], alerts)
        done += len(waiting)
        context.progress(done, done)


def _waiting(watch: Watch) -> list[tuple[int, datetime]]:
    query = select(_event.c.id, _event.c.at).where(_event.c.ruleset == watch.name, _event.c.judged_at.is_(None))
    with unit_of_work(reading=True) as session:
        return [(row.id, row.at) for row in session.execute(query.order_by(_event.c.at, _event.c.key).limit(CHUNK))]


def _between(watch: Watch, start: datetime, end: datetime) -> list[Event]:
    query = select(_event).where(_event.c.ruleset == watch.name, _event.c.at > start, _event.c.at < end)
    with unit_of_work(reading=True) as session:
        if (session.scalar(select(func.count()).select_from(query.subquery())) or 0) > MOST_EVENTS:
            zh, en = (
                f"时间窗内事件超过{MOST_EVENTS}个",
                f"more than {MOST_EVENTS} events lie within the time of the rules",
            )
            raise Invalid("rules.too_many_events", Text(zh, en))
        rows = session.execute(query.order_by(_event.c.at, _event.c.key)).all()
    return [Event(row.kind, row.key, row.at, row.content) for row in rows]


def _write(watch: Watch, numbers: list[int], alerts: list[Alert]) -> None:
    """Mark the events as judged and write the alerts that are new, in one commit."""
    now = clock.now()
    make = postgresql.insert if database().kind == "postgresql" else sqlite.insert
    with unit_of_work() as session:
        mine = update(_event).where(_event.c.id.in_(numbers), _event.c.judged_at.is_(None)).values(judged_at=now)
        session.execute(mine)
        told = [alert for each in {(alert.rule, alert.subject) for alert in alerts} for alert in _told(watch, *each)]
        outcomes = {rule.id: rule.outcome for rule in watch.rules}
        rows = [_row(watch, alert, outcomes[alert.rule], now) for alert in quieted(watch, alerts, told)]
        if rows:
            session.execute(make(_verdict).on_conflict_do_nothing(), rows)


def _row(watch: Watch, alert: Alert, outcome: str, now: datetime) -> dict[str, Any]:
    return {
        "ruleset": watch.name,
        "edition": watch.edition,
        "key": f"{alert.rule}:{alert.key}",
        "kind": alert.rule,
        "subject": alert.subject,
        "subject_mark": mark_of(alert.rule, alert.subject),
        "outcome": outcome,
        "rules": [alert.rule],
        "reasons": {"event": alert.key, "at": alert.at.isoformat(), "events": list(alert.events)},
        "made_at": now,
    }


def _told(watch: Watch, rule: str, subject: str) -> list[Alert]:
    """The alerts that were written about a subject by a rule, whatever the edition."""
    query = select(_verdict.c.reasons).where(
        _verdict.c.subject_mark == mark_of(rule, subject), _verdict.c.ruleset == watch.name
    )
    return [
        Alert(rule, subject, each["event"], datetime.fromisoformat(each["at"]), tuple(each["events"]))
        for each in current_session().scalars(query)
    ]

"""Work by timetable: every legal entity's batches begin by themselves, by default on the next day (T+1, S-11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select

from app.core import clock, timetable, workdays
from app.core.db import current_session, unit_of_work
from app.core.errors import CreditLinkError
from app.core.jobs import TaskContext
from app.submission.entities.entity import Entity
from app.submission.entities.keeping import all_entities
from app.submission.entities.models import EntityTurn
from app.submission.models import Batch
from app.submission.service import begin_batch, find_batch, standing
from app.workflow import stepping
from app.workflow.models import ProcessTask

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 60
_MOST_MISSED: Final = 31
"""Due times that are made up after an interruption; whoever has been away for longer begins batches by hand."""
_INSTANT: Final = timedelta(microseconds=1)


def begin_due_batches(context: TaskContext) -> None:
    """Begin what is due of every legal entity. What goes wrong with one leaves the others alone."""
    del context
    for entity in all_entities():
        try:
            with unit_of_work():
                follow(entity)
        except CreditLinkError as problem:
            log.warning("batch_not_begun", provider=entity.provider, code=problem.code)


def follow(entity: Entity) -> list[str]:
    """Follow an entity's timetable up to now; the batches that were begun.

    Several days that have come due at once are reported one after the other, the earliest first: each rests on what the
    centre has taken of the one before.
    """
    session, now = current_session(), clock.now()
    turn = session.get(EntityTurn, entity.provider)
    if turn is None:
        session.add(EntityTurn(provider=entity.provider, looked_at=now, days=[]))
        return []
    if turn.looked_at > now + clock.SLACK:
        # The clock ran ahead when this was written, and has been set back: what comes by the clock now is due again.
        turn.looked_at, turn.days = now, [day for day in turn.days if day < clock.today().isoformat()]
    moments = list(due_times(entity, turn.looked_at, now))
    if moments:
        fresh = {day.isoformat() for moment in moments for day in days_reported(entity, moment)}
        turn.days, turn.looked_at = sorted({*turn.days, *fresh}), now
    begun: list[str] = []
    alone = entity.days == "every" and len(turn.days) == 1
    while turn.days and not begun and (alone or not _busy(entity.provider)):
        day, turn.days = date.fromisoformat(turn.days[0]), turn.days[1:]
        if entity.active_on(day):
            begun.append(_begin(entity, day))
    return begun


def _begin(entity: Entity, day: date) -> str:
    """The batch of a day whose turn has come. One that was begun too early, as by a clock that ran ahead, has found no data
    and given up: it is tried again."""
    batch_id = begin_batch(day, provider=entity.provider)
    batch = find_batch(batch_id)
    failed = select(ProcessTask.id).filter_by(instance_id=batch.instance_id, kind="step", status="failed")
    for task_id in current_session().scalars(failed):
        stepping.retry(task_id)
        log.info("batch_tried_again", batch=batch_id)
    return batch_id


def due_times(entity: Entity, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments of its timetable after one moment and up to another, at most 31."""
    trigger = timetable.trigger(entity.cron, None)
    for _ in range(_MOST_MISSED):
        moment = trigger.get_next_fire_time(None, after + _INSTANT)
        if moment is None or moment > until:
            return
        yield moment
        after = moment


def days_reported(entity: Entity, moment: datetime) -> tuple[date, ...]:
    """The business days whose batches begin at a moment of the timetable: the day before, or, where only working days
    count, all since the working day before; none on a day that is not worked."""
    today = moment.astimezone(clock.CHINA).date()
    if entity.days == "every":
        return (today - timedelta(days=1),)
    if not workdays.is_working_day(today, assume_weekdays=True):
        return ()
    first = workdays.add_working_days(today, -1, assume_weekdays=True).day
    return tuple(first + timedelta(days=number) for number in range((today - first).days))


def _busy(provider: str) -> bool:
    """Whether a batch of the entity is under way. One that waits for people does not keep the next from beginning."""
    query = select(Batch).filter_by(provider=provider, status="running")
    return any(standing(batch) == "running" for batch in current_session().scalars(query))

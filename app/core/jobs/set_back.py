"""What was written down, to be done later, by a clock that ran ahead and has been set back since.

Whoever writes "again in ten minutes" while the clock is three days ahead would wait three days. That it was written then shows
by itself: it says it was written at a time that has not come yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select

from app.core.backoff import delay
from app.core.clock import SLACK
from app.core.db import database, unit_of_work
from app.core.jobs.models import RUNNING, WAITING, TaskRow
from app.core.outbox import InboxDelivery

log = structlog.get_logger(__name__)


def tasks_made_good() -> int:
    """Let tasks wait from now as long as they were to wait then, and count silence from now; how many there were."""
    with unit_of_work() as session:
        now = database().now(session)
        ahead = now + SLACK
        wrong = (
            select(TaskRow)
            .where(
                TaskRow.state.in_((WAITING, RUNNING)),
                or_(TaskRow.created_at > ahead, TaskRow.heartbeat_at > ahead),
            )
            .with_for_update(skip_locked=True)
        )
        rows = session.scalars(wrong, execution_options={"populate_existing": True}).all()
        for row in rows:
            _count_from(row, now)
    if rows:
        log.warning("tasks_of_a_clock_ahead", number=len(rows))
    return len(rows)


def _count_from(row: TaskRow, now: datetime) -> None:
    written = max(row.created_at, row.heartbeat_at or row.created_at)
    if row.state == WAITING:
        row.due_at = min(row.due_at, now + max(row.due_at - written, timedelta()))
    row.created_at = min(row.created_at, now)
    row.heartbeat_at = min(row.heartbeat_at, now) if row.heartbeat_at else None


def deliveries_made_good() -> int:
    """Let events that wait for a time that is too far away be delivered after no more than the usual wait; their number."""
    with unit_of_work() as session:
        now = database().now(session)
        wrong = (
            select(InboxDelivery)
            .where(InboxDelivery.state == WAITING, InboxDelivery.due_at > now + SLACK)
            .with_for_update(skip_locked=True)
        )
        late = [row for row in session.scalars(wrong) if row.due_at > _latest(row, now) + SLACK]
        for row in late:
            row.due_at = _latest(row, now)
    if late:
        log.warning("deliveries_of_a_clock_ahead", number=len(late))
    return len(late)


def _latest(row: InboxDelivery, now: datetime) -> datetime:
    return now + delay(row.attempts) if row.attempts else now

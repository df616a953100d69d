"""Messages and escalations that a clock which ran ahead has put off: they come by the clock as it is now."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from app.core import clock
from app.core.backoff import delay
from app.core.db import unit_of_work
from app.notices.models import Message, NoticeCause
from app.notices.sending import FIRST_PAUSE

log = structlog.get_logger(__name__)


def notices_made_good() -> int:
    """Let nothing wait longer than it would have, had it been written now; how many there were."""
    with unit_of_work() as session:
        now = clock.now()
        moved = 0
        waiting = select(Message).where(Message.state == "waiting", Message.due_at > now + clock.SLACK)
        for message in session.scalars(waiting.with_for_update()):
            latest = now + delay(message.attempts, FIRST_PAUSE) if message.attempts else now
            if message.due_at > latest + clock.SLACK:
                message.due_at, message.created_at = latest, min(message.created_at, now)
                moved += 1
        rising = select(NoticeCause).where(
            NoticeCause.escalate_at.is_not(None), NoticeCause.opened_at > now + clock.SLACK
        )
        for cause in session.scalars(rising.with_for_update()):
            if cause.escalate_at is not None:
                cause.escalate_at -= cause.opened_at - now
                cause.opened_at = now
                moved += 1
    if moved:
        log.warning("notices_of_a_clock_ahead", number=moved)
    return moved

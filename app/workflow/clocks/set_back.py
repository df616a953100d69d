"""Time limits that began while the host's clock ran ahead: they end when they would have ended, had they begun now.

Otherwise whoever has fifteen working days by law would seem to have as many days more as the clock was wrong by. What was told
while the clock was wrong stays told; nothing is told twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from app.core import clock as time
from app.core.db import current_session, unit_of_work
from app.workflow.clocks.keeping import warnings_of
from app.workflow.clocks.limits import china_day, moved_by_working_days, working_days_lost
from app.workflow.models import Clock

log = structlog.get_logger(__name__)


def clocks_made_good() -> int:
    """Move the running clocks that say they began later than now; how many there were."""
    with unit_of_work():
        now = time.now()
        wrong = select(Clock).where(Clock.state == "running", Clock.started_at > now + time.SLACK).with_for_update()
        clocks = current_session().scalars(wrong, execution_options={"populate_existing": True}).all()
        for each in clocks:
            _move(each, now)
    if clocks:
        log.warning("limits_of_a_clock_ahead", number=len(clocks))
    return len(clocks)


def _move(clock: Clock, now: datetime) -> None:
    def moved(moment: datetime) -> datetime:
        if clock.days == "working":
            return moved_by_working_days(moment, -working_days_lost(now, clock.started_at)).moment
        if clock.days == "calendar":
            return moment - timedelta(days=(china_day(clock.started_at) - china_day(now)).days)
        return moment - (clock.started_at - now)

    warnings = [moved(moment) for moment in warnings_of(clock)]
    clock.due_at, clock.warnings = moved(clock.due_at), [moment.isoformat() for moment in warnings]
    clock.started_at, clock.next_at = now, warnings[0] if warnings else clock.due_at

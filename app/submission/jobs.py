"""Work by timetable: the batch of a business day begins by itself on the next day (T+1, S-11)."""

from __future__ import annotations

from datetime import timedelta

from app.core import clock
from app.core.config import settings
from app.core.jobs import TaskContext
from app.submission.service import begin_batch


def begin_due_batch(context: TaskContext) -> None:
    """Begin the batch of yesterday, if this installation reports for an institution."""
    del context
    if settings().provider_code:
        begin_batch(clock.today() - timedelta(days=1))

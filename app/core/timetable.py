"""When a job is due, written as five cron fields in Chinese time or as an interval."""

from __future__ import annotations

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from app.core.clock import CHINA


def trigger(cron: str | None, every_seconds: int | None) -> BaseTrigger:
    """The trigger of a job with just one of the two; raises ValueError for anything that is no timetable."""
    if (cron is None) == (every_seconds is None):
        raise ValueError("a job has either cron fields or an interval")
    if cron is None:
        if every_seconds is None or every_seconds < 1:
            raise ValueError("the interval is at least one second")
        return IntervalTrigger(seconds=every_seconds, timezone=CHINA)
    fields = cron.split()
    if len(fields) == 5 and any(sign.isdigit() for sign in fields[4]):
        # Cron counts weekdays from Sunday, the library from Monday: a number would be read wrongly by somebody.
        raise ValueError("weekdays are written as names: mon, tue-fri")
    return CronTrigger.from_crontab(cron, timezone=CHINA)

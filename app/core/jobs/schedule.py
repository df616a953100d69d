"""The timetable: APScheduler with its jobs in our database, awake only in the process that leads.

Being due does no more than enqueue a task whose key holds the due time, under guard of the leader's lease; so even two
schedulers that both think they lead ask for one task.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job as ScheduledJob
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from app.core import clock, timetable
from app.core.actor import SYSTEM, acting
from app.core.db import database, unit_of_work
from app.core.jobs.models import TIMETABLE
from app.core.jobs.tasks import enqueue
from app.core.lease import Lease, guard
from app.core.registry import Job

log = structlog.get_logger(__name__)

_DOOR: Final = "app.core.jobs.schedule:due"


def due(name: str) -> None:
    """Stands in the stored timetable, since APScheduler wants a function there; our executor enqueues instead."""
    raise RuntimeError(f"{name} is to be enqueued, not called")


class _Enqueuer(BaseExecutor):  # type: ignore[misc] # APScheduler has no types
    """Instead of running a due job, puts one task for each due time into the queue."""

    def __init__(self, lease: Lease) -> None:
        super().__init__()
        self._lease = lease

    def _do_submit_job(self, job: ScheduledJob, run_times: list[datetime]) -> None:
        with acting(SYSTEM), unit_of_work():
            guard(self._lease)
            for moment in run_times:
                enqueue(job.id, {}, f"{job.id}@{moment.isoformat()}")
        self._run_job_success(job.id, [])


class Schedule:
    """The timetable, running from construction until `stop`."""

    def __init__(self, jobs: Mapping[str, Job], lease: Lease) -> None:
        store = SQLAlchemyJobStore(engine=database().engine, tablename=TIMETABLE)
        self._scheduler = BackgroundScheduler(
            jobstores={"default": store},
            executors={"default": _Enqueuer(lease)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone=clock.CHINA,
        )
        self._scheduler.start(paused=True)
        self._agree_with(jobs)
        self._scheduler.resume()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def _agree_with(self, jobs: Mapping[str, Job]) -> None:
        """Bring the stored timetable up to date; an unchanged job keeps its due time, so a missed run is made up."""
        stored: dict[str, Any] = {each.id: each for each in self._scheduler.get_jobs()}
        for name in stored.keys() - jobs.keys():
            self._scheduler.remove_job(name)
        for name, job in jobs.items():
            trigger = timetable.trigger(job.cron, job.every_seconds)
            if name not in stored or str(stored[name].trigger) != str(trigger):
                self._scheduler.add_job(_DOOR, trigger, args=[name], id=name, name=name, replace_existing=True)
                log.info("job_scheduled", job=name, trigger=str(trigger))

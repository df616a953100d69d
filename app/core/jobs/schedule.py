"""The timetable: APScheduler with its jobs in our database, awake only in the process that leads.

Being due does no more than enqueue a task whose key holds the due time, under guard of the leader's lease; so even two
schedulers that both think they lead ask for one task. A due time is passed on only when its task has been asked for: what could
not be, because the database was away or another leads by now, is asked for at the next look.
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

_AGAIN_SECONDS: Final = 1.0
_DOOR: Final = "app.core.jobs.schedule:due"


def due(name: str) -> None:
    """Stands in the stored timetable, since APScheduler wants a function there; our executor enqueues instead."""
    raise RuntimeError(f"{name} is to be enqueued, not called")


class _NotAskedFor(Exception):
    """A due time must not be passed over."""


class _Enqueuer(BaseExecutor):  # type: ignore[misc] # APScheduler has no types
    """Instead of running a due job, puts one task for each due time into the queue; `missed` holds those it could not."""

    def __init__(self, lease: Lease) -> None:
        super().__init__()
        self._lease = lease
        self.missed: dict[str, Exception] = {}

    def _do_submit_job(self, job: ScheduledJob, run_times: list[datetime]) -> None:
        try:
            with acting(SYSTEM), unit_of_work():
                guard(self._lease)
                for moment in run_times:
                    enqueue(job.id, {}, f"{job.id}@{moment.isoformat()}")
        except Exception as error:
            self.missed[job.id] = error
        self._run_job_success(job.id, [])


class _Store(SQLAlchemyJobStore):  # type: ignore[misc] # APScheduler has no types
    """Passes a due time on only when it has been asked for."""

    def __init__(self, enqueuer: _Enqueuer) -> None:
        super().__init__(engine=database().engine, tablename=TIMETABLE)
        self._enqueuer = enqueuer

    def update_job(self, job: ScheduledJob) -> None:
        problem = self._enqueuer.missed.pop(job.id, None)
        if problem is not None:
            raise _NotAskedFor(job.id) from problem
        super().update_job(job)


class _Scheduler(BackgroundScheduler):  # type: ignore[misc] # APScheduler has no types
    """Goes on after whatever went wrong."""

    def _process_jobs(self) -> float | None:
        try:
            wait: float | None = super()._process_jobs()
        except Exception as error:
            log.warning("timetable_not_kept", error=repr(error.__cause__ or error))
            return _AGAIN_SECONDS
        return wait


class Schedule:
    """The timetable, running from construction until `stop`."""

    def __init__(self, jobs: Mapping[str, Job], lease: Lease) -> None:
        enqueuer = _Enqueuer(lease)
        self._jobs = jobs
        self._scheduler = _Scheduler(
            jobstores={"default": _Store(enqueuer)},
            executors={"default": enqueuer},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone=clock.CHINA,
        )
        self._scheduler.start(paused=True)
        self._agree_with(jobs)
        self.follow_clock()
        self._scheduler.resume()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def follow_clock(self) -> None:
        """Look at the timetable anew after the clock was set: what has come due runs once, and a job whose next time is
        further away than its timetable says, as it is when the clock was set back, comes at its next time by the clock now.
        """
        now = clock.local_now()
        for each in self._scheduler.get_jobs():
            trigger = timetable.trigger(self._jobs[each.id].cron, self._jobs[each.id].every_seconds)
            soonest = trigger.get_next_fire_time(None, now)
            if each.next_run_time > soonest + clock.SLACK:
                self._scheduler.reschedule_job(each.id, trigger=trigger)
                log.warning("job_of_a_clock_ahead", job=each.id, was=each.next_run_time.isoformat())
        self._scheduler.wakeup()

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

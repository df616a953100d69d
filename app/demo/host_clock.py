"""A host whose days pass quickly: jobs by their timetable and work by a worker, at moments that are set, not waited for.

What a host does in a month it does here in the same order and through the same doors: a job that has come due is put into the
queue, once however often it was missed, and the worker runs what is due. Only the clock stands where it is put.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from app.core import clock, timetable
from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.core.jobs import TaskRow, Worker, enqueue
from app.core.registry import Job, Registry

_LEAST: Final = timedelta(milliseconds=500)
_LONGEST_PAUSE: Final = 1.0
"""Seconds that are really waited where the work waits for somebody outside of this process."""


class HostClock:
    """A host at the moment `at`."""

    def __init__(self, registry: Registry, at: datetime) -> None:
        self.at = at
        self._registry = registry
        self._worker = Worker(registry)
        self._looked = dict.fromkeys(registry.jobs, at)
        with clock.frozen(at):
            self._worker.prepare()

    def go_to(self, moment: datetime) -> None:
        """Let it be `moment`, which is not before the present one: put into the queue what has come due, and run all that is."""
        self.at = max(moment, self.at)
        with clock.frozen(self.at), acting(SYSTEM):
            for name, job in self._registry.jobs.items():
                due = self._due(name, job)
                if due is not None:
                    enqueue(name, {}, f"{name}@{due.isoformat()}")
            self._worker.run_until_idle()

    def act(self, work: Callable[[], None]) -> None:
        """Have somebody do something now, and run what comes of it."""
        with clock.frozen(self.at):
            work()
        self.go_to(self.at)

    def settle(self, busy: Callable[[], bool], until: datetime, *, waiting: bool, seconds: float) -> None:
        """Go on from one due time of a task to the next while `busy`, at most until a moment, and for so many real seconds.

        `waiting`: somebody outside is expected to answer, and is given real time for it.
        """
        started = time.monotonic()
        while busy() and time.monotonic() - started < seconds:
            moment = max(self._next_task() or until, self.at + _LEAST)
            if moment >= until:
                return
            if waiting:
                time.sleep(min(_LONGEST_PAUSE, (moment - self.at).total_seconds()))
            self.go_to(moment)

    def _due(self, name: str, job: Job) -> datetime | None:
        """The latest time at which a job has come due since it was looked at; None if it has not."""
        if job.every_seconds is not None:
            if self.at - self._looked[name] < timedelta(seconds=job.every_seconds):
                return None
            self._looked[name] = self.at
            return self.at
        trigger, due = timetable.trigger(job.cron, None), None
        moment = self._looked[name]
        while (
            moment := trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))
        ) is not None and moment <= self.at:
            due = moment
        self._looked[name] = self.at
        return due

    def _next_task(self) -> datetime | None:
        with unit_of_work(reading=True) as session:
            query = select(func.min(TaskRow.due_at)).where(TaskRow.state == "waiting")
            return session.scalar(query)

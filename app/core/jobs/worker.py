"""The worker: delivers events, runs tasks, keeps the timetable while it leads. Start as many processes as wanted."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.config import settings
from app.core.db import unit_of_work
from app.core.errors import CreditLinkError, Invalid, NotFound, Refused
from app.core.jobs import tasks
from app.core.jobs.context import TaskContext
from app.core.jobs.schedule import Schedule
from app.core.jobs.set_back import deliveries_made_good, tasks_made_good
from app.core.jobs.silence import SIGNS_MISSED, Silence
from app.core.lease import LeaseKeeper, acquire
from app.core.outbox import Dispatcher
from app.core.process import process_name
from app.core.registry import Registry

log = structlog.get_logger(__name__)

LEADER: Final = "core.leader"
_FINAL: Final = (Invalid, NotFound, Refused)


class Worker:
    """Runs what the registry's rooms have announced.

    `heartbeat` is the seconds between two signs of life of a running task; after six of them without one, or at once
    when its process is seen to be gone, the task is another worker's. `pause` is how long an idle worker waits before
    it looks again.
    """

    def __init__(self, registry: Registry, *, heartbeat: float = 5.0, pause: float = 0.5) -> None:
        self.name = process_name()
        self._registry = registry
        self._heartbeat = heartbeat
        self._silence = Silence(heartbeat)
        self._pause = pause
        self._dispatcher = Dispatcher(registry)

    def run(self, stop: threading.Event, threads: int | None = None) -> None:
        """Work until `stop` is set; running tasks are finished first. `threads` defaults to the setting `workers`."""
        self.prepare()
        loops: list[Callable[[threading.Event], None]] = [self._lead, self._deliver]
        loops += [self._work] * (threads or settings().workers)
        running = [threading.Thread(target=loop, args=(stop,), name=loop.__name__.strip("_")) for loop in loops]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

    def prepare(self) -> None:
        """What has to be there before anything runs; `run` does it by itself."""
        for name, act in self._registry.preparations.items():
            try:
                with acting(SYSTEM):
                    act()
            except CreditLinkError as error:
                # Whoever needs it will say so where people look.
                log.warning("preparation_failed", preparation=name, error=str(error))

    def run_until_idle(self) -> int:
        """Deliver and run all that is due now, in this thread; the number of deliveries and tasks attempted."""
        made = 0
        while True:
            with acting(SYSTEM):
                delivered = self._dispatcher.run_until_idle()
            ran = self.run_next()
            made += delivered + ran
            if not delivered and not ran:
                return made

    def run_next(self) -> bool:
        """Attempt one task that is due; False when there is none."""
        with acting(SYSTEM):
            taken = tasks.take(self._registry.tasks.keys(), self.name, self._silence.patience())
        if taken is None:
            return False
        done = threading.Event()
        pulse = threading.Thread(target=self._beat, args=(taken, done), name="heartbeat", daemon=True)
        pulse.start()
        try:
            with acting(SYSTEM):
                self._attempt(taken)
        finally:
            done.set()
            pulse.join()
        return True

    def _attempt(self, taken: TaskContext) -> None:
        task = self._registry.tasks[taken.name]
        try:
            if taken.attempt > task.max_attempts:
                raise RuntimeError("every worker that tried this task was lost")
            if task.own_commits:
                task.run(taken)
                tasks.finish(taken)
            else:
                with unit_of_work():
                    task.run(taken)
                    tasks.finish(taken)
        except Exception as error:
            # Bad input or a missing right does not mend itself; all else may.
            again = taken.attempt < task.max_attempts and not isinstance(error, _FINAL)
            shown = str(error) if isinstance(error, CreditLinkError) else "".join(traceback.format_exception(error))
            tasks.give_back(taken, shown, again=again)
            log.warning(
                "task_failed", task=taken.name, key=taken.key, attempt=taken.attempt, again=again, error=str(error)
            )

    def _beat(self, taken: TaskContext, done: threading.Event) -> None:
        while not done.wait(self._heartbeat):
            try:
                if not tasks.keep_alive(taken) and not done.is_set():
                    taken.lost.set()
                    return
            except CreditLinkError as error:
                log.warning("heartbeat_missed", task=taken.name, error=str(error))

    def _work(self, stop: threading.Event) -> None:
        self._loop(stop, self.run_next)

    def _deliver(self, stop: threading.Event) -> None:
        self._loop(stop, lambda: self._dispatcher.run_until_idle(limit=100) > 0)

    def _loop(self, stop: threading.Event, act: Callable[[], bool]) -> None:
        while not stop.is_set():
            try:
                with acting(SYSTEM):
                    busy = act()
            except Exception:
                # The loop must outlive a database that is away for a while.
                log.exception("worker_loop_failed")
                busy = False
            if not busy:
                stop.wait(self._pause)

    def _lead(self, stop: threading.Event) -> None:
        """Try to become leader; as leader, keep the timetable awake until stopped or overtaken."""
        seconds = self._heartbeat * SIGNS_MISSED
        while not stop.is_set():
            try:
                lease = acquire(LEADER, self.name, seconds)
                if lease is not None:
                    keeper = LeaseKeeper(lease, seconds)
                    try:
                        self._keep_timetable(keeper, stop)
                    finally:
                        keeper.stop()
            except Exception:
                log.exception("leading_failed")
            stop.wait(self._heartbeat)

    def _keep_timetable(self, keeper: LeaseKeeper, stop: threading.Event) -> None:
        self._make_good()
        watch = clock.Watch()
        schedule = Schedule(self._registry.jobs, keeper.lease)
        log.info("leading", worker=self.name, token=keeper.lease.token)
        try:
            while not stop.is_set() and not keeper.lost.wait(0.2):
                if moved := watch.moved(clock.now()):
                    log.warning("clock_was_set", by=str(moved))
                    if moved < timedelta():
                        self._make_good()
                    schedule.follow_clock()
        finally:
            schedule.stop()

    def _make_good(self) -> None:
        """Find what a clock that ran ahead has put off, and let it come in time."""
        for act in (tasks_made_good, deliveries_made_good, *self._registry.set_back.values()):
            try:
                with acting(SYSTEM):
                    act()
            except CreditLinkError as error:
                # What one could not make good must not stop the timetable; it is tried again by the next who leads.
                log.warning("not_made_good", error=str(error))

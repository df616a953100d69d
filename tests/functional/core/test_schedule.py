"""Jobs run by their timetable, from the leader only, and the timetable outlives restarts."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from itertools import pairwise

import pytest
from sqlalchemy import select, text

from app.core.db import Database, unit_of_work
from app.core.jobs import TaskContext, TaskRow, Worker
from app.core.jobs.schedule import Schedule
from app.core.lease import acquire
from app.core.registry import Job, Registry
from app.core.text import Text

TITLE = Text("敲钟", "ring the bell")


def _registry(run: object = lambda _: None, **timetable: object) -> Registry:
    registry = Registry()
    job = Job("tower.ring", TITLE, run, **(timetable or {"every_seconds": 1}))  # type: ignore[arg-type]
    registry.room("tower", lambda rooms: rooms.job(job))
    registry.check()
    return registry


def _keys() -> list[str]:
    with unit_of_work(reading=True) as session:
        return list(session.scalars(select(TaskRow.key).order_by(TaskRow.id)))


def _next_run() -> float:
    with unit_of_work(reading=True) as session:
        return float(session.scalars(text("SELECT next_run_time FROM scheduled_job")).one())


def _run_for(seconds: float, *workers: Worker) -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=worker.run, args=(stop, 1)) for worker in workers]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()


def test_two_workers_run_each_due_job_once(database: Database) -> None:
    ran: list[TaskContext] = []
    registry = _registry(ran.append)
    _run_for(3.6, *(Worker(registry, heartbeat=0.3, pause=0.05) for _ in range(2)))
    assert len(ran) >= 2
    keys = [context.key for context in ran]
    assert len(set(keys)) == len(keys)
    moments = [datetime.fromisoformat(key.partition("@")[2]) for key in sorted(keys)]
    assert all((later - earlier).total_seconds() >= 1 for earlier, later in pairwise(moments))


def test_an_unchanged_job_keeps_its_due_time_over_a_restart(database: Database) -> None:
    registry = _registry(cron="30 2 1 1 *")
    lease = acquire("core.leader", "me", 60)
    assert lease is not None
    Schedule(registry.jobs, lease).stop()
    with unit_of_work() as session:
        session.execute(text("UPDATE scheduled_job SET next_run_time = next_run_time - 60"))
    earlier = _next_run()
    Schedule(registry.jobs, lease).stop()
    assert _next_run() == earlier
    Schedule(_registry(cron="31 2 1 1 *").jobs, lease).stop()
    assert _next_run() > earlier


def test_runs_missed_while_nobody_led_are_made_up_by_one(database: Database) -> None:
    registry = _registry(every_seconds=2)
    lease = acquire("core.leader", "me", 60)
    assert lease is not None
    Schedule(registry.jobs, lease).stop()
    first_due = _next_run()
    time.sleep(6.5)
    schedule = Schedule(registry.jobs, lease)
    deadline = time.monotonic() + 1
    while not _keys() and time.monotonic() < deadline:
        time.sleep(0.02)
    schedule.stop()
    (key,) = _keys()
    assert datetime.fromisoformat(key.partition("@")[2]).timestamp() == pytest.approx(first_due + 4, abs=0.01)


def test_a_leader_that_was_overtaken_starts_nothing(database: Database) -> None:
    lease = acquire("core.leader", "old", 0.01)
    assert lease is not None
    time.sleep(0.05)
    assert acquire("core.leader", "new", 60) is not None
    schedule = Schedule(_registry().jobs, lease)
    time.sleep(2.5)
    schedule.stop()
    assert _keys() == []


def test_a_job_that_is_gone_leaves_the_timetable(database: Database) -> None:
    lease = acquire("core.leader", "me", 60)
    assert lease is not None
    Schedule(_registry().jobs, lease).stop()
    Schedule({}, lease).stop()
    with unit_of_work(reading=True) as session:
        assert session.scalars(text("SELECT id FROM scheduled_job")).all() == []

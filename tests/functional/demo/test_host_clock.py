"""A host whose clock is set: jobs fall due once, and tasks run at their time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.core import clock
from app.core.db import Database
from app.core.jobs import TaskContext, enqueue
from app.core.registry import Job, Registry, Task
from app.core.text import Text
from app.demo.host_clock import HostClock

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=clock.CHINA)


@pytest.fixture
def ran(sqlite_database: Database) -> tuple[Registry, list[tuple[str, str]]]:
    """A registry with a nightly job, one every five minutes and a task; what ran, and the hour on the Chinese clock."""
    done: list[tuple[str, str]] = []

    def note(context: TaskContext) -> None:
        done.append((context.name, f"{clock.local_now():%d %H:%M}"))

    registry = Registry()
    registry.room("core", lambda registry: None)
    registry.room(
        "night", lambda registry: registry.job(Job("night.batch", Text("夜", "night"), note, cron="30 1 * * *"))
    )
    registry.room(
        "often", lambda registry: registry.job(Job("often.look", Text("看", "look"), note, every_seconds=300))
    )
    registry.room("ask", lambda registry: registry.task(Task("ask.once", Text("问", "ask"), note)))
    return registry, done


def test_a_job_that_was_due_several_times_runs_once(ran: tuple[Registry, list[tuple[str, str]]]) -> None:
    registry, done = ran
    host = HostClock(registry, NOON)
    host.go_to(NOON + timedelta(minutes=4))
    assert done == []
    host.go_to(NOON + timedelta(days=2))
    assert sorted(done) == [("night.batch", "03 12:00"), ("often.look", "03 12:00")]
    host.go_to(NOON + timedelta(days=2, seconds=1))
    assert len(done) == 2


def test_it_goes_from_task_to_task_while_there_is_something_to_do(
    ran: tuple[Registry, list[tuple[str, str]]],
) -> None:
    registry, done = ran
    host = HostClock(registry, NOON)

    def ask() -> None:
        for minutes in (1, 3, 90):
            enqueue("ask.once", {}, str(minutes), due_at=clock.now() + timedelta(minutes=minutes))

    host.act(ask)
    host.settle(lambda: len(done) < 3, NOON + timedelta(hours=1), waiting=False, seconds=30)
    assert done == [("ask.once", "01 12:01"), ("ask.once", "01 12:03")]
    assert host.at == NOON + timedelta(minutes=3)

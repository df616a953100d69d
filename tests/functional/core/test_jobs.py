"""Tasks are asked for once, run once, retried with patience, and their history is kept."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.db import Database, current_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound, Unavailable
from app.core.jobs import TaskContext, TaskRow, TaskState, Worker, enqueue, recent_runs, retry_task, task_state
from app.core.jobs.tasks import take
from app.core.lease import LeaseRow, acquire
from app.core.process import is_gone, process_name
from app.core.registry import Registry, Task
from app.core.text import Text


def _registry(run: Callable[[TaskContext], None], *, own_commits: bool = False, max_attempts: int = 3) -> Registry:
    registry = Registry()
    task = Task("shop.bake", Text("烤", "bake"), run, own_commits=own_commits, max_attempts=max_attempts)
    registry.room("shop", lambda rooms: rooms.task(task))
    registry.check()
    return registry


def _ask(key: str = "bread", **params: Any) -> int:
    return enqueue("shop.bake", params, key)


def _state(task: int) -> TaskState:
    with unit_of_work(reading=True):
        return task_state(task)


def _make_due() -> None:
    with unit_of_work() as session:
        session.execute(update(TaskRow).values(due_at=clock.now() - timedelta(seconds=1)))


def _write(name: str) -> None:
    current_session().add(LeaseRow(name=name, holder="", token=0, expires_at=clock.now()))
    current_session().flush()


def _written() -> list[str]:
    with unit_of_work(reading=True) as session:
        return sorted(session.scalars(select(LeaseRow.name)))


def test_a_task_runs_with_its_parameters_and_is_done(database: Database) -> None:
    seen: list[TaskContext] = []
    task = _ask(flour=3, kind="麦")
    assert Worker(_registry(seen.append)).run_until_idle() == 1
    assert seen[0].params == {"flour": 3, "kind": "麦"}
    assert _state(task).state == "done"
    with unit_of_work(reading=True):
        (run,) = recent_runs(name="shop.bake")
    assert (run.outcome, run.attempt) == ("done", 1)
    assert run.finished_at is not None


def test_asking_twice_is_asking_once(database: Database) -> None:
    ran: list[TaskContext] = []
    worker = Worker(_registry(ran.append))
    assert _ask() == _ask()
    worker.run_until_idle()
    assert _ask() == ran[0].task_id
    worker.run_until_idle()
    assert len(ran) == 1


def test_a_task_asked_for_in_a_unit_that_fails_does_not_exist(database: Database) -> None:
    def ask_and_fail() -> None:
        with unit_of_work():
            _ask()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    assert Worker(_registry(lambda _: None)).run_until_idle() == 0


def test_a_failure_undoes_the_work_and_is_retried_later(database: Database) -> None:
    def bake(context: TaskContext) -> None:
        _write(f"loaf {context.attempt}")
        if context.attempt == 1:
            raise Unavailable("shop.oven", Text("炉冷", "the oven is cold"))

    worker = Worker(_registry(bake))
    task = _ask()
    worker.run_until_idle()
    state = _state(task)
    assert (state.state, state.attempts) == ("waiting", 1)
    assert "the oven is cold" in (state.error or "")
    assert state.due_at > clock.now()
    assert worker.run_until_idle() == 0
    _make_due()
    worker.run_until_idle()
    assert _state(task).state == "done"
    assert _written() == ["loaf 2"]
    with unit_of_work(reading=True):
        assert [run.outcome for run in recent_runs()] == ["done", "failed"]


def test_a_task_that_keeps_failing_is_an_incident_that_can_be_retried(database: Database) -> None:
    broken = True

    def bake(context: TaskContext) -> None:
        if broken:
            raise ValueError("burnt")

    worker = Worker(_registry(bake, max_attempts=2))
    task = _ask()
    for _ in range(3):
        worker.run_until_idle()
        _make_due()
    assert (_state(task).state, _state(task).attempts) == ("failed", 2)
    broken = False
    with unit_of_work():
        retry_task(task)
    worker.run_until_idle()
    assert _state(task).state == "done"
    with pytest.raises(Conflict), unit_of_work():
        retry_task(task)
    with pytest.raises(NotFound), unit_of_work():
        retry_task(10**9)


def test_bad_input_is_not_tried_again(database: Database) -> None:
    def bake(context: TaskContext) -> None:
        raise Invalid("shop.flour", Text("没有面粉", "no flour"))

    task = _ask()
    Worker(_registry(bake)).run_until_idle()
    assert (_state(task).state, _state(task).attempts) == ("failed", 1)


def test_progress_is_seen_while_a_task_with_own_commits_runs(database: Database) -> None:
    seen: list[TaskState] = []

    def bake(context: TaskContext) -> None:
        context.progress(3, 10, "第三炉")
        seen.append(_state(context.task_id))
        context.progress(10, 10)

    task = _ask()
    Worker(_registry(bake, own_commits=True)).run_until_idle()
    assert (seen[0].progress_current, seen[0].progress_total, seen[0].progress_note) == (3, 10, "第三炉")
    assert _state(task).progress_current == 10


def test_a_worker_that_was_overtaken_cannot_finish_and_its_work_is_undone(database: Database) -> None:
    def bake(context: TaskContext) -> None:
        _write("by the slow one")
        if database.kind == "postgresql":
            with_other_connection()
        else:
            current_session().execute(update(TaskRow).values(attempts=TaskRow.attempts + 1, worker="other"))

    def with_other_connection() -> None:
        def overtake() -> None:
            with unit_of_work() as session:
                session.execute(update(TaskRow).values(attempts=TaskRow.attempts + 1, worker="other"))

        other = threading.Thread(target=overtake)
        other.start()
        other.join()

    task = _ask()
    Worker(_registry(bake)).run_next()
    assert _written() == []
    assert _state(task).state != "done"


def test_a_silent_worker_loses_its_task_to_another(database: Database) -> None:
    ran: list[int] = []

    def bake(context: TaskContext) -> None:
        ran.append(context.attempt)

    task = _ask()
    with unit_of_work() as session:
        assert take(["shop.bake"], "the dead one", timedelta(seconds=30)) is not None
        session.execute(update(TaskRow).values(heartbeat_at=clock.now() - timedelta(seconds=60)))
    Worker(_registry(bake), heartbeat=60).run_until_idle()
    assert ran == []
    other = Worker(_registry(bake), heartbeat=0.2)
    other.run_until_idle()
    assert ran == [], "whoever has just come does not know yet whether the clock was set"
    deadline = time.monotonic() + 60
    while not ran and time.monotonic() < deadline:
        other.run_until_idle()
        time.sleep(0.05)
    assert ran == [2]
    with unit_of_work(reading=True):
        assert [run.outcome for run in recent_runs()] == ["done", "lost"]
    assert _state(task).state == "done"


def test_a_worker_that_is_seen_to_be_gone_loses_its_task_and_lease_at_once(database: Database) -> None:
    tell = "from app.core.process import process_name; print(process_name())"
    gone = subprocess.run([sys.executable, "-c", tell], check=True, capture_output=True, text=True).stdout.strip()
    assert is_gone(gone)
    assert not is_gone(process_name())
    assert not is_gone("elsewhere:1:another boot/1:ab")
    ran: list[int] = []
    _ask()
    assert take(["shop.bake"], gone, timedelta(days=1)) is not None
    assert acquire("writer", gone, 86400) is not None
    assert acquire("writer", process_name(), 86400) is not None
    Worker(_registry(lambda context: ran.append(context.attempt)), heartbeat=3600).run_until_idle()
    assert ran == [2]


def test_many_workers_run_each_task_once(database: Database) -> None:
    ran: list[str] = []
    registry = _registry(lambda context: ran.append(context.key))
    for number in range(30):
        _ask(f"loaf {number}")
    threads = [threading.Thread(target=Worker(registry).run_until_idle) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ran) == sorted(f"loaf {number}" for number in range(30))


def test_a_worker_leaves_alone_what_it_does_not_know(database: Database) -> None:
    task = enqueue("other.room", {}, "1")
    assert Worker(_registry(lambda _: None)).run_until_idle() == 0
    assert _state(task).state == "waiting"


def test_parameters_must_be_json(database: Database) -> None:
    with pytest.raises(Invalid):
        enqueue("shop.bake", {"when": object()}, "1")

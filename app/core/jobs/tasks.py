"""Asking for tasks, taking them, and noting how they went."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Executable,
    Insert,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import current_actor
from app.core.backoff import delay
from app.core.db import UtcDateTime, current_session, database, in_unit_of_work, on_commit, unit_of_work
from app.core.db.engine import moment
from app.core.db.rows import inserting_if_new
from app.core.errors import Conflict, Invalid, NotFound
from app.core.jobs.context import TaskContext, overtaken
from app.core.jobs.models import DONE, FAILED, LOST, RUNNING, WAITING, JobRun, TaskRow
from app.core.process import is_gone
from app.core.text import Text

Moment = datetime | ColumnElement[datetime]
_LONGEST_ERROR: Final = 4000


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task as a page may show it. Progress is of the latest attempt; a total of 0 means that it is not known."""

    id: int
    name: str
    key: str
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None
    error: str | None
    progress_current: int
    progress_total: int
    progress_note: str


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a task, as the jobs board shows it."""

    task_id: int
    name: str
    attempt: int
    worker: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    error: str | None
    progress_current: int
    progress_total: int
    progress_note: str


def enqueue(name: str, params: Mapping[str, Any], key: str, *, due_at: datetime | None = None) -> int:
    """Ask for the task `name` under `key` and return its number; a second asking finds the first, whatever its state.

    Belongs to the running unit of work where there is one. `params` must be JSON. Raises Invalid (`core.task_params`).
    """
    try:
        plain = json.loads(json.dumps(dict(params)))
    except (TypeError, ValueError) as error:
        raise Invalid("core.task_params", Text("任务参数须为 JSON", "the parameters of a task must be JSON")) from error
    if in_unit_of_work():
        return _asked(name, plain, key, due_at)
    with unit_of_work():
        return _asked(name, plain, key, due_at)


def _asked(name: str, params: Mapping[str, Any], key: str, due_at: datetime | None) -> int:
    session = current_session()
    given = {"called": name, "as_key": key, "with_params": params, "due": due_at, "by": current_actor().id}
    asked = session.execute(_asking(database().kind, database().has_clock), {**given, **database().now_given}).scalar()
    if asked is not None:
        return int(asked)
    return session.scalars(select(TaskRow.id).where(TaskRow.name == name, TaskRow.key == key)).one()


def task_state(task_id: int) -> TaskState:
    """Where a task stands; raises NotFound (`core.task`)."""
    session = current_session()
    row = session.get(TaskRow, task_id, populate_existing=True)
    if row is None:
        raise _no_task()
    run = session.scalars(select(JobRun).where(JobRun.task_id == task_id).order_by(JobRun.id.desc()).limit(1)).first()
    return TaskState(
        id=row.id,
        name=row.name,
        key=row.key,
        state=row.state,
        attempts=row.attempts,
        created_at=row.created_at,
        due_at=row.due_at,
        finished_at=row.finished_at,
        error=row.error,
        progress_current=run.progress_current if run else 0,
        progress_total=run.progress_total if run else 0,
        progress_note=run.progress_note if run else "",
    )


def recent_runs(limit: int = 100, *, name: str | None = None) -> list[Run]:
    """The latest attempts, newest first."""
    query = select(JobRun).order_by(JobRun.id.desc()).limit(limit)
    if name is not None:
        query = query.where(JobRun.name == name)
    return [
        Run(
            task_id=row.task_id,
            name=row.name,
            attempt=row.attempt,
            worker=row.worker,
            started_at=row.started_at,
            finished_at=row.finished_at,
            outcome=row.outcome,
            error=row.error,
            progress_current=row.progress_current,
            progress_total=row.progress_total,
            progress_note=row.progress_note,
        )
        for row in current_session().scalars(query)
    ]


def retry_task(task_id: int) -> None:
    """Try a task anew that failed for good; raises NotFound (`core.task`) or Conflict (`core.task_not_failed`)."""
    session = current_session()
    row = session.get(TaskRow, task_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise _no_task()
    if row.state != FAILED:
        raise Conflict("core.task_not_failed", Text("只有失败的任务可以重试", "only a failed task can be retried"))
    row.state = WAITING
    row.attempts = 0
    row.due_at = database().now(session)
    row.finished_at = None


def forget_done(older_than: timedelta) -> int:
    """Delete tasks that were done so long ago, with the history of their attempts; the number deleted."""
    gone = current_session().execute(
        delete(TaskRow).where(TaskRow.state == DONE, TaskRow.finished_at < clock.now() - older_than),
        execution_options={"synchronize_session": False},
    )
    return int(gone.rowcount)  # type: ignore[attr-defined] # a DELETE always has one


def _no_task() -> NotFound:
    return NotFound("core.task", Text("没有这个任务", "there is no such task"))


def take(names: Collection[str], worker: str, patience: timedelta) -> TaskContext | None:
    """Take the task of these names that is due longest: waiting, or with a worker that is gone or silent too long."""
    first, taking = _taking(tuple(sorted(names)), patience, database().has_clock)
    given: dict[str, Any] = {"earlier": clock.now() - patience, "gone": [], **database().now_given}
    if database().one_writer:
        with unit_of_work(reading=True) as session:
            # An idle worker looks often; only reading, it keeps nobody from writing.
            if session.execute(first, {**given, "gone": _gone(session)}).first() is None:
                return None
    with unit_of_work() as session:
        given["by"] = worker
        row = session.execute(taking, given).first()
        if row is None and (gone := _gone(session)):
            row = session.execute(taking, {**given, "gone": gone}).first()
        if row is None:
            return None
        if row.attempts > 1:
            _close_runs(session, row.id, LOST, "the worker was heard of no more", database().moment())
        begun = {"of": row.id, "called": row.name, "nth": row.attempts, "by": worker}
        run_id = session.execute(_begun(database().has_clock), {**begun, **database().now_given}).scalar_one()
        return TaskContext(row.id, row.name, row.key, row.params, row.attempts, run_id, worker)


def _gone(session: Session) -> list[str]:
    """The workers with a task that are known to be no more."""
    return [worker for worker in session.scalars(_BUSY) if worker is not None and is_gone(worker)]


# Statements of the executor's every task are made once: making one takes longer than the database does to run it.
_BUSY: Final = select(TaskRow.worker).where(TaskRow.state == RUNNING, TaskRow.worker.is_not(None)).distinct()
_task: Final = cast(Table, TaskRow.__table__)
_run: Final = cast(Table, JobRun.__table__)


_MINE: Final = and_(
    _task.c.id == bindparam("of"),
    _task.c.worker == bindparam("by"),
    _task.c.attempts == bindparam("nth"),
    _task.c.state == RUNNING,
)
"""That a task is still the attempt's that says so."""


def _me(taken: TaskContext) -> dict[str, Any]:
    return {"of": taken.task_id, "by": taken.worker, "nth": taken.attempt}


@cache
def _asking(kind: str, has_clock: bool) -> Executable:
    now = moment(has_clock)
    values = {
        "name": bindparam("called"),
        "key": bindparam("as_key"),
        "params": bindparam("with_params"),
        "state": WAITING,
        "attempts": 0,
        "due_at": func.coalesce(bindparam("due", type_=UtcDateTime()), now),
        "created_at": now,
        "created_by": bindparam("by"),
    }
    return inserting_if_new(kind, _task).values(values).returning(_task.c.id)


@cache
def _begun(has_clock: bool) -> Insert:
    values = {
        "task_id": bindparam("of"),
        "name": bindparam("called"),
        "attempt": bindparam("nth"),
        "worker": bindparam("by"),
        "started_at": moment(has_clock),
        "outcome": RUNNING,
        "progress_current": 0,
        "progress_total": 0,
        "progress_note": "",
    }
    return insert(_run).values(values).returning(_run.c.id)


@cache
def _done(has_clock: bool) -> tuple[Update, Update]:
    """The task is done, where it still is this attempt's; and so is its run."""
    now = moment(has_clock)
    task = update(_task).where(_MINE).values(state=DONE, finished_at=now, error=None)
    run = update(_run).where(_run.c.id == bindparam("run"), _run.c.outcome == RUNNING)
    return task, run.values(outcome=DONE, error=None, finished_at=now)


@cache
def _taking(names: tuple[str, ...], patience: timedelta, has_clock: bool) -> tuple[Select[int], Update]:
    """Look for what waits, has been silent for so long, or was with a worker that is `gone`; and take it as it is then."""
    now, silent = moment(has_clock), moment(has_clock, earlier=patience)
    left = or_(_task.c.heartbeat_at < silent, _task.c.worker.in_(bindparam("gone", expanding=True)))
    due = or_(and_(_task.c.state == WAITING, _task.c.due_at <= now), and_(_task.c.state == RUNNING, left))
    first = select(_task.c.id).where(_task.c.name.in_(names), due).order_by(_task.c.due_at, _task.c.id).limit(1)
    chosen = first.with_for_update(skip_locked=True).scalar_subquery()
    taking = (
        update(_task)
        .where(_task.c.id == chosen)
        .values(state=RUNNING, attempts=_task.c.attempts + 1, worker=bindparam("by"), heartbeat_at=now)
        .returning(_task.c.id, _task.c.name, _task.c.key, _task.c.params, _task.c.attempts)
    )
    return first, taking


def keep_alive(taken: TaskContext) -> bool:
    """Note that the worker still works; False when the task is no longer its own."""
    with unit_of_work() as session:
        return _touch(session, taken, heartbeat_at=database().moment())


def finish_here(taken: TaskContext) -> None:
    """Let a task with commits of its own be done by the running unit: what it has done there and that stand together.

    Raises as `finish`.
    """
    _finish(taken)

    def note() -> None:
        taken.finished = True

    on_commit(note)


def finish(taken: TaskContext) -> None:
    """Mark the task done; raises Conflict (`core.task_taken_over`) where another worker has it by now."""
    if not taken.finished:
        with unit_of_work():
            _finish(taken)


def _finish(taken: TaskContext) -> None:
    session, (task, run) = current_session(), _done(database().has_clock)
    if not session.execute(task, {**_me(taken), **database().now_given}).rowcount:  # type: ignore[attr-defined] # an UPDATE always has one
        raise overtaken(taken.name)
    session.execute(run, {"run": taken.run_id, **database().now_given})


def give_back(taken: TaskContext, error: str, *, again: bool) -> None:
    """Note a failure: the task waits for its next attempt (`again`) or has failed for good."""
    shown = error[-_LONGEST_ERROR:]
    with unit_of_work() as session:
        now = database().now(session)
        values: dict[str, Any] = {"error": shown}
        if again:
            values |= {"state": WAITING, "due_at": now + delay(taken.attempt)}
        else:
            values |= {"state": FAILED, "finished_at": now}
        if _touch(session, taken, **values):
            _close_runs(session, taken.task_id, FAILED, shown, now)


def _touch(session: Session, taken: TaskContext, **values: Any) -> bool:
    result = session.execute(update(_task).where(_MINE).values(**values), _me(taken))
    return bool(result.rowcount)  # type: ignore[attr-defined] # an UPDATE always has one


def _close_runs(session: Session, task_id: int, outcome: str, error: str | None, now: Moment) -> None:
    session.execute(
        update(JobRun)
        .where(JobRun.task_id == task_id, JobRun.outcome == RUNNING)
        .values(outcome=outcome, error=error, finished_at=now)
        .execution_options(synchronize_session=False)
    )

"""What the job executor does for processes: run a step, carry its result on, or make what went wrong visible.

A step is run at least once and its result taken once: everything it writes in a database goes by its `key`, which stays
the same at every try.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Row, bindparam, select

from app.core.db import current_session, database, unit_of_work, update_row
from app.core.errors import Conflict, CreditLinkError, Unavailable
from app.core.jobs import TaskContext, finish_here
from app.core.registry import Registry, Step, Task
from app.core.text import Text
from app.workflow.host import carry_on, pass_on
from app.workflow.instance import RUN_STEP, Held, advance, enqueue_step, hold_by, turn_key
from app.workflow.models import ProcessInstance, ProcessTask

MOST_ATTEMPTS: Final = 8
"""So often a step is tried before it becomes an incident."""


@dataclass(frozen=True, slots=True)
class Later:
    """What a step gives back when the world is not ready: call me again in so many seconds.

    `why` is shown with the step meanwhile, where waiting is not as usual.
    """

    seconds: float
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a step gives back when its result will come from elsewhere: it stays open until then."""


class StepFailed(Exception):
    """A step says that it cannot be done, by a code for which a diagram may have an error event at the step's edge.

    Where it has none the step becomes an incident at once: trying again would not help.
    """

    def __init__(self, code: str, message: Text) -> None:
        super().__init__(f"{code}: {message.en}")
        self.code = code
        self.message = message


@dataclass(slots=True)
class StepContext:
    """What a step is given beside its parameters.

    `key` is the same at every try of the same step, `turn` counts how often it has asked to be called again later.
    """

    key: str
    turn: int
    task: TaskContext

    def progress(self, done: int, total: int) -> None:
        self.task.progress(done, total)


def register_executor(registry: Registry) -> None:
    """Let the job executor run the steps of processes."""
    title = Text("执行流程步骤", "Run a process step")
    run = partial(run_step, registry)
    registry.task(Task(RUN_STEP, title, run, own_commits=True, max_attempts=MOST_ATTEMPTS + 1))


def run_step(registry: Registry, context: TaskContext) -> None:
    """The executor's task: run one step and carry its result into the process."""
    task_id = context.params["task"]
    with unit_of_work(reading=True) as session:
        found = session.execute(_DUE, {"task": task_id}).first()
    if found is None or not _is_due(found, context) or found.resting:
        return  # one that is suspended is asked for again when it is resumed
    if context.attempt > MOST_ATTEMPTS:
        # The executor itself gives up only after this: the workers that tried were killed before they could say anything.
        _note_failure(context, task_id, Unavailable("workflow.lost", _LOST))
        return
    try:
        result = _call(registry.steps[found.name], StepContext(task_id, found.turn, context), found.params)
    except StepFailed as problem:
        _fail(context, task_id, problem)
        return
    except Exception as problem:
        _note_failure(context, task_id, problem)
        raise
    try:
        _carry(context, task_id, result)
    except CreditLinkError as problem:
        # A process that cannot take the result, such as a time limit that reads no date in it, says so where people look.
        _note_failure(context, task_id, problem)
        raise


def _carry(context: TaskContext, task_id: str, result: Any) -> None:
    with unit_of_work():
        taken = _taken(context, task_id)
        if taken is None:
            return
        task, held = taken
        if isinstance(result, Later):
            why = f"{result.why.zh} / {result.why.en}" if result.why else None
            update_row(task, turn=task.turn + 1, error=why)
            enqueue_step(task, database().now(current_session()) + timedelta(seconds=result.seconds))
        elif not isinstance(result, Elsewhere):
            carry_on(task, held, result)
        finish_here(context)


_task, _instance = ProcessTask.__table__.c, ProcessInstance.__table__.c
_DUE: Final = select(
    _task.id, _task.name, _task.params, _task.status, _task.turn, (_instance.status == "suspended").label("resting")
).where(_task.id == bindparam("task"), _instance.id == _task.instance_id)


def _is_due(task: ProcessTask | Row[Any], context: TaskContext) -> bool:
    return task.status == "open" and context.key == turn_key(task)


def _taken(context: TaskContext, task_id: str) -> tuple[ProcessTask, Held] | None:
    """The step and its instance, locked; None where it is not this try's any more."""
    task, held = hold_by(task_id, "step")
    return (task, held) if _is_due(task, context) else None


def _call(step: Step, context: StepContext, given: Mapping[str, Any]) -> Any:
    return step.run(context, step.params(**given))


_LOST = Text("执行该步骤的进程屡次中断", "every process that ran this step was lost")


def _fail(context: TaskContext, task_id: str, problem: StepFailed) -> None:
    """Go on at the error event that the diagram has for the code; without one it is an incident."""
    with unit_of_work():
        found = _taken(context, task_id)
        if found is None:
            return
        fail_held(*found, problem)


def fail_held(task: ProcessTask, held: Held, problem: StepFailed) -> None:
    """Let a step of a locked instance fail: on at the error event for the code, or an incident."""
    task.error = f"{problem.code}: {problem.message.zh} / {problem.message.en}"
    caught, sent = advance(held, lambda run: run.fail(task.id, problem.code))
    if caught:
        pass_on(held.instance, sent)
    else:
        task.status, held.instance.status = "failed", "incident"


def _note_failure(context: TaskContext, task_id: str, problem: Exception) -> None:
    """Keep the error where people look; the last try makes it an incident."""
    words = f"{problem.message.zh} / {problem.message.en}" if isinstance(problem, CreditLinkError) else repr(problem)
    final = isinstance(problem, CreditLinkError) and problem.status in (403, 404, 422)
    with unit_of_work():
        found = _taken(context, task_id)
        if found is None:
            return
        task, held = found
        task.error = words
        if final or context.attempt >= MOST_ATTEMPTS:
            task.status = "failed"
            held.instance.status = "incident"


def retry(task_id: str) -> None:
    """Run a failed step again. Raises NotFound and Conflict (`workflow.not_failed`)."""
    task, held = failed_step(task_id)
    task.status, task.error, task.turn = "open", None, task.turn + 1
    held.instance.status = "running"
    enqueue_step(task)


def failed_step(task_id: str) -> tuple[ProcessTask, Held]:
    """A step that has failed, with its instance locked. Raises NotFound and Conflict (`workflow.not_failed`, `workflow.suspended`)."""
    task, held = hold_by(task_id, "step")
    if task.status != "failed":
        raise Conflict("workflow.not_failed", Text("该步骤并未失败", "This step has not failed"))
    if held.instance.status == "suspended":
        raise Conflict("workflow.suspended", Text("该流程已暂停", "This process has been suspended"))
    return task, held

"""One instance: taken up under a lock, advanced, and saved with its tasks, clocks and next work, together or not at all.

Whoever changes an instance locks its row first, so that a second one waits for a moment instead of being told that
somebody else was quicker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import defer

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session, insert_row, update_row
from app.core.errors import Conflict, NotFound
from app.core.jobs import enqueue
from app.core.text import Text
from app.workflow import clocks
from app.workflow.clocks.moments import names_variable, timer_limit
from app.workflow.content import Definition
from app.workflow.engine import Awaited, Question, Run, StepCall
from app.workflow.engine.spec import CALL
from app.workflow.models import ProcessInstance, ProcessTask
from app.workflow.titles import drawn_title
from app.workflow.versions import version

T = TypeVar("T")
Waiting = StepCall | Question | Awaited
RUN_STEP: Final = "workflow.run_step"
RETURNED: Final = "workflow.returned"
CALLED_OFF: Final = "workflow.called_off"
"""What the executor does, beside running steps, when a called process has ended or is not waited for any more."""


@dataclass(frozen=True, slots=True)
class Held:
    """An instance that is nobody else's until the unit of work ends, with its tasks that are not over, by id."""

    instance: ProcessInstance
    tasks: dict[str, ProcessTask] = field(default_factory=dict)


def hold(instance_id: str) -> Held:
    """Lock an instance. Raises NotFound (`workflow.instance`)."""
    found = current_session().scalars(_HOLD, {"instance": instance_id}).first()
    if found is None:
        raise NotFound("workflow.instance", Text("没有这个流程实例", "There is no such running process"))
    return Held(found, {task.id: task for task in _tasks(found.id)})


def hold_by(task_id: str, kind: str) -> tuple[ProcessTask, Held]:
    """Lock the instance of a task, over or not. Raises NotFound (`workflow.task`)."""
    instance = current_session().scalars(_HOLD_BY, {"task": task_id, "kind": kind}).first()
    if instance is None:
        raise NotFound("workflow.task", Text("没有这个任务", "There is no such task"))
    tasks = {task.id: task for task in _tasks(instance.id, task_id)}
    task = tasks[task_id]
    if task.status not in ("open", "failed"):
        del tasks[task_id]
    return task, Held(instance, tasks)


def _tasks(instance_id: str, task_id: str = "") -> Iterable[ProcessTask]:
    """The tasks of an instance that are not over, and that one in any case."""
    return current_session().scalars(_TASKS, {"instance": instance_id, "task": task_id})


# Made once: making such a statement takes longer than the database does to run it.
_FRESH: Final = {"populate_existing": True}
_LOCKED: Final = select(ProcessInstance).with_for_update(of=ProcessInstance).execution_options(**_FRESH)
_HOLD: Final = _LOCKED.where(ProcessInstance.id == bindparam("instance"))
_HOLD_BY: Final = _LOCKED.join(ProcessTask, ProcessTask.instance_id == ProcessInstance.id).where(
    ProcessTask.id == bindparam("task"), ProcessTask.kind == bindparam("kind")
)
_TASKS: Final = (
    select(ProcessTask)
    .where(
        ProcessTask.instance_id == bindparam("instance"),
        or_(ProcessTask.status.in_(("open", "failed")), ProcessTask.id == bindparam("task")),
    )
    .options(defer(ProcessTask.params), defer(ProcessTask.draft), defer(ProcessTask.result), defer(ProcessTask.error))
    .execution_options(**_FRESH)
)


def open_task(task_id: str, kind: str) -> tuple[ProcessTask, Held]:
    """A task that waits, with its instance locked.

    Raises NotFound (`workflow.task`) and Conflict (`workflow.answered`, or `workflow.suspended` where the instance rests).
    """
    task, held = hold_by(task_id, kind)
    if task.status != "open":
        raise Conflict("workflow.answered", Text("该任务已由他人办理", "This task has been dealt with already"))
    if held.instance.status == "suspended":
        raise Conflict("workflow.suspended", Text("该流程已暂停", "This process has been suspended"))
    return task, held


def run_of(instance: ProcessInstance) -> Run:
    """The instance in memory, on its own version."""
    return version(instance.version).diagram.resume(instance.state)


def advance(held: Held, act: Callable[[Run], T]) -> tuple[T, list[tuple[str, Any]]]:
    """Take up the instance, do `act` with it, and save it; what `act` gives back, and the messages that were thrown."""
    run = run_of(held.instance)
    before = run.path()
    result = act(run)
    return result, save(held, run, before)


def finish(task: ProcessTask, result: Any = None, status: str = "done") -> None:
    """Note what came of a task, or that nothing will, and meet or drop its own clock."""
    cleared = {"error": None} if status == "done" else {}
    now, who = clock.now(), current_actor().id
    update_row(task, status=status, result=result, draft=None, finished_at=now, finished_by=who, **cleared)
    if task.due_at is not None:
        clocks.end(task.instance_id, task.id, "met" if status == "done" else "cancelled")
    if status == "cancelled" and task.name == CALL:
        enqueue(CALLED_OFF, {"task": task.id}, task.id)


def begin(instance: ProcessInstance, run: Run) -> list[tuple[str, Any]]:
    """Write away an instance that is new, as `save` does."""
    waiting = _waiting(run)
    instance.state, instance.path = run.state, run.path()
    instance.status, instance.finished_at = _standing(instance, run, waiting.values(), failed=False)
    insert_row(instance)
    defined = version(instance.version)
    clocks.on_started(instance, defined.content.description)
    return _go_on(Held(instance), defined, run, waiting, instance.path)


def save(held: Held, run: Run, before: Sequence[str] = ()) -> list[tuple[str, Any]]:
    """Write state and path, open what is due now, close what is not waited for any more, and ask the executor for the steps.

    `before` is the path of the run as it was taken up. Gives the messages that the process has thrown meanwhile.
    """
    instance = held.instance
    passed = list((Counter(run.path()) - Counter(before)).elements())
    waiting = _waiting(run)
    for identity in [identity for identity, row in held.tasks.items() if identity not in waiting]:
        row = held.tasks.pop(identity)
        if row.status in ("open", "failed"):
            finish(row, status="cancelled")
    failed = any(row.status == "failed" for row in held.tasks.values())
    status, finished_at = _standing(instance, run, waiting.values(), failed=failed)
    path = [*instance.path, *passed]
    update_row(instance, state=run.state, path=path, status=status, finished_at=finished_at)
    return _go_on(held, version(instance.version), run, waiting, passed)


def _go_on(
    held: Held, defined: Definition, run: Run, waiting: Mapping[str, Waiting], passed: Sequence[str]
) -> list[tuple[str, Any]]:
    """Open the tasks that are new, move the clocks, and ask the executor for the steps."""
    instance, description = held.instance, defined.content.description
    if description.get("clocks"):
        _pass(instance, defined, passed)
    steps: list[ProcessTask] = []
    doers = _doers(instance) if any(isinstance(each, Question) and each.not_by for each in waiting.values()) else {}
    for identity, each in waiting.items():
        found = held.tasks.get(identity)
        excluded = sorted({doer for node in _not_by(each) for doer in doers.get(node, ())})
        if found is None:
            opened = _opened(instance, each, excluded)
            opened.due_at = _due_at(instance, defined, each, run)
            insert_row(opened)
            clocks.on_entered(instance, description, each.node)
            if opened.kind == "step":
                steps.append(opened)
        elif excluded != found.excluded and isinstance(each, Question):
            found.excluded = excluded
            if found.assignee in excluded:
                found.assignee = found.assigned_at = None
    if run.finished:
        clocks.on_finished(instance, description)
        tell_caller(instance)
    current_session().flush()
    for step in steps:
        enqueue_step(step)
    return run.sent()


def tell_caller(instance: ProcessInstance) -> None:
    """Let whoever called an instance that has ended go on; apart from this unit, so that no two instances are held at once."""
    if instance.caller is not None:
        enqueue(RETURNED, {"task": instance.caller, "instance": instance.id}, instance.id)


def _not_by(each: Waiting) -> tuple[str, ...]:
    return each.not_by if isinstance(each, Question) else ()


_ENTERED: Final = frozenset({"userTask", "serviceTask", "receiveTask", "intermediateCatchEvent", "boundaryEvent"})
"""Elements with a task of their own, whose clocks begin when that is opened."""


def _pass(instance: ProcessInstance, defined: Definition, passed: Iterable[str]) -> None:
    """Start and meet the declared clocks of the elements that the process has passed since it was last saved."""
    kinds = {node.id: node.kind for node in defined.diagram.nodes}
    for node in passed:
        if kinds.get(node) not in _ENTERED:
            clocks.on_entered(instance, defined.content.description, node)
        clocks.on_left(instance, defined.content.description, node)


def _waiting(run: Run) -> dict[str, Waiting]:
    every: tuple[Waiting, ...] = (*run.steps(), *run.questions(), *run.messages())
    return {each.task_id: each for each in every}


def _opened(instance: ProcessInstance, each: Waiting, excluded: list[str]) -> ProcessTask:
    task = ProcessTask(
        id=each.task_id,
        instance_id=instance.id,
        process=instance.process,
        business_key=instance.business_key,
        subject=instance.subject,
        provider=instance.provider,
        node=each.node,
        title=each.title,
        words=f"{instance.business_key} {each.title} {instance.subject}".casefold()[:500],
        status="open",
        params={},
        turn=0,
        excluded=excluded,
        priority=50,
        opened_at=clock.now(),
    )
    if isinstance(each, StepCall):
        task.kind, task.name, task.result_name, task.params = "step", each.step, each.result, dict(each.parameters)
    elif isinstance(each, Question):
        task.kind, task.name, task.result_name = "question", each.form, each.result
        task.role, task.permission, task.priority = each.role, each.permission, each.priority
        if each.assignee == "start" and instance.started_by not in excluded:
            task.assignee, task.assigned_at = instance.started_by, task.opened_at
    else:
        task.kind, task.name, task.result_name = "message", each.message, each.node
    return task


def _due_at(instance: ProcessInstance, defined: Definition, each: Waiting, run: Run) -> datetime | None:
    """Start the clock of a question with a time limit, or of a timer of the diagram, by the task's id; when it is due."""
    title, node = drawn_title(each.title, each.node, instance.version), ""
    if isinstance(each, Question) and each.within:
        limit = clocks.parse_limit(each.within)
    elif isinstance(each, Awaited) and each.node in defined.diagram.limits:
        text, node = defined.diagram.limits[each.node], each.node
        limit = timer_limit(text, run.data if names_variable(text) else {})
    else:
        return None
    return clocks.begin(instance, each.task_id, limit, kind="step", title=title, node=node).due_at


def _doers(instance: ProcessInstance) -> dict[str, set[str]]:
    """Who has answered which question of the instance; under `start` who began it."""
    query = select(ProcessTask.node, ProcessTask.finished_by).filter_by(
        instance_id=instance.id, kind="question", status="done"
    )
    found: dict[str, set[str]] = {"start": {instance.started_by}}
    for node, person in current_session().execute(query):
        found.setdefault(node, set()).add(person or "")
    return found


def _standing(
    instance: ProcessInstance, run: Run, waiting: Iterable[Waiting], *, failed: bool
) -> tuple[str, datetime | None]:
    """The status that the instance has now, and when it ended."""
    if run.finished:
        return "done", clock.now()
    if instance.status == "suspended":
        return "suspended", None
    people = any(not isinstance(each, StepCall) for each in waiting)
    return "incident" if failed else "waiting" if people else "running", None


def enqueue_step(task: ProcessTask, due_at: datetime | None = None) -> None:
    """Ask the executor to run a step."""
    enqueue(RUN_STEP, {"task": task.id}, turn_key(task), due_at=due_at)


def turn_key(task: ProcessTask | Row[Any]) -> str:
    """The key of the executor's task for the step's present turn; those of earlier turns have nothing to do any more."""
    return f"{task.id}/{task.turn}"

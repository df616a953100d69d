"""Running processes: start, run a step, answer a question. State, tasks and the next work are saved together or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, CreditLinkError, NotFound, Unavailable
from app.core.jobs import TaskContext, enqueue
from app.core.registry import Registry, Step
from app.core.text import Text
from app.workflow.definitions import Definition, definition
from app.workflow.engine import Run
from app.workflow.models import ProcessInstance, ProcessTask, ProcessVersion

RUN_STEP = "workflow.run_step"
MOST_ATTEMPTS = 8
"""So often a step is tried before it becomes an incident."""


@dataclass(frozen=True, slots=True)
class Later:
    """What a step gives back when the world is not ready: call me again in so many seconds."""

    seconds: float


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


def start(process: str, business_key: str, data: Mapping[str, Any]) -> str:
    """Start a process once per business key; the instance's id, also when it has been started before."""
    session = current_session()
    found = session.scalar(select(ProcessInstance).filter_by(process=process, business_key=business_key))
    if found is not None:
        return found.id
    defined = definition(process)
    _remember(defined)
    run = defined.diagram.start(data)
    instance = ProcessInstance(
        id=str(uuid.uuid4()),
        process=process,
        version=defined.version,
        business_key=business_key,
        status="running",
        state=run.state,
        started_at=clock.now(),
    )
    session.add(instance)
    session.flush()
    _save(instance, run)
    return instance.id


def answer(task_id: str, answers: Mapping[str, Any]) -> None:
    """Give a person's answers to a question. The caller has checked permission, form and exclusions.

    Raises NotFound, and Conflict when the question has been answered already.
    """
    task = current_session().get(ProcessTask, task_id)
    if task is None or task.kind != "question":
        raise NotFound("workflow.task", Text("没有这个任务", "There is no such task"))
    if task.status != "open":
        raise Conflict("workflow.answered", Text("该任务已由他人办理", "This task has been dealt with already"))
    _complete(task, dict(answers))


def retry(task_id: str) -> None:
    """Run a failed step again. Raises NotFound and Conflict."""
    session = current_session()
    task = session.get(ProcessTask, task_id)
    if task is None or task.kind != "step":
        raise NotFound("workflow.task", Text("没有这个任务", "There is no such task"))
    if task.status != "failed":
        raise Conflict("workflow.not_failed", Text("该步骤并未失败", "This step has not failed"))
    task.status, task.error, task.turn = "open", None, task.turn + 1
    instance = session.get_one(ProcessInstance, task.instance_id)
    instance.status = "running"
    _enqueue(task)


def run_step(registry: Registry, context: TaskContext) -> None:
    """The executor's task: run one step and carry its result into the process."""
    task_id = context.params["task"]
    with unit_of_work(reading=True) as session:
        task = session.get(ProcessTask, task_id)
        if task is None or task.status != "open" or context.key != _turn_key(task):
            return
        name, given, turn = task.name, dict(task.params), task.turn
    if context.attempt > MOST_ATTEMPTS:
        # The executor itself gives up only after this: the workers that tried were killed before they could say anything.
        _note_failure(context, task_id, Unavailable("workflow.lost", _LOST))
        return
    try:
        result = _call(registry.steps[name], StepContext(task_id, turn, context), given)
    except Exception as problem:
        _note_failure(context, task_id, problem)
        raise
    with unit_of_work() as session:
        task = session.get_one(ProcessTask, task_id)
        if task.status != "open" or context.key != _turn_key(task):
            return
        task.error = None
        if isinstance(result, Later):
            task.turn += 1
            _enqueue(task, clock.now() + timedelta(seconds=result.seconds))
        else:
            _complete(task, result)


def _call(step: Step, context: StepContext, given: Mapping[str, Any]) -> Any:
    return step.run(context, step.params(**given))


_LOST = Text("执行该步骤的进程屡次中断", "every process that ran this step was lost")


def _note_failure(context: TaskContext, task_id: str, problem: Exception) -> None:
    """Keep the error where people look; the last try makes it an incident."""
    words = f"{problem.message.zh} / {problem.message.en}" if isinstance(problem, CreditLinkError) else repr(problem)
    final = isinstance(problem, CreditLinkError) and problem.status in (403, 404, 422)
    with unit_of_work() as session:
        task = session.get_one(ProcessTask, task_id)
        task.error = words
        if final or context.attempt >= MOST_ATTEMPTS:
            task.status = "failed"
            session.get_one(ProcessInstance, task.instance_id).status = "incident"


def _remember(defined: Definition) -> None:
    session = current_session()
    if session.get(ProcessVersion, defined.version) is None:
        session.add(
            ProcessVersion(version=defined.version, process=defined.process, xml=defined.xml, created_at=clock.now())
        )
        session.flush()


def _complete(task: ProcessTask, result: Any) -> None:
    session = current_session()
    instance = session.get_one(ProcessInstance, task.instance_id)
    run = definition(instance.process).diagram.resume(instance.state)
    run.complete(task.id, task.result_name, result)
    task.status, task.result, task.finished_at = "done", result, clock.now()
    task.finished_by = current_actor().id
    _save(instance, run)


def _save(instance: ProcessInstance, run: Run) -> None:
    """Write state and path, open the tasks that are now due, and ask the executor for the steps among them."""
    session = current_session()
    instance.state, instance.path = run.state, run.path()
    known = set(session.scalars(select(ProcessTask.id).filter_by(instance_id=instance.id)))
    waiting = False
    for call in run.steps():
        if call.task_id not in known:
            task = ProcessTask(
                id=call.task_id,
                instance_id=instance.id,
                node=call.node,
                title=call.title,
                kind="step",
                status="open",
                name=call.step,
                result_name=call.result,
                params=dict(call.parameters),
                turn=0,
                opened_at=clock.now(),
            )
            session.add(task)
            _enqueue(task)
    for question in run.questions():
        waiting = True
        if question.task_id not in known:
            session.add(
                ProcessTask(
                    id=question.task_id,
                    instance_id=instance.id,
                    node=question.node,
                    title=question.title,
                    kind="question",
                    status="open",
                    name=question.form,
                    role=question.role,
                    permission=question.permission,
                    result_name=question.result,
                    params={},
                    turn=0,
                    opened_at=clock.now(),
                )
            )
    instance.status = "done" if run.finished else "waiting" if waiting else "running"
    if run.finished:
        instance.finished_at = clock.now()
    session.flush()


def _enqueue(task: ProcessTask, due_at: datetime | None = None) -> None:
    enqueue(RUN_STEP, {"task": task.id}, _turn_key(task), due_at=due_at)


def _turn_key(task: ProcessTask) -> str:
    """The key of the executor's task for the step's present turn; those of earlier turns have nothing to do any more."""
    return f"{task.id}/{task.turn}"

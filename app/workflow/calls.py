"""Processes that call others: a call activity starts an instance of its own and waits for its end.

The called instance begins with what the caller knows and is an instance like any other, with tasks, clocks and a page. What
it has come to know is the result. Each of the two is taken up for itself, so a called process may take its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from app.core.db import current_session, unit_of_work
from app.core.jobs import TaskContext
from app.core.registry import Registry, Step, Task
from app.core.text import Text
from app.workflow.engine.spec import CALL
from app.workflow.host import carry_on, start
from app.workflow.instance import CALLED_OFF, RETURNED, hold_by, run_of
from app.workflow.intervention import cancel
from app.workflow.models import ENDED, ProcessInstance, ProcessTask
from app.workflow.stepping import Elsewhere, StepContext, StepFailed, fail_held
from app.workflow.versions import version

DEEPEST: Final = 8
"""So many processes may call each other in a row."""
_NOT_WAITED_FOR: Final = "调用方已撤销 / no longer waited for by its caller"


@dataclass(frozen=True, slots=True)
class CallParams:
    """Which process, and what it begins with."""

    process: str
    data: Mapping[str, Any] = field(default_factory=dict)


def register_calls(registry: Registry) -> None:
    """Announce the step behind call activities, and what the executor does when a called process ends."""
    registry.step(Step(CALL, Text("调用流程", "Call a process"), call, CallParams))
    registry.task(Task(RETURNED, Text("被调流程结束", "A called process has ended"), _returned))
    registry.task(Task(CALLED_OFF, Text("撤销被调流程", "Call off a called process"), _called_off))


def call(context: StepContext, params: CallParams) -> Any:
    """Start the called process, once whatever happens; its result where it has ended already.

    Raises StepFailed (`workflow.calls_too_deep`), and NotFound (`workflow.process`).
    """
    with unit_of_work() as session:
        begun = called_by(context.key)
        lasting = next((each for each in begun if each.status != "cancelled"), None)
        if lasting is None:
            task = session.get_one(ProcessTask, context.key)
            caller = session.get_one(ProcessInstance, task.instance_id)
            _not_too_deep(caller)
            key = f"{caller.business_key[:60]}/{context.key[:8]}" + (f"-{len(begun) + 1}" if begun else "")
            start(
                params.process,
                key,
                params.data,
                subject=caller.subject,
                provider=caller.provider,
                by=caller.started_by,
                caller=context.key,
            )
            return Elsewhere()
        if lasting.status != "done":
            return Elsewhere()
        if problem := _problem_of(lasting):
            raise problem
        return _learnt(lasting, params.data)


def called_by(task_id: str) -> list[ProcessInstance]:
    """The instances that a call has started, the latest first: those before it were cancelled."""
    query = select(ProcessInstance).filter_by(caller=task_id).order_by(ProcessInstance.started_at.desc())
    return list(current_session().scalars(query))


def _not_too_deep(instance: ProcessInstance) -> None:
    session = current_session()
    for _ in range(DEEPEST):
        if instance.caller is None:
            return
        instance = session.get_one(ProcessInstance, session.get_one(ProcessTask, instance.caller).instance_id)
    raise StepFailed(
        "workflow.calls_too_deep",
        Text(f"流程互相调用超过 {DEEPEST} 层", f"processes call each other more than {DEEPEST} deep"),
    )


def _problem_of(instance: ProcessInstance) -> StepFailed | None:
    """Why an instance that is over has no result: it was cancelled, or came to an end with an error."""
    if instance.status == "cancelled":
        return StepFailed("workflow.called_cancelled", Text("被调流程已终止", "the called process was cancelled"))
    errors = version(instance.version).diagram.errors
    code = next((errors[node] for node in instance.path if node in errors), None)
    if code is None:
        return None
    return StepFailed(code, Text("被调流程以错误结束", "the called process ended with an error"))


def _learnt(instance: ProcessInstance, given: Mapping[str, Any]) -> dict[str, Any]:
    """What an instance knows beyond what it was given."""
    known = run_of(instance).data
    return {name: value for name, value in known.items() if name not in given or given[name] != value}


def _returned(context: TaskContext) -> None:
    """Carry on the caller; where the called instance was cancelled, the call has failed."""
    ended = current_session().get_one(ProcessInstance, context.params["instance"])
    task, held = hold_by(context.params["task"], "step")
    if task.status != "open" or held.instance.status == "suspended":
        return  # one that is suspended calls again when it is resumed, and finds the end
    if problem := _problem_of(ended):
        fail_held(task, held, problem)
    else:
        carry_on(task, held, _learnt(ended, task.params["data"]))


def _called_off(context: TaskContext) -> None:
    for instance in called_by(context.params["task"]):
        if instance.status not in ENDED:
            cancel(instance.id, _NOT_WAITED_FOR)

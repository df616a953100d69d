"""What people may do to an instance beside its diagram, each with a reason: it is kept with the instance and told as an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import Conflict, Invalid, NotFound
from app.core.events import Event, publish
from app.core.text import Text
from app.workflow import clocks, stepping
from app.workflow.host import carry_on, pass_on
from app.workflow.instance import Held, advance, enqueue_step, finish, hold, tell_caller
from app.workflow.models import ENDED, Act, ProcessInstance, ProcessTask

ACTS: Final = {
    "retry": Text("重试步骤", "Step retried"),
    "skip": Text("跳过步骤", "Step skipped"),
    "repair": Text("修正数据", "Data repaired"),
    "suspend": Text("暂停", "Suspended"),
    "resume": Text("恢复", "Resumed"),
    "cancel": Text("终止", "Cancelled"),
    "move": Text("移动位置", "Moved"),
    "migrate": Text("迁移版本", "Taken over to another version"),
}
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class InstanceActedOn(Event):
    """Somebody did something to an instance beside its diagram: `act` is one of ACTS."""

    name: ClassVar[str] = "workflow.instance_acted_on"
    instance: str
    process: str
    business_key: str
    act: str
    node: str
    reason: str

    @property
    def aggregate(self) -> str:
        return f"process_instance:{self.instance}"


def retry(task_id: str, reason: str) -> None:
    """Run a failed step again. Raises NotFound, Conflict (`workflow.not_failed`) and Invalid (`workflow.reason`)."""
    task, held = stepping.failed_step(task_id)
    stepping.retry(task_id)
    note(held.instance, "retry", reason, task.node)


def repair(task_id: str, params: Mapping[str, Any], reason: str) -> None:
    """Run a failed step again with other values of its parameters. Raises as `retry`, and for a parameter it has not."""
    task, held = stepping.failed_step(task_id)
    if unknown := sorted(set(params) - set(task.params)):
        listed = ", ".join(unknown)
        raise Invalid(
            "workflow.no_such_parameter",
            Text(f"该步骤没有参数：{listed}", f"The step has no such parameters: {listed}"),
        )
    task.params = {**task.params, **params}
    stepping.retry(task_id)
    note(held.instance, "repair", reason, task.node)


def skip(task_id: str, result: Any, reason: str) -> None:
    """Go on as if a failed step had given `result`. Raises as `retry`."""
    task, held = stepping.failed_step(task_id)
    note(held.instance, "skip", reason, task.node)
    held.instance.status = "running"
    carry_on(task, held, result)


def suspend(instance_id: str, reason: str) -> None:
    """Let an instance rest: nothing of it is run or answered until it is resumed; its clocks go on, for the law's do.

    Raises NotFound, Conflict (`workflow.over`, `workflow.suspended`), Invalid (`workflow.reason`).
    """
    instance = _unfinished(instance_id).instance
    if instance.status == "suspended":
        raise Conflict("workflow.suspended", Text("该流程已暂停", "This process has been suspended"))
    note(instance, "suspend", reason)
    instance.status = "suspended"


def resume(instance_id: str, reason: str) -> None:
    """Let a suspended instance go on. Raises as `suspend`, and Conflict (`workflow.not_suspended`)."""
    held = _unfinished(instance_id)
    instance = held.instance
    if instance.status != "suspended":
        raise Conflict("workflow.not_suspended", Text("该流程并未暂停", "This process is not suspended"))
    note(instance, "resume", reason)
    instance.status = "running"
    advance(held, lambda run: None)
    for step in held.tasks.values():
        if step.kind == "step" and step.status == "open":
            # Work that came up while it rested has been turned away.
            step.turn += 1
            enqueue_step(step)


def cancel(instance_id: str, reason: str) -> None:
    """End an instance where it stands. Raises as `suspend`."""
    held = _unfinished(instance_id)
    instance = held.instance
    note(instance, "cancel", reason)
    for task in held.tasks.values():
        finish(task, status="cancelled")
    clocks.end_all(instance.id)
    instance.status, instance.finished_at = "cancelled", clock.now()
    tell_caller(instance)


def move(task_id: str, node: str, reason: str) -> None:
    """Take a token from a waiting task and put it before another element of the diagram's top level.

    Raises NotFound, Conflict (`workflow.over`), and Invalid (`workflow.not_waiting`, `workflow.no_such_place`, `workflow.reason`).
    """
    task = current_session().get(ProcessTask, task_id)
    if task is None:
        raise NotFound("workflow.task", Text("没有这个任务", "There is no such task"))
    held = _unfinished(task.instance_id)
    note(held.instance, "move", reason, f"{task.node} → {node}"[:80])
    _, sent = advance(held, lambda run: run.move(task.id, node))
    pass_on(held.instance, sent)


def note(instance: ProcessInstance, act: str, reason: str, node: str = "") -> None:
    """Keep with the instance what is done to it, and tell it. Raises Invalid (`workflow.reason`)."""
    reason = reason.strip()
    if not 2 <= len(reason) <= _LONGEST:
        raise Invalid("workflow.reason", Text("请填写 2–500 字的理由", "Give a reason of 2 to 500 characters"))
    current_session().add(
        Act(instance_id=instance.id, at=clock.now(), actor=current_actor().id, kind=act, node=node, reason=reason)
    )
    publish(InstanceActedOn(instance.id, instance.process, instance.business_key, act, node, reason))


def _unfinished(instance_id: str) -> Held:
    held = hold(instance_id)
    if held.instance.status in ENDED:
        raise Conflict("workflow.over", Text("该流程已结束", "This process has ended"))
    return held

"""Running processes: start one, answer a question, give it a message. What the executor does is in `stepping`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, select

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.workflow.engine.spec import CLOCK
from app.workflow.instance import Held, advance, begin, finish, hold, open_task
from app.workflow.models import ENDED, ProcessInstance, ProcessTask
from app.workflow.versions import live


def start(
    process: str,
    business_key: str,
    data: Mapping[str, Any],
    *,
    subject: str = "",
    provider: str | None = None,
    by: str | None = None,
    caller: str | None = None,
) -> str:
    """Start a process once per business key; the instance's id, also when it has been started before.

    `subject` says who it is about, masked: lists show it. `provider` is the legal entity whose case it is, where it is one's.
    `by` is who counts as having started it, by default whoever does; `caller` the task of another instance that waits for
    its end. Raises NotFound (`workflow.process`).
    """
    if found := begun(process, business_key):
        return found
    defined = live(process)
    instance = ProcessInstance(
        id=str(uuid.uuid4()),
        process=process,
        version=defined.version,
        business_key=business_key,
        subject=subject,
        provider=provider,
        status="running",
        caller=caller,
        started_by=by or current_actor().id,
        started_at=clock.now(),
    )
    pass_on(instance, begin(instance, defined.diagram.start(data)))
    return instance.id


def begun(process: str, business_key: str) -> str | None:
    """The instance that has been started for a business key."""
    found: str | None = current_session().scalar(_FOUND, {"process": process, "key": business_key})
    return found


_instance: Final = ProcessInstance.__table__.c
_FOUND: Final = select(_instance.id).where(
    _instance.process == bindparam("process"), _instance.business_key == bindparam("key")
)


def answer(task_id: str, answers: Mapping[str, Any]) -> None:
    """Give a person's answers to a question. The caller has checked permission, form and exclusions.

    Raises NotFound (`workflow.task`) and Conflict (`workflow.answered`, `workflow.suspended`).
    """
    task, held = open_task(task_id, "question")
    carry_on(task, held, dict(answers))


def carry_on(task: ProcessTask, held: Held, result: Any) -> None:
    """Put what came of a task into its process and go on."""
    finish(task, result)

    def complete(run: Any) -> None:
        run.complete(task.id, task.result_name, result)

    pass_on(held.instance, advance(held, complete)[1])


def send_message(message: str, key: str, payload: Any = None) -> int:
    """Give a message to every instance of the business key `key` that waits for it; to how many it was given."""
    query = select(ProcessTask.instance_id).filter_by(name=message, business_key=key, status="open", kind="message")
    waiting = sorted(set(current_session().scalars(query)))
    return sum(_give(instance_id, message, payload) for instance_id in waiting)


def clock_due(instance_id: str, node: str) -> bool:
    """The time limit of a timer has come; whether the instance still waited for it."""
    return _give(instance_id, CLOCK + node, None)


def _give(instance_id: str, message: str, payload: Any) -> bool:
    held = hold(instance_id)
    instance = held.instance
    if instance.status in (*ENDED, "suspended"):
        return False
    for task in held.tasks.values():
        if task.name == message and task.kind == "message":
            finish(task, payload)
    caught, sent = advance(held, lambda run: run.catch(message, payload))
    pass_on(instance, sent)
    return bool(caught)


def pass_on(instance: ProcessInstance, sent: list[tuple[str, Any]]) -> None:
    """Messages that a process throws go to whichever processes of the same business key wait for them."""
    for message, payload in sent:
        send_message(message, instance.business_key, payload)

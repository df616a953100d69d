"""Taking tasks, handing them on, and dealing with them; every door asks anew who may.

Whoever had a hand in what a task checks may not do it, whichever way it comes to them. The first to claim wins by one
conditional UPDATE; who comes later is told who was first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select, update

from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, CreditLinkError, Invalid, NotFound, Refused
from app.core.events import publish
from app.core.people import name_of
from app.core.registry import Registry
from app.core.text import Text
from app.workflow import host
from app.workflow.forms import validate
from app.workflow.inbox.asked import Asked
from app.workflow.inbox.doers import Doer, may_be_given
from app.workflow.inbox.events import (
    TaskAnswered,
    TaskClaimed,
    TaskDelegated,
    TaskDrafted,
    TaskReassigned,
    TaskReleased,
)
from app.workflow.models import Act, ProcessInstance, ProcessTask

REASON_MOST: Final = 500


def find_task(me: Doer, task_id: str, *, locked: bool = False) -> ProcessTask:
    """A question that `me` may see. With `locked` its case does not move until the unit of work ends.

    Raises NotFound (`workflow.task`), also where it is not for their eyes.
    """
    session = current_session()
    task = session.get(ProcessTask, task_id, populate_existing=True)
    if locked and task is not None:
        # The case first and the task after it, as the host does: so nobody waits for each other in a circle.
        session.execute(select(ProcessInstance.id).where(ProcessInstance.id == task.instance_id).with_for_update())
        session.refresh(task)
    if task is None or task.kind != "question" or not me.may_see(task):
        raise NotFound(
            "workflow.task",
            Text("没有这个任务，或不在您的办理范围", "There is no such task, or it is not yours to see"),
        )
    return task


def hindrance(me: Doer, task: ProcessTask) -> CreditLinkError | None:
    """Why `me` may not deal with the task now; None where they may."""
    if task.status != "open":
        return answered(task)
    if me.is_excluded(task):
        return Refused(
            "workflow.four_eyes",
            Text(
                "四眼原则：您参与过本任务要复核的工作，须由另一位同事办理",
                "Four eyes: you had a hand in what this task checks, so a colleague must do it",
            ),
        )
    if task.assignee is not None and not me.has(task):
        return taken(task)
    if not me.may_do(task):
        return Refused(
            "workflow.not_yours",
            Text("您的岗位不办理此任务", "This task is not for your roles"),
        )
    return None


def answered(task: ProcessTask) -> Conflict:
    """Told to who comes too late."""
    if task.status == "cancelled":
        return Conflict(
            "workflow.answered", Text("该任务已撤销，无须办理", "This task was called off; nothing is left to do")
        )
    return Conflict(
        "workflow.answered",
        Text("该任务已由{who}办理", "This task has been dealt with by {who}").format(who=name_of(task.finished_by)),
    )


def taken(task: ProcessTask) -> Conflict:
    """Told to who wants what another has."""
    return Conflict(
        "workflow.claimed",
        Text("该任务已由{who}领取", "{who} has this task").format(who=name_of(task.assignee)),
    )


def claim(me: Doer, task_id: str) -> ProcessTask:
    """Take a task; nothing happens where it is one's own already.

    Raises NotFound, Refused (`workflow.four_eyes`, `workflow.not_yours`) and Conflict (`workflow.claimed` with who has it,
    `workflow.answered`).
    """
    task = find_task(me, task_id, locked=True)
    if problem := hindrance(me, task):
        raise problem
    if task.assignee == me.id:
        return task
    won = _hand_over(task_id, task.assignee, me.id)
    task = find_task(me, task_id)
    if not won and task.assignee != me.id:
        raise answered(task) if task.status != "open" else taken(task)
    if won:
        publish(TaskClaimed(task_id, task.process))
    return task


def release(me: Doer, task_id: str) -> None:
    """Give a task back to its group; its draft stays. Raises NotFound, Refused (`workflow.not_assignee`) and Conflict."""
    task = find_task(me, task_id, locked=True)
    if task.status != "open":
        raise answered(task)
    if task.assignee is None:
        return
    before = task.assignee
    if not me.has(task) and not me.leads:
        raise _not_assignee()
    if not _hand_over(task_id, before, None):
        raise _moved_on()
    publish(TaskReleased(task_id, task.process, before))


def delegate(me: Doer, task_id: str, to: Doer, reason: str) -> None:
    """Hand a task that is one's own, or nobody's and open to one, to a colleague.

    Raises as `claim`, Invalid (`workflow.reason`), and Refused (`workflow.not_fit`) where `to` may not do it.
    """
    task = find_task(me, task_id, locked=True)
    if problem := hindrance(me, task):
        raise problem
    _give(me, task, to, reason, "delegated")
    publish(TaskDelegated(task_id, task.process, to.id))


def reassign(me: Doer, task_id: str, to: Doer, reason: str) -> None:
    """Give a task to somebody, whoever has it. Raises as `delegate`, and Refused (`workflow.not_leader`)."""
    if not me.leads:
        raise Refused("workflow.not_leader", Text("您没有改派任务的权限", "You may not reassign tasks"))
    task = find_task(me, task_id, locked=True)
    if task.status != "open":
        raise answered(task)
    before = task.assignee
    _give(me, task, to, reason, "reassigned")
    publish(TaskReassigned(task_id, task.process, to.id, before))


def answer(me: Doer, task_id: str, given: Mapping[str, Any], registry: Registry | None = None) -> None:
    """Deal with a task: who may, whether the form is right, and on with the process. A task of nobody is claimed on the way.

    `registry` has the rows that the form may offer as choices. Raises as `claim`, and FormErrors with what is wrong by field.
    """
    task = find_task(me, task_id, locked=True)
    if problem := hindrance(me, task):
        raise problem
    before = task.assignee
    asked = Asked.of(task, registry)
    answers = validate(asked.form, given, background=asked.background)
    with unit_of_work():
        if before != me.id:
            # Who has dealt with it stands there as having had it; lists of what was done go by that.
            task.assignee, task.assigned_at = me.id, clock.now()
            current_session().flush()
        host.answer(task_id, answers)
        publish(TaskAnswered(task_id, task.process, before if before not in (None, me.id) else None))


def save_draft(me: Doer, task_id: str, given: Mapping[str, Any]) -> None:
    """Keep answers, right or wrong, without giving them. A task of nobody is claimed on the way. Raises as `claim`."""
    task = find_task(me, task_id, locked=True)
    if problem := hindrance(me, task):
        raise problem
    if task.assignee is None:
        task = claim(me, task_id)
    if task.draft is None:
        publish(TaskDrafted(task_id, task.process))
    task.draft = dict(given)
    current_session().flush()


def _give(me: Doer, task: ProcessTask, to: Doer, reason: str, kind: str) -> None:
    reason = reason.strip()
    if not reason or len(reason) > REASON_MOST:
        raise Invalid(
            "workflow.reason",
            Text(f"请写明理由，至多 {REASON_MOST} 字", f"Give a reason of at most {REASON_MOST} characters"),
        )
    if not may_be_given(task, to):
        raise Refused(
            "workflow.not_fit",
            Text(
                "{who}不能办理此任务：岗位不符，或参与过其要复核的工作",
                "{who} may not do this task: not in the role, or had a hand in what it checks",
            ).format(who=to.name),
        )
    if not _hand_over(task.id, task.assignee, to.id):
        raise _moved_on()
    current_session().add(
        Act(
            instance_id=task.instance_id,
            at=clock.now(),
            actor=me.id,
            kind=kind,
            node=task.node,
            reason=f"→ {to.name}：{reason}"[:REASON_MOST],
        )
    )
    current_session().flush()


def _hand_over(task_id: str, before: str | None, after: str | None) -> bool:
    """Whether the task was still open and with `before`, and is with `after` now."""
    session = current_session()
    session.flush()
    changed = session.execute(
        update(ProcessTask)
        .where(
            ProcessTask.id == task_id,
            ProcessTask.status == "open",
            ProcessTask.kind == "question",
            ProcessTask.assignee.is_(None) if before is None else ProcessTask.assignee == before,
        )
        .values(assignee=after, assigned_at=clock.now() if after else None, lock=ProcessTask.lock + 1)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined] # an UPDATE gives a cursor's result


def _not_assignee() -> Refused:
    return Refused("workflow.not_assignee", Text("该任务不在您手上", "This task is not with you"))


def _moved_on() -> Conflict:
    return Conflict(
        "workflow.moved_on",
        Text("该任务刚刚有了变化，请查看后再试", "This task has just changed; look at it and try again"),
    )

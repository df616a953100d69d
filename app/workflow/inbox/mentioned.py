"""What colleagues have said to somebody by `@name`, until they say that they have seen it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import load_only

from app.core import clock
from app.core.db import current_session
from app.workflow.inbox.doers import Doer
from app.workflow.models import Comment, Mention, ProcessInstance, ProcessTask

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Said:
    """A comment that was said to somebody. `task` and `text` are None where the case is not theirs to see."""

    at: datetime
    author: str
    business_key: str
    task: str | None
    title: str
    text: str | None
    seen: bool


def unseen(me: Doer) -> int:
    """How many mentions `me` has not seen yet."""
    query = select(func.count()).select_from(Mention).filter_by(person=me.id, seen_at=None)
    return current_session().scalar(query) or 0


def said_to(me: Doer) -> Sequence[Said]:
    """The latest that was said to `me`, the newest first."""
    session = current_session()
    query = (
        select(Mention, Comment, ProcessInstance.business_key)
        .join(Comment, Comment.id == Mention.comment_id)
        .join(ProcessInstance, ProcessInstance.id == Comment.instance_id)
        .where(Mention.person == me.id)
        .order_by(Mention.id.desc())
        .limit(MOST)
    )
    rows = session.execute(query).all()
    needed = (
        ProcessTask.title,
        ProcessTask.role,
        ProcessTask.permission,
        ProcessTask.assignee,
        ProcessTask.finished_by,
    )
    tasks = {
        task.id: task
        for task in session.scalars(
            select(ProcessTask)
            .where(ProcessTask.id.in_({comment.task_id for _, comment, _ in rows if comment.task_id}))
            .options(load_only(*needed))
        )
    }
    return [_said(me, mention, comment, key, tasks.get(comment.task_id or "")) for mention, comment, key in rows]


def _said(me: Doer, mention: Mention, comment: Comment, key: str, task: ProcessTask | None) -> Said:
    mine = task is not None and me.may_see(task)
    return Said(
        at=comment.at,
        author=comment.author,
        business_key=key,
        task=task.id if task is not None and mine else None,
        title=task.title if task is not None else "",
        text=comment.text if mine else None,
        seen=mention.seen_at is not None,
    )


def note_seen(me: Doer) -> None:
    """`me` has seen everything that was said to them so far."""
    current_session().execute(
        update(Mention).where(Mention.person == me.id, Mention.seen_at.is_(None)).values(seen_at=clock.now()),
        execution_options={"synchronize_session": False},
    )

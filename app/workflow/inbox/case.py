"""The case behind a task: what is known of it by name, and what has been done in it so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import load_only

from app.core.db import current_session
from app.core.people import name_of
from app.core.registry import Registry
from app.core.text import Text
from app.web.parts import TimelineEntry
from app.workflow import versions
from app.workflow.intervention import ACTS
from app.workflow.models import Act, ProcessInstance, ProcessTask
from app.workflow.titles import element_titles, task_title

_ACTS: Final = {
    "delegated": Text("转交", "Handed over"),
    "reassigned": Text("改派", "Reassigned"),
    **ACTS,
}


@dataclass(frozen=True, slots=True)
class Case:
    """An instance as the page of a task shows it. `questions` are all of its tasks for people, those done among them."""

    id: str
    process: str
    title: Text
    business_key: str
    subject: str
    status: str
    questions: tuple[ProcessTask, ...]


def case_of(instance_id: str) -> Case:
    """The case of an instance that exists; nothing sealed is opened."""
    session = current_session()
    row = session.execute(
        select(
            ProcessInstance.process,
            ProcessInstance.version,
            ProcessInstance.business_key,
            ProcessInstance.subject,
            ProcessInstance.status,
        ).where(ProcessInstance.id == instance_id)
    ).one()
    title = versions.version(row.version).title
    return Case(instance_id, row.process, title, row.business_key, row.subject, row.status, _questions(instance_id))


def _questions(instance_id: str) -> tuple[ProcessTask, ...]:
    light = load_only(
        ProcessTask.id,
        ProcessTask.title,
        ProcessTask.kind,
        ProcessTask.status,
        ProcessTask.role,
        ProcessTask.permission,
        ProcessTask.assignee,
        ProcessTask.excluded,
        ProcessTask.finished_at,
        ProcessTask.finished_by,
    )
    query = select(ProcessTask).where(ProcessTask.instance_id == instance_id, ProcessTask.kind == "question")
    return tuple(current_session().scalars(query.options(light).order_by(ProcessTask.opened_at)))


def timeline_of(instance_id: str, registry: Registry) -> Sequence[TimelineEntry]:
    """What has been done in the case by people, steps and messages, and what was done to it; latest last."""
    session = current_session()
    version = session.scalar(select(ProcessInstance.version).where(ProcessInstance.id == instance_id))
    titles = element_titles(version or "", registry)
    done = session.execute(
        select(
            ProcessTask.title,
            ProcessTask.node,
            ProcessTask.kind,
            ProcessTask.status,
            ProcessTask.finished_at,
            ProcessTask.finished_by,
        )
        .where(ProcessTask.instance_id == instance_id, ProcessTask.finished_at.is_not(None))
        .order_by(ProcessTask.finished_at)
    )
    entries = [
        TimelineEntry(
            moment=row.finished_at,
            title=task_title(row.title, row.node, titles),
            who=name_of(row.finished_by) if row.kind == "question" else "",
            text=Text("已撤销", "Called off") if row.status == "cancelled" else "",
            tone="neutral" if row.status == "cancelled" else "success" if row.kind == "question" else "info",
        )
        for row in done
    ]
    acts = session.scalars(select(Act).where(Act.instance_id == instance_id))
    entries += [
        TimelineEntry(act.at, _ACTS.get(act.kind, Text(act.kind, act.kind)), name_of(act.actor), act.reason, "warning")
        for act in acts
    ]
    return sorted(entries, key=lambda each: each.moment)

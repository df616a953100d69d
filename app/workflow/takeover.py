"""The executor's task that takes all running instances of a version over to another, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from app.core.actor import Actor, acting, current_actor
from app.core.db import current_session, unit_of_work
from app.core.errors import Invalid, NotFound
from app.core.jobs import TaskContext, TaskRow, TaskState, enqueue, task_state
from app.core.text import Text
from app.workflow import migration
from app.workflow.models import Act, ProcessInstance
from app.workflow.versions import version

MIGRATE: Final = "workflow.migrate"
MOST_SHOWN: Final = 200
"""So many instances are listed one by one; the others are counted."""
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """An instance that has been taken over."""

    instance_id: str
    business_key: str


@dataclass(frozen=True, slots=True)
class Takeover:
    """A batch: between which versions (hashes), why, how far it is, who went (`moved` in all) and who stayed and why."""

    state: TaskState
    old: str
    new: str
    reason: str
    mapping: Mapping[str, str]
    moved: int
    taken: tuple[Taken, ...]
    left: tuple[migration.Prospect, ...]

    @property
    def over(self) -> bool:
        return self.state.state in ("done", "failed")


def begin(old: str, new: str, mapping: Mapping[str, str], reason: str, key: str) -> int:
    """Ask the executor to take all instances over; the number of its task. A second asking under `key` finds the first.

    Raises NotFound (`workflow.version`), Invalid (`workflow.reason`, `workflow.cannot_migrate`).
    """
    reason = reason.strip()
    if not 2 <= len(reason) <= _LONGEST:
        raise Invalid("workflow.reason", Text("请填写 2–500 字的理由", "Give a reason of 2 to 500 characters"))
    if version(old).process != version(new).process or old == new:
        raise Invalid("workflow.cannot_migrate", Text("请选择同一流程的两个版本", "Choose two versions of one process"))
    actor = current_actor()
    wish = {"old": old, "new": new, "mapping": dict(mapping), "reason": reason, "by": actor.id, "name": actor.name}
    return enqueue(MIGRATE, wish, key)


def run(context: TaskContext) -> None:
    """The executor's task: each instance in a unit of its own, in the name of who has asked for it."""
    wish = context.params
    with acting(Actor(wish["by"], wish["name"], "person")):
        with unit_of_work(reading=True):
            total = len(migration.running_on(wish["old"]))
        context.progress(0, total)
        for number, _ in enumerate(
            migration.migrate_all(wish["old"], wish["new"], wish["mapping"], wish["reason"]), start=1
        ):
            context.progress(number, max(total, number))


def find(task_id: int) -> Takeover:
    """A batch as it now is. Raises NotFound (`core.task`)."""
    session = current_session()
    state = task_state(task_id)
    if state.name != MIGRATE:
        raise NotFound("core.task", Text("没有这个任务", "there is no such task"))
    wish = session.get_one(TaskRow, task_id).params
    old, new = wish["old"], wish["new"]
    query = (
        select(ProcessInstance.id, ProcessInstance.business_key)
        .join(Act, Act.instance_id == ProcessInstance.id)
        .where(
            Act.kind == "migrate",
            Act.actor == wish["by"],
            Act.at >= state.created_at,
            Act.node == f"{old[:8]} → {new[:8]}",
            *((Act.at <= state.finished_at,) if state.finished_at else ()),
        )
        .order_by(Act.id)
    )
    went = session.execute(query).all()
    left: tuple[migration.Prospect, ...] = ()
    if state.state in ("done", "failed"):
        left = tuple(migration.prospects(old, new, wish["mapping"]))
    return Takeover(
        state,
        old,
        new,
        wish["reason"],
        wish["mapping"],
        len(went),
        tuple(Taken(identity, key) for identity, key in went[:MOST_SHOWN]),
        left,
    )

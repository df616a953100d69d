"""Taking running instances over to another version of their process.

An instance is rebuilt on the new version with its tokens where the mapping says, its data as they are, and its tasks under
the same numbers. What cannot be carried over is told beforehand and left alone: a join that waits with some of its tokens,
and work within sub-processes and repetitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select, update

from app.core.db import current_session, unit_of_work
from app.core.errors import CreditLinkError, Invalid
from app.core.text import Text
from app.workflow.content import Definition
from app.workflow.engine.spec import CLOCK
from app.workflow.host import pass_on
from app.workflow.instance import hold, run_of, save
from app.workflow.intervention import note
from app.workflow.models import ENDED, Clock, ProcessInstance, ProcessTask
from app.workflow.versions import version


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would become of one instance: where its tokens go, or why it stays as it is."""

    instance_id: str
    business_key: str
    moves: Mapping[str, str]
    problem: Text | None = None


def running_on(old: str) -> list[str]:
    """The instances that have not ended on a version, the oldest first."""
    query = select(ProcessInstance.id).where(ProcessInstance.version == old, ProcessInstance.status.not_in(ENDED))
    return list(current_session().scalars(query.order_by(ProcessInstance.started_at, ProcessInstance.id)))


def suggested(old: Definition, new: Definition) -> dict[str, str]:
    """Elements of the old version and where their tokens would go: the same id and kind, else the same name and kind."""
    by_id = {node.id: node for node in new.diagram.nodes}
    by_name = {(node.kind, node.title): node.id for node in new.diagram.nodes if node.title}
    found = {}
    for node in old.diagram.nodes:
        same = by_id.get(node.id)
        if same is not None and same.kind == node.kind:
            found[node.id] = node.id
        elif (node.kind, node.title) in by_name:
            found[node.id] = by_name[node.kind, node.title]
    return found


def prospects(old: str, new: str, mapping: Mapping[str, str]) -> Iterator[Prospect]:
    """A dry run: what would become of every running instance of the version `old`. Raises NotFound."""
    target = version(new)
    for instance_id in running_on(old):
        instance = current_session().get_one(ProcessInstance, instance_id)
        yield _prospect(instance, target, mapping)


def _prospect(instance: ProcessInstance, target: Definition, mapping: Mapping[str, str]) -> Prospect:
    run = run_of(instance)
    known = {node.id for node in target.diagram.nodes}
    names = {node.id: node.title or node.id for node in version(instance.version).diagram.nodes}
    moves, problem = {}, None
    if joins := run.half_joined():
        problem = Text("汇合网关“{name}”正在等待其余分支", "The join “{name}” waits for its other branches").format(
            name=names.get(joins[0], joins[0])
        )
    for token in run.tokens():
        goal = mapping.get(token.node, "")
        if token.inside:
            problem = Text(
                "正在子流程或多实例环节“{name}”内", "It is within a sub-process or a repetition, at “{name}”"
            ).format(name=names.get(token.node, token.node))
        elif goal not in known:
            problem = Text(
                "环节“{name}”在新版本中没有对应", "The element “{name}” has no counterpart in the new version"
            ).format(name=names.get(token.node, token.node))
        moves[token.node] = goal
    return Prospect(instance.id, instance.business_key, moves, problem)


def migrate(instance_id: str, new: str, mapping: Mapping[str, str], reason: str) -> None:
    """Take one instance over. Raises NotFound, and Invalid (`workflow.cannot_migrate`) in the words of its prospect."""
    held = hold(instance_id)
    instance = held.instance
    target = version(new)
    if instance.process != target.process:
        raise Invalid("workflow.cannot_migrate", Text("不是同一流程的版本", "That is a version of another process"))
    if instance.version == new:
        return
    prospect = _prospect(instance, target, mapping)
    if prospect.problem is not None:
        raise Invalid("workflow.cannot_migrate", prospect.problem)
    old = run_of(instance)
    data = old.data
    tokens = [(mapping[token.node], token.task_id, data) for token in old.tokens()]
    run = target.diagram.place(tokens, data)
    note(instance, "migrate", reason, f"{instance.version[:8]} → {new[:8]}")
    for task in held.tasks.values():
        _rename(task, mapping.get(task.node, task.node))
    instance.version = new
    pass_on(instance, save(held, run))


def _rename(task: ProcessTask, node: str) -> None:
    """Let a task, and its clock, stand at another element; a timer's message is called by its element."""
    if task.kind == "message" and task.name == CLOCK + task.node:
        task.name = CLOCK + node
    task.node = node
    renamed = update(Clock).where(Clock.instance_id == task.instance_id, Clock.name == task.id, Clock.node != "")
    current_session().execute(renamed.values(node=node))


def migrate_all(old: str, new: str, mapping: Mapping[str, str], reason: str) -> Iterator[tuple[str, Text | None]]:
    """Take over every running instance, each in a unit of work of its own: its id, and why it was left where it was."""
    with unit_of_work(reading=True):
        waiting = running_on(old)
    for instance_id in waiting:
        try:
            with unit_of_work():
                migrate(instance_id, new, mapping, reason)
        except CreditLinkError as problem:
            yield instance_id, problem.message
        else:
            yield instance_id, None

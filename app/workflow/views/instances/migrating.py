"""Taking running processes over to another version: the mapping on two diagrams, a dry run, and the batch with its progress."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from app.core.db import current_session
from app.core.errors import CreditLinkError, NotFound
from app.core.registry import Registry
from app.core.text import Text
from app.web.access import permission
from app.workflow import migration, takeover
from app.workflow.content import Definition
from app.workflow.models import ENDED, Process, ProcessInstance, ProcessTask, ProcessVersion
from app.workflow.permissions import OPERATE
from app.workflow.titles import element_titles
from app.workflow.versions import version
from app.workflow.views.instances.reading import PLACES
from app.workflow.views.instances.wording import title_in

MOST_TRIED: Final = 500
"""So many instances a dry run looks at; the others are judged when the batch comes to them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An element of the old version: how many cases stand there, and where theirs would go."""

    node: str
    title: Text
    here: int
    goal: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked: from which version to which, by which mapping, and what would become of it."""

    old: ProcessVersion
    new: ProcessVersion
    choices: tuple[Choice, ...]
    goals: tuple[tuple[str, Text], ...]
    mapping: Mapping[str, str]
    total: int
    tried: tuple[migration.Prospect, ...]

    @property
    def can(self) -> int:
        return sum(each.problem is None for each in self.tried)

    @property
    def cannot(self) -> tuple[migration.Prospect, ...]:
        return tuple(each for each in self.tried if each.problem is not None)


def _versions(process: str) -> list[ProcessVersion]:
    query = select(ProcessVersion).filter_by(process=process).order_by(ProcessVersion.number.desc())
    found = list(current_session().scalars(query))
    if not found:
        raise NotFound("workflow.process", Text("没有流程 {name}", "There is no process {name}").format(name=process))
    return found


def _running(process: str) -> dict[str, int]:
    """How many run on each version."""
    query = select(ProcessInstance.version, func.count()).where(
        ProcessInstance.process == process, ProcessInstance.status.not_in(ENDED)
    )
    return dict(current_session().execute(query.group_by(ProcessInstance.version)).all())


def _chosen(process: str) -> tuple[list[ProcessVersion], ProcessVersion | None, ProcessVersion | None]:
    """The versions, and the two that are asked for by number: by default the fullest older one, and the live one."""
    versions = _versions(process)
    by_number = {str(each.number): each for each in versions}
    known = current_session().get(Process, process)
    live = next((each for each in versions if known and each.version == known.live), versions[0])
    new = by_number.get(request.values.get("to", ""), live)
    running = _running(process)
    others = [each for each in versions if each is not new]
    fullest = max(others, key=lambda each: (running.get(each.version, 0), each.number), default=None)
    old = by_number.get(request.values.get("from", ""), fullest)
    return versions, None if old is new else old, new


def _plan(old: ProcessVersion, new: ProcessVersion) -> Plan:
    before, after = version(old.version), version(new.version)
    registry: Registry = current_app.extensions["creditlink.registry"]
    called, called_anew = element_titles(old.version, registry), element_titles(new.version, registry)
    mapping, standing = _mapping(before, after), _standing(old.version)
    goals = tuple((node.id, called_anew[node.id]) for node in after.diagram.nodes if node.kind in PLACES)
    choices = tuple(
        Choice(node.id, called[node.id], standing.get(node.id, 0), mapping.get(node.id, ""))
        for node in before.diagram.nodes
        if node.kind in PLACES and (node.id in standing or node.kind.endswith(("Task", "Activity", "Process")))
    )
    waiting = migration.running_on(old.version)
    tried = tuple(islice(migration.prospects(old.version, new.version, mapping), MOST_TRIED))
    return Plan(old, new, tuple(sorted(choices, key=lambda each: -each.here)), goals, mapping, len(waiting), tried)


def _mapping(before: Definition, after: Definition) -> dict[str, str]:
    """What is suggested, with what was chosen otherwise."""
    mapping = migration.suggested(before, after)
    for name, goal in request.values.items():
        if name.startswith("map-"):
            node = name.removeprefix("map-")
            mapping.pop(node, None)
            if goal:
                mapping[node] = goal
    return mapping


def _standing(old: str) -> dict[str, int]:
    """How many cases wait at each element."""
    query = (
        select(ProcessTask.node, func.count(ProcessTask.instance_id.distinct()))
        .join(ProcessInstance, ProcessInstance.id == ProcessTask.instance_id)
        .where(ProcessInstance.version == old, ProcessTask.status.in_(("open", "failed")))
        .where(ProcessInstance.status.not_in(ENDED))
        .group_by(ProcessTask.node)
    )
    return dict(current_session().execute(query).all())


def _page(process: str, problem: Text | None = None) -> str:
    versions, old, new = _chosen(process)
    return render_template(
        "workflow/instance_migrate.html",
        process=process,
        title=title_in(versions[0].description, process),
        versions=versions,
        running=_running(process),
        old=old,
        new=new,
        plan=_plan(old, new) if old and new else None,
        problem=problem,
        reason=request.form.get("reason", ""),
        key=request.form.get("key") or secrets.token_hex(8),
    )


@permission(OPERATE)
def migrate(process: str) -> ResponseReturnValue:
    """The mapping, and what would become of every running instance by it."""
    return _page(process)


@permission(OPERATE)
def migrate_now(process: str) -> ResponseReturnValue:
    """Have the executor take them over; the page of the batch shows its progress."""
    _, old, new = _chosen(process)
    if old is None or new is None:
        return _page(process, Text("请选择同一流程的两个版本", "Choose two versions of one process")), 422
    mapping = _mapping(version(old.version), version(new.version))
    key = f"{process}/{request.form.get('key', '')[:32]}"
    try:
        task = takeover.begin(old.version, new.version, mapping, request.form.get("reason", ""), key)
    except CreditLinkError as wrong:
        return _page(process, wrong.message), wrong.status
    return redirect(url_for("workflow.instances_takeover", process=process, task_id=task))


@permission(OPERATE)
def takeover_page(process: str, task_id: int) -> ResponseReturnValue:
    """A batch: its progress, then who went and who stayed and why. It fetches itself anew until it is over."""
    found = takeover.find(task_id)
    numbers = {each.version: each.number for each in _versions(process)}
    if found.old not in numbers:
        raise NotFound("core.task", Text("没有这个任务", "there is no such task"))
    return render_template(
        "workflow/instance_takeover.html",
        process=process,
        title=title_in(_versions(process)[0].description, process),
        batch=found,
        old=numbers[found.old],
        new=numbers[found.new],
        most=takeover.MOST_SHOWN,
    )


def add_to(blueprint: Blueprint) -> None:
    at = "/processes/<process>/migrate"
    blueprint.add_url_rule(at, "instances_migrate", migrate)
    blueprint.add_url_rule(at, "instances_migrate_now", migrate_now, methods=["POST"])
    blueprint.add_url_rule(f"{at}/<int:task_id>", "instances_takeover", takeover_page)

"""Pages: running processes, how to intervene in them, taking them over to another version, and figures about them."""

from __future__ import annotations

from flask import Blueprint

from app.core.registry import Registry, Task
from app.core.text import Text
from app.workflow import takeover
from app.workflow.intervention import InstanceActedOn
from app.workflow.views.instances import case, figures, lists, migrating
from app.workflow.views.instances.sight import InstanceDataSeen


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    """Put these pages on the room's blueprint, and announce what they tell and what they ask of the executor."""
    for kind in (InstanceDataSeen, InstanceActedOn):
        registry.event(kind)
    registry.task(
        Task(
            takeover.MIGRATE,
            Text("批量迁移流程实例", "Take running processes over to another version"),
            takeover.run,
            own_commits=True,
        )
    )
    lists.add_to(blueprint)
    case.add_to(blueprint, registry)
    migrating.add_to(blueprint)
    figures.add_to(blueprint, registry)

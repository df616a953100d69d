"""The one door of the workflow room."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.registry import Registry
from app.core.text import Text
from app.workflow.calls import register_calls
from app.workflow.clocks import register_clocks
from app.workflow.commands import commands
from app.workflow.definitions import definitions
from app.workflow.drafts import DraftChanged, VersionPublished
from app.workflow.notices import register_notices
from app.workflow.permissions import FROM_THE_START, PERMISSIONS
from app.workflow.starting import InstanceBegun
from app.workflow.stepping import register_executor
from app.workflow.views import register_pages


def register(registry: Registry) -> None:
    registry.models("app.workflow.models")
    for name, title in PERMISSIONS.items():
        registry.permission(name, title)
    for role, permissions in FROM_THE_START.items():
        registry.grant(role, *permissions)
    register_pages(registry)
    register_clocks(registry)
    register_executor(registry)
    register_calls(registry)
    register_notices(registry)
    registry.command(commands(registry))
    for event in (DraftChanged, VersionPublished, InstanceBegun):
        registry.event(event)
    registry.add_check(_steps_known)


def _steps_known(registry: Registry) -> Iterator[Text]:
    """Every step and permission that a diagram names must have been announced."""
    for defined in definitions().values():
        for step in defined.diagram.step_names:
            if step not in registry.steps:
                yield Text(
                    f"流程 {defined.process} 使用了未知步骤 {step}",
                    f"process {defined.process} calls unknown step {step}",
                )
        for permission in defined.diagram.permissions:
            if permission not in registry.permissions:
                yield Text(
                    f"流程 {defined.process} 使用了未知权限 {permission}",
                    f"process {defined.process} names unknown permission {permission}",
                )

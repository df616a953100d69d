"""The one door of the workflow room."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from app.core.registry import Registry, Task
from app.core.text import Text
from app.workflow.definitions import definitions
from app.workflow.host import MOST_ATTEMPTS, RUN_STEP, run_step


def register(registry: Registry) -> None:
    registry.models("app.workflow.models")
    registry.task(
        Task(
            RUN_STEP,
            Text("执行流程步骤", "Run a process step"),
            partial(run_step, registry),
            own_commits=True,
            max_attempts=MOST_ATTEMPTS + 1,
        )
    )
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

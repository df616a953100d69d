"""What a task asks: the form of the version that its case runs on, with what the case knows behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.core.db import current_session
from app.core.errors import NotFound
from app.core.registry import Registry
from app.core.text import Text
from app.workflow import versions
from app.workflow.forms import Attached, Background, Form, read_form
from app.workflow.models import Attachment, ProcessInstance, ProcessTask


@dataclass(frozen=True, slots=True)
class Asked:
    """A form and what stands behind it."""

    form: Form
    background: Background

    @classmethod
    def of(
        cls,
        task: ProcessTask,
        registry: Registry | None = None,
        address: Callable[[int], str] = str,
    ) -> Asked:
        """`address` gives the address of an attachment by its number. Raises NotFound and Invalid (`workflow.form`)."""
        form = form_of(task)
        known = {**_data_of(task), **(task.draft or {})}
        return cls(
            form,
            Background(
                registry=registry,
                data=known,
                thing=("task", task.id),
                documents=lambda wanted: _document(task.instance_id, wanted, address),
            ),
        )


def form_of(task: ProcessTask) -> Form:
    """The form alone. Raises NotFound and Invalid (`workflow.form`)."""
    running = current_session().scalar(select(ProcessInstance.version).where(ProcessInstance.id == task.instance_id))
    found = versions.version(str(running)).content.forms.get(task.name)
    if found is None:
        raise NotFound(
            "workflow.form",
            Text("该任务的表单 {name} 不存在", "The form {name} of this task does not exist").format(name=task.name),
        )
    return read_form(task.name, found)


def _data_of(task: ProcessTask) -> Mapping[str, Any]:
    running = current_session().get_one(ProcessInstance, task.instance_id)
    return versions.version(running.version).diagram.resume(running.state).data


def _document(instance_id: str, wanted: Any, address: Callable[[int], str]) -> Attached | None:
    """An attachment of the same case by its number; what belongs to another case is not shown."""
    if isinstance(wanted, Mapping):
        wanted = wanted.get("attachment")
    if isinstance(wanted, bool) or not str(wanted).isdecimal():
        return None
    found = current_session().get(Attachment, int(wanted))
    if found is None or found.instance_id != instance_id:
        return None
    return Attached(address(found.id), found.name, found.media_type)

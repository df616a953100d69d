"""What a process knows, shown to who may intervene: by type and length, and in the clear only on asking and told as an event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from app.core.events import Event
from app.core.text import Text
from app.workflow.instance import run_of
from app.workflow.models import ProcessInstance, ProcessTask

_LONGEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class InstanceDataSeen(Event):
    """Somebody looked at what an instance knows, in the clear: `part` is a task's element, or empty for all of it."""

    name: ClassVar[str] = "workflow.instance_data_seen"
    instance: str
    process: str
    business_key: str
    part: str = ""

    @property
    def aggregate(self) -> str:
        return f"process_instance:{self.instance}"


@dataclass(frozen=True, slots=True)
class Known:
    """One named value: what it is (`shape`), and itself as text where it has been revealed."""

    name: str
    shape: Text
    clear: str | None = None


def known(values: Any, *, clear: bool) -> tuple[Known, ...]:
    """The values of a mapping by name; anything else is one value without a name."""
    named = values if isinstance(values, Mapping) else {} if values is None else {"": values}
    return tuple(Known(str(name), shape(value), readable(value) if clear else None) for name, value in named.items())


def data_of(instance: ProcessInstance, *, clear: bool) -> tuple[Known, ...]:
    """All that a process knows by now, by name."""
    return known(dict(sorted(run_of(instance).data.items())), clear=clear)


def given_and_got(task: ProcessTask, *, clear: bool) -> tuple[tuple[Known, ...], tuple[Known, ...]]:
    """What a task was given and what came of it."""
    return known(task.params, clear=clear), known(task.result, clear=clear)


def shape(value: Any) -> Text:
    """The type and length of a value, which tell nothing of its content."""
    if value is None:
        return Text("空", "empty")
    if isinstance(value, bool):
        return Text("是 / 否", "yes or no")
    if isinstance(value, int | float):
        return Text("数字", "number")
    if isinstance(value, str):
        return Text(f"文本，{len(value)} 字", f"text, {len(value)} characters")
    if isinstance(value, Mapping):
        return Text(f"一组 {len(value)} 项", f"group of {len(value)}")
    return Text(f"列表，{len(value)} 项", f"list of {len(value)}")


def readable(value: Any) -> str:
    """A value in the clear, shortened where it is very long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

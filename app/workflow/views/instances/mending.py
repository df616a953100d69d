"""Fields by which people repair what a failed step was given, or say what came of it: one each, of its own type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_type_hints

from app.core.errors import Invalid
from app.core.registry import Registry
from app.core.text import Text
from app.workflow.content import Definition
from app.workflow.models import ProcessTask
from app.workflow.views.instances.sight import readable, shape

_LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class MendField:
    """One field. `kind` is text, number, bool or json; `shape` tells what stands there, `clear` itself if revealed."""

    name: str
    kind: str
    shape: Text
    clear: str | None = None


def parameter_fields(task: ProcessTask, registry: Registry, *, clear: bool) -> tuple[MendField, ...]:
    """The parameters of a step as fields."""
    step = registry.steps.get(task.name)
    types = get_type_hints(step.params) if step else {}
    return tuple(
        MendField(name, _kind(types.get(name), value), shape(value), readable(value) if clear else None)
        for name, value in task.params.items()
    )


def result_fields(task: ProcessTask, defined: Definition) -> tuple[MendField, ...]:
    """What the process's conditions ask of the result of a step, as its description declares it."""
    declared = (defined.content.description.get("facts") or {}).get(task.result_name) or {}
    nothing = Text("未填写", "not given")
    kinds = {"bool": "bool", "number": "number"}
    return tuple(MendField(name, kinds.get(kind, "text"), nothing) for name, kind in declared.items())


def typed(fields: tuple[MendField, ...], given: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """The values that were typed; empty ones are left out. Raises Invalid (`workflow.mend_field`) with all that is wrong."""
    values: dict[str, Any] = {}
    wrong: list[Text] = []
    for field in fields:
        text = given.get(prefix + field.name, "").strip()
        if not text:
            continue
        try:
            values[field.name] = _value(field.kind, text)
        except ValueError:
            must = _MUST[field.kind]
            wrong.append(Text(f"“{field.name}”应为{must.zh}", f"“{field.name}” must be {must.en}"))
    if wrong:
        raise Invalid("workflow.mend_field", Text("；".join(e.zh for e in wrong), "; ".join(e.en for e in wrong)))
    return values


_MUST: Final = {
    "text": Text("文本", "text"),
    "number": Text("数字", "a number"),
    "bool": Text("是或否", "yes or no"),
    "json": Text("合法的 JSON", "valid JSON"),
}


def _value(kind: str, text: str) -> Any:
    if len(text) > _LONGEST:
        raise ValueError(kind)
    if kind == "text":
        return text
    if kind == "bool":
        if text not in ("true", "false"):
            raise ValueError(kind)
        return text == "true"
    if kind == "number":
        number = json.loads(text.replace(",", ""))
        if isinstance(number, bool) or not isinstance(number, int | float) or number != number or abs(number) > 1e300:
            raise ValueError(kind)
        return number
    return json.loads(text)


def _kind(hint: Any, value: Any) -> str:
    for base, kind in ((bool, "bool"), (int, "number"), (float, "number"), (str, "text")):
        if hint is base or (hint is None and isinstance(value, base)):
            return kind
    return "text" if isinstance(value, str) else "json"

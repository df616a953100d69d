"""What analysts may put into a diagram: the registry's verbs with their typed parameters, roles, permissions, processes.

The editor draws its menus from it, so that a verb announced today can be drawn today.
"""

from __future__ import annotations

import dataclasses
import datetime
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from app.core.registry import Registry, Step
from app.core.text import Text
from app.workflow.engine.spec import CALL

_KINDS: Final[Mapping[Any, str]] = {
    str: "text",
    bool: "bool",
    int: "number",
    float: "number",
    Decimal: "number",
    datetime.date: "date",
    datetime.datetime: "date",
}
_LISTS: Final = (list, tuple, set, frozenset, Sequence)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a verb. `kind` is text, number, bool, date, list or any; without `required` it may be left out."""

    name: str
    kind: str
    required: bool


def parameters(step: Step) -> tuple[Parameter, ...]:
    """The parameters of a verb in the order of its dataclass."""
    hints = typing.get_type_hints(step.params)
    return tuple(
        Parameter(
            each.name,
            _kind(hints[each.name]),
            each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING,
        )
        for each in dataclasses.fields(step.params)
        if each.init
    )


def _kind(hint: Any) -> str:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        named = [each for each in typing.get_args(hint) if each is not type(None)]
        return _kind(named[0]) if len(named) == 1 else "any"
    if origin is typing.Literal:
        return "text"
    return "list" if hint in _LISTS or origin in _LISTS else _KINDS.get(hint, "any")


def palette(registry: Registry) -> dict[str, Any]:
    """Everything the editor offers, ready for JSON: `steps`, `roles`, `permissions`, and `rows` for forms."""
    return {
        "steps": [
            {
                "name": step.name,
                "title": pair(step.title),
                "room": step.name.partition(".")[0],
                "parameters": [dataclasses.asdict(each) for each in parameters(step)],
            }
            for step in registry.steps.values()
            if step.name != CALL
        ],
        "roles": list(_named(registry.roles)),
        "permissions": list(_named(registry.permissions)),
        "rows": [
            {
                "name": rows.name,
                "title": pair(rows.title),
                "columns": [{"name": name, "title": pair(title)} for name, title in rows.columns.items()],
            }
            for rows in registry.form_rows.values()
        ],
    }


def _named(shelf: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, thing in shelf.items():
        yield {"name": name, "title": pair(thing.title)}


def pair(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}

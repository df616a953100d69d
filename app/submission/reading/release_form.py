"""The form of the release question, read from the `forms/` folder that the business owns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from app.core.errors import Invalid
from app.core.text import Text

ROOT: Final = Path(__file__).resolve().parents[3] / "forms"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form: `kind` as form-js names it; `choices` are pairs of value and label."""

    key: str
    kind: str
    label: Text
    hint: Text | None
    choices: tuple[tuple[str, Text], ...]
    required: bool
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Form:
    title: Text
    fields: tuple[FormField, ...]


@lru_cache(maxsize=16)
def load_form(name: str) -> Form:
    """The form `area/name`. Raises Invalid when it cannot be read."""
    try:
        given = json.loads((ROOT / f"{name}.json").read_text(encoding="utf-8"))
        return Form(Text.of(given["title"]), tuple(_field(each) for each in given["components"]))
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise Invalid(
            "submission.form", Text("表单 {name} 无法读取", "The form {name} cannot be read").format(name=name)
        ) from problem


def _field(given: Mapping[str, Any]) -> FormField:
    rules = given.get("validate") or {}
    return FormField(
        key=given["key"],
        kind=given["type"],
        label=_words(given, "label"),
        hint=_words(given, "description") if given.get("description") else None,
        choices=tuple((each["value"], _words(each, "label")) for each in given.get("values") or ()),
        required=bool(rules.get("required")),
        least=int(rules.get("minLength", 0)),
        most=int(rules.get("maxLength", 2000)),
    )


def _words(given: Mapping[str, Any], name: str) -> Text:
    return Text(given[name], given.get(f"{name}_en", given[name]))

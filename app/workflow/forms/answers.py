"""Reads what a browser posts for a form, and writes numbers and dates the one way where what was meant is plain.

Names of the page's own fields begin with an underscore, which no key of a form does; they and the token are passed over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from app.workflow.forms.background import NOTHING_KNOWN, Background
from app.workflow.forms.conditions import hidden_parts
from app.workflow.forms.parts import MANY, Field, Form
from app.workflow.forms.validation import clean, seen

_OWN: Final = "csrf_token"
_GROUPED: Final = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_DAY: Final = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)")
_LONGEST_KEPT: Final = 20_000
LOOK: Final = "_look"
"""The name of the button that only has the form drawn anew, for browsers without script."""


class Posted(Protocol):
    """A form as werkzeug gives it: several values by name."""

    def __iter__(self) -> Any: ...

    def getlist(self, key: str) -> list[str]: ...


def answers_from(form: Form, posted: Posted) -> dict[str, Any]:
    """What was posted, by key, ready for `validate`; what the form does not have is kept, so that it is refused there."""
    given: dict[str, Any] = {}
    for name in posted:
        if name.startswith("_") or name == _OWN or (name in form.fields and form.fields[name].kind == "checkbox"):
            continue
        values = posted.getlist(name)
        asked = form.fields.get(name)
        given[name] = _read(asked, values) if asked else values
    for key, asked in form.fields.items():
        if asked.kind == "checkbox" and not asked.readonly:
            given[key] = _ticked(posted.getlist(key))
        elif asked.kind == "checkbox" and posted.getlist(key):
            given[key] = True
        elif asked.kind in MANY and not asked.readonly:
            given.setdefault(key, [])
    return given


def draft_of(form: Form, posted: Posted, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Unfinished answers to be kept as they are; they are checked when they are given.

    What the form does not have is left out. Masked answers that were not typed anew are taken from the draft `before`.
    """
    kept = {}
    for key, value in answers_from(form, posted).items():
        asked = form.fields.get(key)
        if asked is None or asked.readonly:
            continue
        unchanged = asked.masked and not value and before and before.get(key)
        kept[key] = before[key] if before and unchanged else _storable(value)
    return kept


def hidden_ids(form: Form, posted: Posted, background: Background = NOTHING_KNOWN) -> list[str]:
    """The parts to hide for what has been filled in so far: what the page asks for at every change."""
    answers = {key: clean(value) for key, value in answers_from(form, posted).items()}
    return sorted(hidden_parts(form, seen(form, answers, background)))


def _read(asked: Field, values: list[str]) -> Any:
    if asked.kind in MANY:
        return list(dict.fromkeys(value for value in values if value))
    if len(values) != 1:
        return values
    if asked.kind == "number":
        return number_meant(values[0])
    return date_meant(values[0]) if asked.kind == "date" else values[0]


def _ticked(values: Iterable[str]) -> Any:
    distinct = set(values)
    if distinct <= {"true", "on"}:
        return bool(distinct)
    return sorted(distinct)


def number_meant(text: str) -> str:
    """`１,２００` is 1200. What can be read in two ways, such as 1,20, stays as it is and is refused later."""
    plain = unicodedata.normalize("NFKC", text[:100]).replace("\u2212", "-").strip() if len(text) <= 100 else text
    return plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain


def date_meant(text: str) -> str:
    """`2026年1月5日`, `2026/1/5` and `2026.1.5` are 2026-01-05; anything else stays as it is."""
    if len(text) > 40:
        return text
    plain = unicodedata.normalize("NFKC", text).strip().replace(" ", "")
    found = _DAY.fullmatch(plain)
    if not found:
        return plain
    year, month, day = (each for each in found.groups() if each is not None)
    return f"{year}-{int(month):02d}-{int(day):02d}"


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()[:_LONGEST_KEPT]
    return [_storable(each) for each in value[:500]] if isinstance(value, list) else value

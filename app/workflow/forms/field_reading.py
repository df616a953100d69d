"""Reads one field of a form-js schema: its words, its rules, its choices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, cast

from app.core.text import Text
from app.language.patterns import pattern_fault
from app.workflow.forms.parts import (
    CHOOSING,
    MANY,
    MASKS,
    WRITING,
    Choice,
    Field,
    FieldKind,
    Hide,
    RowChoices,
    Rules,
)
from app.workflow.forms.properties import Properties, exact

FIELD_KINDS: Final[Mapping[str, FieldKind]] = {
    "textfield": "textfield",
    "textarea": "textarea",
    "number": "number",
    "datetime": "date",
    "checkbox": "checkbox",
    "radio": "radio",
    "select": "select",
    "checklist": "checklist",
    "taglist": "taglist",
}
MOST_CHOICES: Final = 500
_LONGEST: Final = {"textfield": 1_000, "textarea": 10_000}
_USUAL: Final = {"textfield": 200, "textarea": 2_000}
_LONGEST_MATCHED: Final = 500
"""A pattern with two repeats takes time with the square of the length."""


def read_field(given: Properties, id_: str, hide: Hide | None) -> Field:
    """The field; whatever is wrong with it is noted where `given` keeps its faults."""
    kind = FIELD_KINDS[given.text("type")]
    label = given.words("dateLabel") if kind == "date" and not given.given.get("label") else given.words("label")
    if label is None:
        given.wrong("label", "字段缺少标签（label）", "the field has no label")
        label = Text(given.text("key"), given.text("key"))
    if kind == "date" and given.text("subtype") not in ("", "date"):
        given.wrong("subtype", "日期字段只支持 date", "of date and time fields only “date” is supported")
    masked = given.text("masked")
    if masked and (masked not in MASKS or kind not in WRITING):
        given.wrong(
            "masked",
            f"“masked”只用于文本，须为 {', '.join(MASKS)} 之一",
            f"“masked” is for texts and must be one of {', '.join(MASKS)}",
        )
    choices, values_key, row_choices = _choices(given) if kind in CHOOSING else ((), "", None)
    key = given.given.get("key")
    field = Field(
        id=id_,
        hide=hide,
        key=key if isinstance(key, str) else "",
        kind=kind,
        label=label,
        hint=given.words("description", 1_000),
        rules=_rules(given, kind),
        readonly=given.flag("readonly") or given.flag("disabled"),
        as_text=given.flag("serializeToString"),
        default=_default(given, kind, choices),
        choices=choices,
        values_key=values_key,
        row_choices=row_choices,
        masked=masked,
    )
    if field.readonly and field.rules.required:
        given.wrong("required", "只读字段不能必填", "a field that is read-only cannot be required")
    return field


def _rules(given: Properties, kind: FieldKind) -> Rules:
    rules = given.object("validate")
    allowed = ["required"]
    if kind in WRITING:
        allowed += ["minLength", "maxLength", "pattern", "validationType"]
    if kind == "number":
        allowed += ["min", "max"]
    rules.only(*allowed)
    longest_of_all = _LONGEST.get(kind, 0)
    shortest = rules.whole("minLength", 0, longest_of_all) or 0 if kind in WRITING else 0
    longest = rules.whole("maxLength", 1, longest_of_all) if kind in WRITING else None
    format_ = rules.text("validationType") if kind in WRITING else ""
    if format_ not in ("", "email", "phone"):
        rules.wrong("validationType", "“validationType”须为 email 或 phone", "“validationType” must be email or phone")
    pattern = _pattern(rules) if kind in WRITING and format_ != "custom" else None
    least, most = (rules.number("min"), rules.number("max")) if kind == "number" else (None, None)
    usual = max(_USUAL.get(kind, 0), shortest)
    longest = longest if longest is not None else min(usual, _LONGEST_MATCHED) if pattern else usual
    if shortest > longest or (least is not None and most is not None and least > most):
        rules.wrong("range", "下限大于上限", "the least is more than the most")
    if pattern and longest > _LONGEST_MATCHED:
        rules.wrong(
            "pattern",
            f"有格式要求的字段至多{_LONGEST_MATCHED}个字符",
            f"a field with a pattern may have at most {_LONGEST_MATCHED} characters",
        )
    decimals = given.whole("decimalDigits", 0, 4) if kind == "number" else None
    return Rules(
        required=rules.flag("required"),
        shortest=shortest,
        longest=longest,
        least=least,
        most=most,
        decimals=4 if decimals is None else decimals,
        pattern=pattern,
        format="email" if format_ == "email" else "phone" if format_ == "phone" else "",
        not_past=kind == "date" and given.flag("disallowPassedDates"),
    )


def _pattern(rules: Properties) -> re.Pattern[str] | None:
    """The pattern that a whole answer must match; anchors around it say no more than that and are taken away."""
    text = rules.text("pattern", 220).removeprefix("^")
    if text.endswith("$") and not text.endswith("\\$"):
        text = text[:-1]
    if not text:
        return None
    if fault := pattern_fault(text):
        rules.wrong("pattern", fault.zh, fault.en)
        return None
    return re.compile(text, re.ASCII)


def _choices(given: Properties) -> tuple[tuple[Choice, ...], str, RowChoices | None]:
    values_key = given.text("valuesKey") or given.text("optionsKey")
    options = given.object("options")
    rows = None
    if options.given:
        rows = RowChoices(options.text("rows"), options.text("value"), options.text("label"), options.names("params"))
        if not rows.rows or not rows.value or not rows.label:
            options.wrong("options", "须写明 rows、value、label", "rows, value and label must be given")
    listed = given.list("values", MOST_CHOICES)
    choices = tuple(_choice(given, each, number) for number, each in enumerate(listed))
    values = [each.value for each in choices]
    if len(set(values)) != len(values):
        given.wrong("values", "选项的值重复", "two choices have the same value")
    if bool(choices) + bool(values_key) + (rows is not None) != 1:
        given.wrong(
            "values",
            "须且只能有一种选项来源：values、valuesKey 或 options",
            "choices must come from exactly one of values, valuesKey and options",
        )
    return choices, values_key, rows


def _choice(given: Properties, each: Any, number: int) -> Choice:
    place = Properties(each if isinstance(each, Mapping) else {}, f"{given.place}.values[{number}]", given.faults)
    value, label = place.text("value"), place.words("label")
    if not value or label is None:
        place.wrong("values", "选项须有 value 与 label", "a choice needs a value and a label")
    return Choice(value, label or Text(value, value))


def _default(given: Properties, kind: FieldKind, choices: tuple[Choice, ...]) -> str | bool | tuple[str, ...] | None:
    """The answer that stands there at first, in the form in which answers are given."""
    value = given.given.get("defaultValue")
    if value is None or value in ("", []):
        return None
    read = _default_of(kind, value)
    known = {each.value for each in choices}
    named = read if isinstance(read, tuple) else (read,)
    if read is None or (kind in CHOOSING and choices and not known.issuperset(cast(Any, named))):
        given.wrong("default", "“defaultValue”不是可用的值", "“defaultValue” is not a value that may be given")
        return None
    return read


def _default_of(kind: FieldKind, value: Any) -> str | bool | tuple[str, ...] | None:
    if kind == "checkbox":
        return value if isinstance(value, bool) else None
    if kind in MANY:
        listed = isinstance(value, list) and len(value) <= MOST_CHOICES and all(isinstance(each, str) for each in value)
        return tuple(value) if listed else None
    if kind == "number":
        number = exact(value)
        return plain(number) if number is not None else None
    return value if isinstance(value, str) and len(value) <= _LONGEST["textarea"] else None


def plain(number: Decimal) -> str:
    """The number without exponent."""
    return f"{number:f}"

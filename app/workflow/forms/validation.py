"""Checks answers against a form with marshmallow: all of them at once, hidden questions left out, nothing unknown taken."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import marshmallow as ma

from app.core.errors import Invalid
from app.core.text import Text
from app.workflow.forms.answering import NOT_CHOICE, READONLY, UNKNOWN, Wrong, answer_of
from app.workflow.forms.background import NOTHING_KNOWN, Background
from app.workflow.forms.conditions import hidden_parts
from app.workflow.forms.parts import MANY, Form


class FormErrors(Invalid):
    """Answers that cannot be taken. `wrongs` has everything by field key; `errors` the words to show there."""

    def __init__(self, form: Form, wrongs: Mapping[str, tuple[Wrong, ...]], code: str = "workflow.answers") -> None:
        self.form = form
        self.wrongs = wrongs
        self.errors = {key: _joined([each.message for each in found]) for key, found in wrongs.items()}
        told = [
            Text(f"{label.zh}：{text.zh}", f"{label.en}: {text.en}")
            for label, text in ((self.label(key), text) for key, text in self.errors.items())
        ]
        super().__init__(code, _joined(told))

    def label(self, key: str) -> Text:
        """What the form calls the field."""
        asked = self.form.fields.get(key)
        shown = key if key.isprintable() and len(key) <= 60 else "?"
        return asked.label if asked else Text(shown, shown)

    def called(self, code: str) -> FormErrors:
        """The same errors under the code of another room."""
        return FormErrors(self.form, self.wrongs, code)


def _joined(texts: list[Text]) -> Text:
    return Text("；".join(each.zh for each in texts), "; ".join(each.en for each in texts))


def validate(form: Form, given: Mapping[str, Any], *, background: Background = NOTHING_KNOWN) -> dict[str, Any]:
    """The answers as they are kept: fit for JSON, those of hidden questions dropped, unanswered ones left out.

    A whole number comes as int, one with decimals as text so that it stays exact, a date as YYYY-MM-DD. Raises FormErrors.
    """
    strange = [key for key in given if key not in form.fields or form.fields[key].readonly]
    answers = {str(key): clean(value) for key, value in given.items() if key not in strange}
    answers = {key: value for key, value in answers.items() if not _blank(value)}
    for key, asked in form.fields.items():
        if asked.masked and not asked.readonly and key not in answers and not _blank(background.data.get(key)):
            answers[key] = background.data[key]
        elif asked.kind == "checkbox" and not asked.readonly:
            answers.setdefault(key, False)
    gone = hidden_keys(form, answers, background)
    answers = {key: value for key, value in answers.items() if key not in gone}
    wrongs: dict[str, tuple[Wrong, ...]] = {}
    extra = {str(key): given[key] for key in strange if key not in form.fields}
    wrongs |= {key: (READONLY,) for key in strange if key in form.fields}
    try:
        accepted: dict[str, Any] = _schema(form).load({**answers, **extra}, partial=tuple(gone))
    except ma.ValidationError as problem:
        messages = problem.messages if isinstance(problem.messages, dict) else {}
        wrongs |= {str(key): tuple(found) for key, found in messages.items()}
        accepted = dict(problem.valid_data) if isinstance(problem.valid_data, dict) else {}
    for key, value in accepted.items():
        asked = form.fields[key]
        if asked.dynamic and key not in wrongs:
            offered = {each.value for each in background.choices(asked)}
            if not offered.issuperset(value if asked.kind in MANY else [value]):
                wrongs[key] = (NOT_CHOICE,)
    if wrongs:
        order = {key: number for number, key in enumerate(form.fields)}
        raise FormErrors(form, dict(sorted(wrongs.items(), key=lambda each: order.get(each[0], len(order)))))
    return {key: accepted[key] for key in form.fields if key in accepted}


def hidden_keys(form: Form, answers: Mapping[str, Any], background: Background = NOTHING_KNOWN) -> frozenset[str]:
    """The keys of the fields that are hidden while the answers are these."""
    hidden = hidden_parts(form, seen(form, answers, background))
    return frozenset(key for key, asked in form.fields.items() if asked.id in hidden)


def seen(form: Form, answers: Mapping[str, Any], background: Background) -> dict[str, Any]:
    """What conditions see: the answers, and for fields that are only shown what the process knows."""
    shown = {key: background.data.get(key, asked.default) for key, asked in form.fields.items() if asked.readonly}
    return {**answers, **shown}


def clean(value: Any) -> Any:
    """Text without blanks around it and with plain line ends; anything else as it is."""
    return value.replace("\r\n", "\n").replace("\r", "\n").strip() if isinstance(value, str) else value


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple) and not value)


class _Refusing(ma.Schema):
    error_messages = {"unknown": UNKNOWN}  # type: ignore[dict-item] # noqa: RUF012 - marshmallow passes it on as it is

    class Meta:
        unknown = ma.RAISE


@lru_cache(maxsize=512)
def _schema(form: Form) -> ma.Schema:
    """Built once for each form; forms are kept by content, so this is too."""
    fields: dict[str, Any] = {key: answer_of(asked) for key, asked in form.fields.items() if not asked.readonly}
    return _Refusing.from_dict(fields, name="Answers")()

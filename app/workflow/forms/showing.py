"""A form with its answers and errors, as the template `workflow/form.html` draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from markupsafe import Markup

from app.core.text import Text
from app.web.words import NOTHING, say, t
from app.workflow.forms import markdown
from app.workflow.forms.background import NOTHING_KNOWN, Attached, Background, Table
from app.workflow.forms.conditions import hidden_parts
from app.workflow.forms.parts import MANY, Choice, Document, Evidence, Field, Form, Words
from app.workflow.forms.validation import clean, seen


@dataclass(frozen=True, slots=True)
class Trouble:
    """One line of the summary of errors; `key` is empty where no field can be led to."""

    key: str
    label: Text
    message: Text


@dataclass(frozen=True)
class Shown:
    """A form as it is to be drawn. `values` are answers as they were given, right or wrong."""

    form: Form
    values: Mapping[str, Any]
    errors: Mapping[str, Text]
    background: Background
    _offered: dict[str, tuple[Choice, ...]] = field(default_factory=dict)

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The ids of the parts that are not to be seen now."""
        start = {key: self.value(asked) for key, asked in self.form.fields.items()}
        answers = {key: clean(value) for key, value in start.items()}
        return hidden_parts(self.form, seen(self.form, answers, self.background))

    @property
    def troubles(self) -> list[Trouble]:
        """All errors, in the order of the fields."""
        found = [
            Trouble(key, asked.label, self.errors[key]) for key, asked in self.form.fields.items() if key in self.errors
        ]
        strange = (key for key in self.errors if key not in self.form.fields)
        return found + [Trouble("", Text(key[:60], key[:60]), self.errors[key]) for key in strange]

    def value(self, asked: Field) -> Any:
        """What stands in the field: text, a list of texts, or whether it is ticked."""
        source = self.background.data if asked.readonly else self.values
        found = source.get(asked.key)
        if found is None and asked.key not in self.values:
            found = self.background.data.get(asked.key, asked.default) if not asked.masked else asked.default
        if asked.kind == "checkbox":
            return found is True
        if asked.kind in MANY:
            return [str(each) for each in found] if isinstance(found, list | tuple) else []
        return "" if found is None or isinstance(found, bool | list | tuple | dict) else str(found)

    def typed(self, asked: Field) -> str:
        """What an input holds. A masked answer comes back only where it has just been typed, to be mended."""
        return "" if asked.masked and not self.errors else self.value(asked)

    def veiled(self, asked: Field) -> str:
        """The stored answer of a masked field, to be shown behind its mask; empty where there is none."""
        if not asked.masked:
            return ""
        stored = self.background.data.get(asked.key)
        if stored is None and not self.errors:
            stored = self.values.get(asked.key)
        return stored if isinstance(stored, str) else ""

    def choices(self, asked: Field) -> tuple[Choice, ...]:
        """What may be chosen; rows are read once for each field."""
        if asked.key not in self._offered:
            self._offered[asked.key] = self.background.choices(asked)
        return self._offered[asked.key]

    def readable(self, asked: Field) -> str:
        """The value in words, for a field that is only shown."""
        value = self.value(asked)
        if asked.kind == "checkbox":
            return t("是", "Yes") if value else t("否", "No")
        titles: dict[str, str] = {each.value: say(each.label) for each in self.choices(asked)}
        if isinstance(value, list):
            return t("、", ", ").join(titles.get(str(each), str(each)) for each in value) or NOTHING
        return titles.get(str(value), str(value)) or NOTHING

    def table(self, part: Evidence) -> Table:
        return self.background.table(part)

    def document(self, part: Document) -> Attached | None:
        return self.background.document(part)

    def words(self, part: Words) -> Markup:
        return markdown.render(say(part.text))


def show_form(
    form: Form,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, Text] | None = None,
    background: Background | None = None,
) -> Shown:
    """The form ready to be drawn. Without `values` it shows what the process knows, else the defaults."""
    return Shown(form, values or {}, errors or {}, background or NOTHING_KNOWN)

"""A form as data: its fields and what stands around them, read from a form-js schema and the same for every use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from app.core.errors import Invalid
from app.core.text import Text
from app.language import Condition, Expression

if TYPE_CHECKING:
    from app.workflow.forms.background import Background
    from app.workflow.forms.showing import Shown

FieldKind = Literal["textfield", "textarea", "number", "date", "checkbox", "radio", "select", "checklist", "taglist"]
CHOOSING: Final = frozenset({"radio", "select", "checklist", "taglist"})
MANY: Final = frozenset({"checklist", "taglist"})
WRITING: Final = frozenset({"textfield", "textarea"})
MASKS: Final = ("name", "id_number", "phone", "account", "address", "email")


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: Text


@dataclass(frozen=True, slots=True, eq=False)
class Hide:
    """When a part is not shown. `reads` are the keys that the condition looks at."""

    expression: Expression
    judge: Condition
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class RowChoices:
    """Choices that are rows: the name of the rows, the columns of value and label, and parameters from the process."""

    rows: str
    value: str
    label: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rules:
    """What an answer must satisfy. Lengths are in characters; `decimals` is how many digits may follow the point."""

    required: bool = False
    shortest: int = 0
    longest: int = 200
    least: Decimal | None = None
    most: Decimal | None = None
    decimals: int = 4
    pattern: re.Pattern[str] | None = None
    format: Literal["", "email", "phone"] = ""
    not_past: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Anything that stands in a form. `id` is its place, the same as long as the schema is."""

    id: str
    hide: Hide | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Part):
    """A question. `readonly` ones show what the process knows and take no answer.

    `values_key` names a variable of the process that holds the choices. `masked` says what kind of personal data it is.
    """

    what: ClassVar[str] = "field"
    key: str
    kind: FieldKind
    label: Text
    hint: Text | None = None
    rules: Rules = field(default_factory=Rules)
    readonly: bool = False
    as_text: bool = False
    default: str | bool | tuple[str, ...] | None = None
    choices: tuple[Choice, ...] = ()
    values_key: str = ""
    row_choices: RowChoices | None = None
    masked: str = ""

    @property
    def dynamic(self) -> bool:
        return bool(self.values_key or self.row_choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Part):
    """Explaining words between the fields, in the small markup of `markdown.py`."""

    what: ClassVar[str] = "words"
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Part):
    what: ClassVar[str] = "group"
    label: Text | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Part):
    """Space between parts, with a line where `line`."""

    what: ClassVar[str] = "gap"
    line: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Part):
    """Rows shown beside the fields. `params`: the parameters of the rows, each from a variable of the process."""

    what: ClassVar[str] = "evidence"
    label: Text
    source: str
    params: Mapping[str, str]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Part):
    """An attachment shown beside the fields; `attachment` is the variable of the process that names it."""

    what: ClassVar[str] = "document"
    label: Text
    attachment: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a schema; `place` is where, as a path into it."""

    rule: str
    place: str
    message: Text
    warning: bool = False

    @property
    def told(self) -> Text:
        """The message with its place."""
        if not self.place:
            return self.message
        return Text(f"{self.place}：{self.message.zh}", f"{self.place}: {self.message.en}")


class FormInvalid(Invalid):
    """A schema cannot be used as a form; `faults` has everything that is wrong with it (`workflow.form`)."""

    def __init__(self, name: str, faults: tuple[Fault, ...]) -> None:
        wrong = [each.told for each in faults if not each.warning]
        zh, en = "；".join(each.zh for each in wrong), "; ".join(each.en for each in wrong)
        super().__init__("workflow.form", Text(f"表单 {name} 有误：{zh}", f"The form {name} is wrong: {en}"))
        self.faults = faults


@dataclass(frozen=True, eq=False)
class Form:
    """A form that can be shown and checked. `bulk` says that one set of answers may be given to many tasks at once."""

    name: str
    title: Text
    parts: tuple[Part, ...]
    bulk: bool = False
    warnings: tuple[Fault, ...] = ()

    @cached_property
    def placed(self) -> tuple[tuple[Part, tuple[Hide, ...]], ...]:
        """Every part with the conditions that can hide it: its own and those of the groups around it."""
        return tuple(_walk(self.parts, ()))

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """The fields by key, in order."""
        return {part.key: part for part, _ in self.placed if isinstance(part, Field)}

    def shown(
        self,
        values: Mapping[str, Any] | None = None,
        errors: Mapping[str, Text] | None = None,
        background: Background | None = None,
    ) -> Shown:
        """The form with answers and errors, ready to be drawn; what the template `workflow/form.html` begins with."""
        from app.workflow.forms.showing import show_form

        return show_form(self, values, errors, background)

    @cached_property
    def beside(self) -> tuple[Evidence | Document, ...]:
        return tuple(part for part, _ in self.placed if isinstance(part, Evidence | Document))

    @cached_property
    def conditional(self) -> bool:
        """Whether anything in it can be hidden."""
        return any(hides for _, hides in self.placed)


def _walk(parts: tuple[Part, ...], around: tuple[Hide, ...]) -> Iterator[tuple[Part, tuple[Hide, ...]]]:
    for part in parts:
        hides = (*around, part.hide) if part.hide else around
        yield part, hides
        if isinstance(part, Group):
            yield from _walk(part.parts, hides)

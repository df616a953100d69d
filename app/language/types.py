"""What names stand for: the types of the language and the vocabulary an expression is checked against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.core.text import Text

Value = object
"""A value inside the language: str, int, Decimal, date, bool, or None for unknown."""


class Kind(StrEnum):
    """How a single value is read. A month is text of the form YYYY-MM."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MONTH = "month"
    BOOL = "bool"


KIND_NAMES: Mapping[Kind, Text] = {
    Kind.TEXT: Text("文本", "text"),
    Kind.NUMBER: Text("数字", "a number"),
    Kind.DATE: Text("日期", "a date"),
    Kind.MONTH: Text("月份", "a month"),
    Kind.BOOL: Text("是否", "true or false"),
}


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code table: the values it allows, and for tables in levels the value above each.

    `strict` is False for national tables that change: membership can be asked, `conforms` does not insist on it.
    """

    name: str
    label: Text
    values: frozenset[str]
    strict: bool = True
    parents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """How the interface standard wants a value written: data type, length in characters, code tables.

    `kind` is A (whole amount), N (digits), AN (printable ASCII), ANC (anything), D (YYYY-MM-DD), M (YYYY-MM),
    T (YYYY-MM-DDThh:mm:ss). `fixed` means exactly `length` characters, else at most. `decimals` are the places that may
    follow a point; an amount that may have them may also be negative, its sign not counting as a character.
    """

    kind: str
    length: int
    fixed: bool = False
    codes: tuple[CodeList, ...] = ()
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value of a kind."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Struct:
    """Named fields; absent as a whole or present."""

    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class ListOf:
    """Any number of elements of one type, in order."""

    element: Type


@dataclass(frozen=True, slots=True)
class SetOf:
    """A set of texts known only at judging time; when it was not provided, membership is unknown."""


Type = Scalar | Struct | ListOf | SetOf


@dataclass(frozen=True, slots=True)
class Field:
    """A name in a struct with its type and its label for people; `form` when the standard prescribes one.

    `written` says that the value is text as it stands in the file and is still to be read as its kind.
    """

    name: str
    type: Type
    label: Text
    form: Form | None = None
    written: bool = True


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a vocabulary adds: text parameters, a yes-or-no answer. `check` must be total."""

    name: str
    label: Text
    parameters: int
    check: Callable[..., bool]


@dataclass(frozen=True)
class Vocabulary:
    """All names an expression may use: fields of the fact, code tables, functions, and dotted names for fixed texts."""

    fields: Mapping[str, Field]
    codes: Mapping[str, CodeList] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    def find(self, path: str) -> Field | None:
        """The field a dotted path leads to (through lists as well), or None."""
        fields = self.fields
        found: Field | None = None
        for part in path.split("."):
            found = fields.get(part)
            if found is None:
                return None
            inner = found.type.element if isinstance(found.type, ListOf) else found.type
            fields = inner.fields if isinstance(inner, Struct) else {}
        return found

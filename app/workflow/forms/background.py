"""What stands behind a form while it is shown and checked: what the process knows, rows of the house, attachments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from app.core.errors import CreditLinkError
from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.web.access import may as visitor_may
from app.workflow.forms.parts import Choice, Document, Evidence, Field

MOST_CHOICES: Final = 500
MOST_ROWS: Final = 50


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment that a form shows beside its fields."""

    url: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a row; `masked` is the kind of personal data, empty where it is none. `url` is where it leads, if anywhere."""

    value: str
    masked: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to show. `refusal` says instead why there are none to be seen; `more` that some were left out."""

    titles: tuple[Text, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    more: bool = False
    refusal: Text | None = None


_HIDDEN: Final = Text("您的岗位没有查看这些数据的权限", "your roles do not include seeing these rows")
_GONE: Final = Text("这些数据现在无法读取，请稍后重试", "these rows cannot be read now; try again later")


@dataclass(frozen=True)
class Background:
    """`data`: the variables of the process, and answers saved before. `thing`: what an unmasking is recorded about.

    `may` tells whether the visitor holds a permission; `documents` finds an attachment by what its variable holds.
    """

    registry: Registry | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    thing: tuple[str, str] = ("form", "")
    may: Callable[[str], bool] = visitor_may
    documents: Callable[[Any], Attached | None] = lambda name: None
    offered: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    """choices by key that stand for those of rows, for cases and tests"""

    def value(self, path: str) -> Any:
        """What a variable holds; `case.customer` looks into it. None where there is nothing."""
        found: Any = self.data
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found

    def choices(self, asked: Field) -> tuple[Choice, ...]:
        """What may be chosen; nothing where the rows cannot be had or are not for the visitor."""
        if asked.key in self.offered:
            return self.offered[asked.key]
        if asked.values_key:
            return _listed(self.value(asked.values_key))
        if asked.row_choices is None:
            return asked.choices
        wanted = asked.row_choices
        rows = self._rows(wanted.rows)
        if rows is None or not self.may(rows.permission) or {wanted.value, wanted.label} & set(rows.masked):
            return ()
        try:
            read = list(islice(rows.read(self._params(wanted.params), MOST_CHOICES), MOST_CHOICES))
        except CreditLinkError:
            return ()
        return tuple(_choice(row.get(wanted.value), row.get(wanted.label)) for row in read)

    def table(self, evidence: Evidence) -> Table:
        """The rows of an evidence panel, at most 50."""
        rows = self._rows(evidence.source)
        if rows is None:
            return Table(refusal=_GONE)
        if not self.may(rows.permission):
            return Table(refusal=_HIDDEN)
        columns = evidence.columns or tuple(rows.columns)
        try:
            read = list(islice(rows.read(self._params(evidence.params), MOST_ROWS + 1), MOST_ROWS + 1))
        except CreditLinkError as problem:
            return Table(refusal=problem.message)
        return Table(
            titles=tuple(rows.columns.get(name, Text(name, name)) for name in columns),
            rows=tuple(tuple(_cells(rows, row, columns)) for row in read[:MOST_ROWS]),
            more=len(read) > MOST_ROWS,
        )

    def document(self, part: Document) -> Attached | None:
        found = self.value(part.attachment)
        return None if found is None else self.documents(found)

    def _rows(self, name: str) -> FormRows | None:
        return self.registry.form_rows.get(name) if self.registry else None

    def _params(self, wanted: Mapping[str, str]) -> dict[str, Any]:
        return {name: self.value(path) for name, path in wanted.items()}


NOTHING_KNOWN: Final = Background()


def _cells(rows: FormRows, row: Mapping[str, Any], columns: Sequence[str]) -> Iterator[Cell]:
    for name in columns:
        address = _text(row.get(rows.links[name])) if name in rows.links else ""
        # Nothing leads out of the console, whatever a row may hold.
        own = address.startswith("/") and not address.startswith(("//", "/\\"))
        yield Cell(_text(row.get(name)), rows.masked.get(name, ""), address if own else "")


def _listed(values: Any) -> tuple[Choice, ...]:
    """Choices that a variable holds: texts, or objects with value, label and label_en."""
    if not isinstance(values, list | tuple):
        return ()
    found = []
    for each in values[:MOST_CHOICES]:
        if isinstance(each, Mapping):
            found.append(_choice(each.get("value"), each.get("label"), each.get("label_en")))
        else:
            found.append(_choice(each, each))
    return tuple(found)


def _choice(value: Any, label: Any, label_en: Any = None) -> Choice:
    shown = _text(label) or _text(value)
    return Choice(_text(value), Text(shown, _text(label_en) or shown))


def _text(value: Any) -> str:
    return "" if value is None else str(value)

"""A loaded decision table: typed columns, rows of cells, and the policy by which matching rows decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from app.core.text import Text
from app.language import CodeList, Expression, Kind
from app.language.nodes import Path
from app.rules.tables.cells import Cell, Interval

HITS: Final = ("unique", "first", "collect", "worst")
SEVERITY, CODE, BLAME = "severity", "code", "blame"
"""The output columns that make findings of a table's rows."""

OUTPUT_TYPES: Final = ("text", "code", "number", "boolean")

KINDS: Final[Mapping[str, Kind]] = {
    "text": Kind.TEXT,
    "code": Kind.TEXT,
    "number": Kind.NUMBER,
    "integer": Kind.NUMBER,
    "date": Kind.DATE,
    "month": Kind.MONTH,
    "boolean": Kind.BOOL,
}

Answer = str | int | bool | Decimal
"""What an output cell holds."""


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions about one expression.

    `codes` is its code table for the type code, `range` the values that are to be expected, `optional` says that the value
    may be missing; both are for the search for gaps alone. `labels` are the words of codes.
    """

    id: str
    title: Text
    expression: Expression
    type: str
    codes: CodeList | None = None
    range: Interval | None = None
    optional: bool = False
    labels: Mapping[str, Text] = field(default_factory=dict)

    @property
    def path(self) -> Path | None:
        """The item that the column asks, None where it asks something calculated."""
        root = self.expression.root
        return root if isinstance(root, Path) else None


@dataclass(frozen=True, slots=True)
class Step:
    """One value of a scale, with its words."""

    value: str
    label: Text | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A column of answers. A `scale` lists the values it may have, from the best to the worst."""

    id: str
    title: Text
    type: str
    codes: CodeList | None = None
    scale: tuple[Step, ...] = ()
    labels: Mapping[str, Text] = field(default_factory=dict)

    def rank(self, value: Answer | None) -> int:
        """The place on the scale, 0 the best; -1 for no value."""
        return next((place for place, step in enumerate(self.scale) if step.value == value), -1)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a cell for each input, an answer (or None) for each output, and what people should know of it."""

    id: str
    cells: tuple[Cell, ...]
    answers: tuple[Answer | None, ...]
    note: Text | None = None
    basis: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table. `complete` promises that no combination of expected values is left without a row."""

    hit: str
    complete: bool
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]

    @property
    def checks(self) -> bool:
        """Whether its rows make findings."""
        return any(output.id == SEVERITY for output in self.outputs)

    def deciding_order(self) -> tuple[int, ...]:
        """The rows in the order in which the first that matches decides; under collect each decides for itself."""
        places = range(len(self.rows))
        if self.hit != "worst":
            return tuple(places)
        return tuple(sorted(places, key=lambda place: -self.outputs[0].rank(self.rows[place].answers[0])))

    def output(self, name: str) -> int | None:
        """The place of an output column, None if there is none of that id."""
        return next((place for place, output in enumerate(self.outputs) if output.id == name), None)

    def answer(self, row: Row, name: str) -> Answer | None:
        """What a row answers in an output column; None where the table has no such column."""
        place = self.output(name)
        return None if place is None else row.answers[place]

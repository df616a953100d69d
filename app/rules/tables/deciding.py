"""Decides one fact by a table and can show why: which row, why not the others, and the colour of every cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.core.text import Text
from app.language import Trace, compile_node, evaluate
from app.language.closures import raw
from app.language.facts import Fact, is_there
from app.rules.tables.cells import Cell, Value, show_cell, show_literal
from app.rules.tables.model import Answer, Input, Row, Table

Colour = Literal["any", "hit", "miss", "missing"]
"""What a cell did: takes anything, took the value, did not take it, could not be asked since the value is missing."""

Outcome = Literal["decides", "matches", "misses"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a table says of a fact: the rows that match, those that decide, and their answers by output column.

    Under collect an answer is a list with one entry for each deciding row, else a value, or None without a row.
    """

    matched: tuple[str, ...]
    deciding: tuple[str, ...]
    answers: Mapping[str, Answer | list[Answer | None] | None]


@dataclass(frozen=True, slots=True)
class CellExplained:
    """One cell in colour; `why` is empty for a cell that takes anything."""

    column: str
    text: str
    colour: Colour
    why: Text


@dataclass(frozen=True, slots=True)
class RowExplained:
    """How a row came out. `why` says for a row that does not decide what stood against it."""

    row: str
    outcome: Outcome
    cells: tuple[CellExplained, ...]
    why: Text


@dataclass(frozen=True, slots=True)
class InputExplained:
    """What an input column read."""

    column: str
    value: Value | None
    present: bool
    trace: Trace


@dataclass(frozen=True, slots=True)
class TableExplained:
    """A decision with all that led to it."""

    decision: Decision
    inputs: tuple[InputExplained, ...]
    rows: tuple[RowExplained, ...]

    def as_data(self) -> dict[str, Any]:
        """The explanation as plain values, fit for JSON; `colour` is what a page paints a cell with."""
        return {
            "matched": list(self.decision.matched),
            "deciding": list(self.decision.deciding),
            "answers": {name: _plain(answer) for name, answer in self.decision.answers.items()},
            "inputs": [
                {"column": i.column, "value": _plain(i.value), "present": i.present, "trace": i.trace.as_data()}
                for i in self.inputs
            ],
            "rows": [
                {
                    "row": row.row,
                    "outcome": row.outcome,
                    "why": {"zh": row.why.zh, "en": row.why.en},
                    "cells": [
                        {
                            "column": c.column,
                            "text": c.text,
                            "colour": c.colour,
                            "why": {"zh": c.why.zh, "en": c.why.en},
                        }
                        for c in row.cells
                    ],
                }
                for row in self.rows
            ],
        }


class TableJudge:
    """Decides facts one after the other; compile once, ask often. Never raises for what stands in a fact."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._order = table.deciding_order()
        self._asked = [(_value_of(input_), _presence_of(input_)) for input_ in table.inputs]

    def decide(self, fact: Fact) -> Decision:
        """The table's word on a fact."""
        return self._decision(self._read(fact))

    def explain(self, fact: Fact) -> TableExplained:
        """The decision with every cell of every row."""
        read = self._read(fact)
        decision = self._decision(read)
        inputs = tuple(
            InputExplained(input_.id, value, present, evaluate(input_.expression, fact))
            for input_, (value, present) in zip(self.table.inputs, read, strict=True)
        )
        rows = tuple(self._explained(row, read, decision) for row in self.table.rows)
        return TableExplained(decision, inputs, rows)

    def _read(self, fact: Fact) -> list[tuple[Value | None, bool]]:
        return [(value(fact), present(fact)) for value, present in self._asked]

    def _decision(self, read: list[tuple[Value | None, bool]]) -> Decision:
        rows = self.table.rows
        matching = [
            place for place in self._order
            if all(cell.matches(*given) for cell, given in zip(rows[place].cells, read, strict=True))
        ]  # fmt: skip
        collect = self.table.hit == "collect"
        deciding = matching if collect else matching[:1]
        answers: dict[str, Answer | list[Answer | None] | None] = {}
        for column, output in enumerate(self.table.outputs):
            given = [rows[place].answers[column] for place in deciding]
            answers[output.id] = given if collect else given[0] if given else None
        return Decision(
            tuple(rows[place].id for place in sorted(matching)), tuple(rows[place].id for place in deciding), answers
        )

    def _explained(self, row: Row, read: list[tuple[Value | None, bool]], decision: Decision) -> RowExplained:
        cells = tuple(
            _cell(input_, cell, *given) for input_, cell, given in zip(self.table.inputs, row.cells, read, strict=True)
        )
        if row.id in decision.deciding:
            return RowExplained(row.id, "decides", cells, Text("由本行决定", "this row decides"))
        if row.id in decision.matched:
            by = decision.deciding[0]
            return RowExplained(
                row.id, "matches", cells, Text(f"也符合，但由{by}决定", f"matches too, but {by} decides")
            )
        against = [cell.why for cell in cells if cell.colour in ("miss", "missing")]
        why = Text("；".join(text.zh for text in against), "; ".join(text.en for text in against))
        return RowExplained(row.id, "misses", cells, why)


def _value_of(input_: Input) -> Callable[[Fact], Value | None]:
    ask = compile_node(input_.expression.root)
    return lambda fact: ask(fact, {})


def _presence_of(input_: Input) -> Callable[[Fact], bool]:
    path = input_.path
    if path is None:
        return lambda fact: True
    get = raw(path)
    return lambda fact: is_there(path, get(fact, {}))


def _cell(input_: Input, cell: Cell, value: Value | None, present: bool) -> CellExplained:
    text = show_cell(cell)
    if cell.any:
        return CellExplained(input_.id, text, "any", Text("", ""))
    hit = cell.matches(value, present)
    colour: Colour = "hit" if hit else "missing" if value is None else "miss"
    label = input_.labels.get(value) if isinstance(value, str) else None
    shown = "" if value is None else show_literal(value)
    zh = (f"{shown}（{label.zh}）" if label else shown) or "无值"
    en = (f"{shown} ({label.en})" if label else shown) or "missing"
    fits = ("符合", "fits") if hit else ("不符合", "does not fit")
    why = Text(f"{input_.title.zh}为{zh}，{fits[0]}“{text}”", f"{input_.title.en} is {en}: {fits[1]} “{text}”")
    return CellExplained(input_.id, text, colour, why)


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | bool | int) else str(value)

"""A decision table back as content: one right way to write each, by which its edition is known and its file is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import yaml

from app.core.text import Text
from app.rules.model import Ruleset
from app.rules.tables.cells import show_cell, show_part
from app.rules.tables.model import Answer, Input, Output, Row, Table
from app.standard import catalogue


def table_data(ruleset: Ruleset, table: Table) -> dict[str, Any]:
    """The ruleset as the mapping that its file holds. Reading it gives an equal table, writing that the same mapping."""
    record, _, code = ruleset.facts.partition(".")
    facts: dict[str, Any] = {record: ruleset.facts}
    if record == "record" and ruleset.subject and catalogue.current().record(code, ruleset.subject).shared:
        facts["subject"] = ruleset.subject
    data: dict[str, Any] = {
        "ruleset": ruleset.name,
        "kind": "table",
        "title": _pair(ruleset.title),
        "basis": [entry.zh if entry.zh == entry.en else _pair(entry) for entry in ruleset.basis],
        "effective": {"from": ruleset.effective_from},
        "facts": facts,
        "hit": table.hit,
        "complete": table.complete,
        "inputs": [_input(each) for each in table.inputs],
        "outputs": [_output(each) for each in table.outputs],
        "rows": [_row(table, row) for row in table.rows],
    }
    if not data["basis"]:
        del data["basis"]
    return data


def table_yaml(data: dict[str, Any]) -> str:
    """The mapping as the text of its file."""
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, default_flow_style=None, width=160)


def _pair(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _input(column: Input) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": column.id,
        "title": _pair(column.title),
        "value": column.expression.text,
        "type": column.type,
    }
    if column.codes is not None:
        data["codes"] = column.codes.name
    if column.range is not None:
        data["range"] = show_part(column.range)
    if column.optional:
        data["optional"] = True
    return data


def _output(column: Output) -> dict[str, Any]:
    data: dict[str, Any] = {"id": column.id, "title": _pair(column.title), "type": column.type}
    if column.codes is not None:
        data["codes"] = column.codes.name
    if column.scale and column.id != "severity":
        data["scale"] = [{"value": s.value, **(_pair(s.label) if s.label else {})} for s in column.scale]
    return data


def _row(table: Table, row: Row) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": row.id,
        "when": {i.id: show_cell(c) for i, c in zip(table.inputs, row.cells, strict=True) if not c.any},
        "then": {o.id: show_answer(a) for o, a in zip(table.outputs, row.answers, strict=True) if a is not None},
    }
    if row.note is not None:
        data["note"] = _pair(row.note)
    if row.basis:
        data["basis"] = row.basis
    return data


def show_answer(answer: Answer) -> str | int | bool:
    """An answer as content holds it; numbers with decimals as text, so that nothing is rounded."""
    return f"{answer:f}" if isinstance(answer, Decimal) else answer

"""Facts as a relation: from nested dictionaries to the typed columns in which the lake holds records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from app.language import Kind, ListOf, Scalar, SetOf, Struct, Type, Vocabulary

Structure = str | dict[str, "Structure"] | list["Structure"]


def structure_of(type_: Type, written: bool = True) -> Structure:
    """The shape of a type as DuckDB's JSON functions want it; the column types are those of `column_type`."""
    match type_:
        case Struct(fields=fields):
            return {name: structure_of(field.type, field.written) for name, field in fields.items()}
        case ListOf(element=element):
            return [structure_of(element)]
        case SetOf():
            return ["VARCHAR"]
        case Scalar(kind=Kind.BOOL):
            return "BOOLEAN"
        case Scalar(kind=Kind.NUMBER) if not written:
            return "BIGINT"
        case _:
            return "VARCHAR"


def constant(value: object, structure: Structure) -> str:
    """An SQL expression for a nested Python value (dict, list, set, str, int, bool, None) in a given shape."""
    return f"from_json({text_literal(_json(value))}, {text_literal(_json(structure))})"


def text_literal(text: str) -> str:
    """An SQL text."""
    return "'" + text.replace("'", "''") + "'"


def facts_to_relation(vocabulary: Vocabulary, facts: Sequence[Mapping[str, object]]) -> tuple[str, list[str]]:
    """A query in brackets, with its parameters, that gives a row per fact: `record_id` from 0 and all columns."""
    structure: Structure = {name: structure_of(field.type, field.written) for name, field in vocabulary.fields.items()}
    numbered: Structure = [{"record_id": "BIGINT", "fact": structure}]
    columns = ", ".join(f'row_.fact."{name}" AS "{name}"' for name in vocabulary.fields)
    source = f"SELECT unnest(from_json(?, {text_literal(_json(numbered))})) AS row_"
    query = f"(SELECT row_.record_id AS record_id, {columns} FROM ({source}))"
    return query, [_json([{"record_id": number, "fact": fact} for number, fact in enumerate(facts)])]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)

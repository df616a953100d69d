"""The names that conditions may use, as lists for people to choose from: items, groups, registers, code tables, functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.core.text import Text
from app.language import Field, ListOf, Scalar, SetOf, Struct
from app.language.functions import LABELS, SIGNATURES
from app.rules.rule_reading import About
from app.rules.vocabulary import FUNCTIONS
from app.standard import catalogue
from app.standard.catalogue import CodeTable

SHORT: Final = 80
"""Code tables with more values are searched, not listed."""
_DEEPEST: Final = 6

USAGES: Final[Mapping[str, str]] = {
    **{name: each.usage for name, each in SIGNATURES.items()},
    **{
        name: f"{name}(x)"
        for name in ("has", "filled", "empty", "has_items", "known", "or_zero", "conforms", "is_date")
    },
    "parent": "parent('BusiDtlLines', x)",
    "all": "all(… for p in G)",
    "any": "any(… for p in G)",
    "sum": "sum(p.x for p in G)",
    "count": "count(G)",
    "distinct": "distinct((p.a, p.b) for p in G)",
    **{name: f"{name}({', '.join('xyz'[: each.parameters])})" for name, each in FUNCTIONS.items()},
}
_GROUPS: Final[Mapping[str, Text]] = {
    "all": Text("组内每一条都满足", "every element of a group does"),
    "any": Text("组内至少一条满足", "at least one element of a group does"),
    "sum": Text("组内合计", "the sum over a group"),
    "count": Text("组内条数", "the number of elements"),
    "distinct": Text("组内互不相同", "no two elements are alike"),
    "parent": Text("代码表中的上级代码", "the code above in a table of levels"),
}


def meaning_of(function: str) -> Text:
    """What a function says, with x and y in its places."""
    label = FUNCTIONS[function].label if function in FUNCTIONS else LABELS.get(function)
    if label is None:
        return _GROUPS[function]
    return Text(*(words.replace("{0}", " x ").replace("{1}", " y ").strip() for words in (label.zh, label.en)))


def pair(text: Text) -> dict[str, str]:
    """Words for JSON."""
    return {"zh": text.zh, "en": text.en}


def offered(about: About) -> dict[str, Any]:
    """Everything a condition about this kind of fact may name, fit for JSON."""
    used: set[str] = set()
    items = list(_items(about.vocabulary.fields, (), (), "", used, 0))
    tables = tables_of(about)
    return {
        "items": items,
        "tables": {name: _table(name, tables[name]) for name in sorted(used) if name in tables},
        "table_names": [{"name": name, "label": pair(_title(about, name))} for name in tables],
        "functions": [{"name": n, "usage": u, "meaning": pair(meaning_of(n))} for n, u in sorted(USAGES.items())],
        "constants": dict(about.vocabulary.constants),
    }


def tables_of(about: About) -> Mapping[str, CodeTable]:
    """The code tables by name, with what their values mean."""
    return catalogue.current().codes(about.record.subject) if about.record is not None else {}


def values_of(about: About, table: str, wanted: str, most: int) -> list[dict[str, str]]:
    """The values of a code table whose code or meaning holds the wanted words."""
    tables = tables_of(about)
    if table not in tables:
        return []
    folded = wanted.casefold()
    fitting = (
        {"value": value, **pair(words)}
        for value, words in tables[table].values.items()
        if folded in value.casefold() or folded in words.zh or folded in words.en.casefold()
    )
    return [each for each, _ in zip(fitting, range(most), strict=False)]


def _title(about: About, name: str) -> Text:
    return about.vocabulary.codes[name].label if name in about.vocabulary.codes else Text(name, name)


def _table(name: str, table: CodeTable) -> dict[str, Any]:
    short = len(table.values) <= SHORT
    values = [{"value": value, **pair(words)} for value, words in table.values.items()] if short else []
    return {"name": name, "label": pair(table.title), "large": not short, "values": values}


def _items(
    fields: Mapping[str, Field],
    parts: tuple[str, ...],
    labels: tuple[Text, ...],
    repeats: str,
    used: set[str],
    depth: int,
) -> Iterator[dict[str, Any]]:
    for name, field in fields.items():
        path = ".".join((*parts, name))
        said: dict[str, Any] = {
            "path": path,
            "label": pair(field.label),
            "of": pair(Text(" · ".join(each.zh for each in labels), " · ".join(each.en for each in labels))),
            "list": repeats,
        }
        match field.type:
            case Scalar(kind=kind):
                tables = [table.name for table in field.form.codes] if field.form else []
                used.update(tables)
                yield {**said, "shape": "value", "kind": kind.value, "codes": tables, "written": field.written}
            case SetOf():
                yield {**said, "shape": "set"}
            case Struct(fields=inner):
                yield {**said, "shape": "segment"}
                if depth < _DEEPEST:
                    yield from _items(inner, (*parts, name), (*labels, field.label), repeats, used, depth + 1)
            case ListOf(element=Struct(fields=inner)):
                yield {**said, "shape": "group"}
                if depth < _DEEPEST:
                    yield from _items(inner, (*parts, name), (*labels, field.label), path, used, depth + 1)
            case _:
                yield {**said, "shape": "texts"}

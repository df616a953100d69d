"""What may be written next in a condition: names with what they are called, functions, code values with their meanings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.core.text import Text
from app.language import Field, ListOf, Scalar, Struct
from app.language.types import KIND_NAMES
from app.rules.editing.judging import Standing
from app.rules.editing.names import USAGES, meaning_of, pair, values_of

MOST: Final = 60
_WORD: Final = re.compile(r"[\w.]*$")
_OPEN_TEXT: Final = re.compile(r"(?P<quote>['\"])(?P<begun>[^'\"]*)$")
_ASKED: Final = re.compile(r"(?P<name>[A-Za-z_][\w.]*)\s*(==|!=|(not\s+)?in\s*\[[^\]]*|<|>|<=|>=)\s*$")
_OVER: Final = re.compile(r"\bfor\s+(?P<variable>[A-Za-z_]\w*)\s+in\s+(?P<list>[A-Za-z_][\w.]*)")

Option = dict[str, Any]


def complete(text: str, at: int, standing: Standing) -> dict[str, Any]:
    """What fits at a place of the text: `from` where it begins, and the options with label, detail and kind.

    Names are found by their own letters and by what they are called in Chinese or English.
    """
    before = text[: max(0, at)]
    quoted = _OPEN_TEXT.search(before)
    if quoted and before.count(quoted["quote"]) % 2:
        begin = quoted.start("begun")
        values = list(_values(before[: quoted.start()], quoted["begun"], standing, text))
        values.sort(key=lambda each: not each["label"].startswith(quoted["begun"]))
        return {"from": begin, "options": values[:MOST]}
    word = _WORD.search(before)
    begun = word[0] if word else ""
    options = [each for each in _names(begun, standing, text) if _fits(each, begun)]
    options.sort(key=lambda each: (not each["label"].startswith(begun), each["rank"]))
    return {"from": at - len(begun), "options": options[:MOST]}


def _fits(option: Option, begun: str) -> bool:
    folded = begun.casefold()
    said = option["detail"]
    return folded in option["label"].casefold() or folded in said["zh"] or folded in said["en"].casefold()


def _values(before: str, begun: str, standing: Standing, text: str) -> Iterator[Option]:
    """The codes of the item that stands before the quotes."""
    asked = _ASKED.search(before)
    field = _field(asked["name"], standing, text) if asked else None
    for table in field.form.codes if field and field.form else ():
        for each in values_of(standing.about, table.name, begun, MOST):
            yield {"label": each["value"], "detail": {"zh": each["zh"], "en": each["en"]}, "kind": "value", "rank": 0}


def _names(begun: str, standing: Standing, text: str) -> Iterator[Option]:
    if begun.startswith("codes."):
        for name, table in standing.about.vocabulary.codes.items():
            yield {"label": f"codes.{name}", "detail": pair(table.label), "kind": "table", "rank": 0}
        return
    for variable, field in _variables(standing, text).items():
        yield from _fields({variable: field}, (), 1)
    for name in standing.first.names if standing.first else ():
        yield {"label": name, "detail": pair(_PLACES[name]), "kind": "item", "rank": 0}
    for name in standing.first.lists if standing.first else ():
        yield {"label": name, "detail": pair(_PLACES[name]), "kind": "item", "rank": 0}
    yield from _fields(standing.about.vocabulary.fields, (), 2)
    if standing.about.vocabulary.codes:
        yield {"label": "codes.", "detail": pair(Text("代码表", "code tables")), "kind": "table", "rank": 4}
    for name, usage in USAGES.items():
        told = {"label": f"{name}(", "shown": usage, "detail": pair(meaning_of(name)), "kind": "function", "rank": 3}
        yield told
    for word, zh, en in (
        ("and", "且", "both"),
        ("or", "或", "either"),
        ("not", "非", "the opposite"),
        ("in", "属于", "one of"),
    ):
        yield {"label": f"{word} ", "detail": pair(Text(zh, en)), "kind": "word", "rank": 5}


_PLACES: Final[Mapping[str, Text]] = {
    "item": Text("选取到的数据项", "the selected item"),
    "segment": Text("它所在的信息段", "its segment"),
    "group": Text("选取到的组", "the selected group"),
    "count_item": Text("组的个数项", "the item that counts the group"),
    "item.accounts": Text("该数据项适用的账户类型", "the account types of the item"),
}


def _fields(fields: Mapping[str, Field], parts: tuple[str, ...], rank: int) -> Iterator[Option]:
    for name, field in fields.items():
        path = ".".join((*parts, name))
        kind = (
            KIND_NAMES[field.type.kind] if isinstance(field.type, Scalar) else _SHAPES[isinstance(field.type, ListOf)]
        )
        detail = Text(f"{field.label.zh}（{kind.zh}）", f"{field.label.en} ({kind.en})")
        yield {"label": path, "detail": pair(detail), "kind": "item", "rank": rank}
        if isinstance(field.type, Struct) and len(parts) < 4:
            yield from _fields(field.type.fields, (*parts, name), rank)


_SHAPES: Final = {True: Text("重复出现", "repeats"), False: Text("信息段", "segment")}


def _variables(standing: Standing, text: str) -> dict[str, Field]:
    """The names of elements that the text's own questions over groups have, wherever in it they stand."""
    found: dict[str, Field] = dict(standing.first.variables) if standing.first else {}
    for over in _OVER.finditer(text):
        field = _field(over["list"], standing, text)
        if field is not None and isinstance(field.type, ListOf):
            found[over["variable"]] = Field(over["variable"], field.type.element, field.label, written=field.written)
    return found


def _field(name: str, standing: Standing, text: str) -> Field | None:
    field = standing.about.vocabulary.find(name)
    if field is not None:
        return field
    root, _, rest = name.partition(".")
    for over in _OVER.finditer(text):
        if over["variable"] == root and over["list"].partition(".")[0] != root:
            return _field(f"{over['list']}.{rest}" if rest else over["list"], standing, text)
    first = standing.first
    if first is not None and name in first.names:
        path = first.names[name]
        inner = f"{first.group}.{path[1]}" if path and path[0] in first.variables else ".".join(path)
        return standing.about.vocabulary.find(inner)
    return None

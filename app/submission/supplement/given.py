"""What somebody has typed into an entry form, read item by item: which items stand, which are needed, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from app.core.text import Text
from app.language import Field as Name
from app.language import ListOf, Scalar, evaluate, parse
from app.language.values import conforms
from app.rules.vocabulary import record_vocabulary
from app.standard import catalogue
from app.standard.catalogue import CodeTable, Item
from app.standard.files.characters import UNWRITABLE
from app.submission.supplement.entry import EntryForm, Field, fields
from app.submission.tables import record_type

LONGEST_VALUE: Final = 1_000

_KINDS: Final[Mapping[str, Text]] = {
    "A": Text("整数金额（元）", "a whole amount in yuan"),
    "N": Text("数字", "a number"),
    "AN": Text("字母或数字", "letters or digits"),
    "ANC": Text("文字", "text"),
    "D": Text("日期，如 2026-11-30", "a date like 2026-11-30"),
    "M": Text("月份，如 2026-11", "a month like 2026-11"),
    "T": Text("时间", "a time"),
}


@dataclass(frozen=True, slots=True)
class Presence:
    """How an item stands for what has been typed: whether its tag appears, whether its value must or must not be there, and
    which code table it comes from."""

    shown: bool
    needed: bool
    forbidden: bool
    table: str


def written(value: object) -> str:
    """A value as it was typed, without blanks around it and without what no line of a file can hold."""
    return UNWRITABLE.sub("", str(value or ""))[:LONGEST_VALUE].strip(" \u3000\t")


def form_text(item: Item) -> Text:
    """What may be typed for an item, in words."""
    kind = _KINDS[item.type]
    if item.type in ("D", "M", "T"):
        return kind
    if item.fixed:
        return Text(f"{kind.zh}，{item.length} 位", f"{kind.en}, {item.length} characters")
    return Text(f"{kind.zh}，至多 {item.length} 位", f"{kind.en}, at most {item.length} characters")


def tables_of(form: EntryForm, field: Field) -> tuple[CodeTable, ...]:
    """The code tables that an item's values may come from."""
    known = catalogue.current().codes(record_type(form.record).subject)
    return tuple(known[name] for name in field.item.codes if name in known)


def presences(form: EntryForm, values: Mapping[str, str], beside: Mapping[str, str]) -> dict[str, Presence]:
    """How every item of a form stands for these values; `beside` holds what other rows of the subject say (`AcctType`)."""
    fact, element = _fact(form, values, beside)
    record = record_type(form.record)
    stands = {segment.code for segment in record.segments if segment.required} | {"B", form.group}
    stands |= {each.segment for each in fields(form) if values.get(each.tag)}
    return {each.tag: _presence(form, each, fact, element, each.segment in stands) for each in fields(form)}


def _fact(
    form: EntryForm, values: Mapping[str, str], beside: Mapping[str, str]
) -> tuple[dict[str, dict[str, Any]], dict[str, str] | None]:
    record = record_type(form.record)
    both = {**beside, **values}
    fact: dict[str, dict[str, Any]] = {
        segment.code: {item.tag: both[item.tag] for item in segment.plain if item.tag in both}
        for segment in record.segments
    }
    if not form.group:
        return fact, None
    segment = record.segment(form.group)
    element = {item.tag: values.get(item.tag, "") for item in segment.groups[0].items}
    fact[segment.code][segment.groups[0].tag] = [element]
    return fact, element


def _presence(
    form: EntryForm, field: Field, fact: Mapping[str, Any], element: Mapping[str, str] | None, stands: bool
) -> Presence:
    """`stands`: whether its segment is to be there at all, being required or begun."""
    item = field.item

    def holds(condition: str | None) -> bool:
        return condition is not None and _holds(form, condition, fact, element)

    account = (fact.get("B") or {}).get("AcctType") or ""
    shown = (item.accounts is None or not account or account in item.accounts) and (
        item.present_when is None or holds(item.present_when)
    )
    forbidden = holds(item.empty_when)
    must = item.presence == "M" or (item.presence == "C" and not item.empty_tag)
    needed = stands and shown and not forbidden and (holds(item.filled_when) or (must and item.filled_when is None))
    table = next((name for name, condition in item.codes_when if holds(condition)), item.codes[0] if item.codes else "")
    return Presence(shown, needed, forbidden, table)


def _holds(form: EntryForm, condition: str, fact: Mapping[str, Any], element: Mapping[str, str] | None) -> bool:
    path = f"{form.group}.{record_type(form.record).segment(form.group).groups[0].tag}" if form.group else ""
    variables = {"p": element} if element is not None else {}
    return evaluate(_condition(form.record, condition, path), fact, variables).state == "true"


@lru_cache(maxsize=1024)
def _condition(code: str, condition: str, path: str) -> Any:
    vocabulary = record_vocabulary(code)
    field = vocabulary.find(path) if path else None
    variables = {}
    if field is not None and isinstance(field.type, ListOf):
        variables["p"] = Name("p", field.type.element, field.label)
    return parse(condition, vocabulary, variables=variables)


def faults(
    form: EntryForm, values: Mapping[str, str], stands: Mapping[str, Presence], *, whole: bool
) -> dict[str, Text]:
    """What is wrong with the items by themselves, by tag: the way they are written, and, of a whole row, what is missing."""
    return dict(_faults(form, values, stands, whole=whole))


def _faults(
    form: EntryForm, values: Mapping[str, str], stands: Mapping[str, Presence], *, whole: bool
) -> Iterator[tuple[str, Text]]:
    for field in fields(form):
        value, stand = values.get(field.tag, ""), stands[field.tag]
        if not value:
            if field.in_key or (whole and stand.needed and field.tag not in _DEFAULTED):
                yield field.tag, Text("须填写", "a value is needed")
        elif not fits(form, field, value, stand):
            yield field.tag, _misfit(form, field, stand)
        elif field.in_key and "|" in value:
            yield field.tag, Text("不能含有“|”", "it must not hold “|”")
        elif stand.forbidden and whole:
            yield field.tag, Text("此时须为空", "it must be empty in this case")


_DEFAULTED: Final = frozenset({"InfSurcCode"})
"""What the derivation fills in by itself."""


def fits(form: EntryForm, field: Field, value: str, stand: Presence) -> bool:
    """Whether a value is written as its item demands; its code table is the one that applies."""
    name = _vocabulary_form(form.record, field.segment, field.tag)
    if name is None or not isinstance(name.type, Scalar) or name.form is None:
        return len(value) <= field.item.length
    table = next((each for each in tables_of(form, field) if each.name == stand.table), None)
    if table is not None and table.strict and field.item.codes_when and value not in table.values:
        return False
    return conforms(name.form, value)


@lru_cache(maxsize=2048)
def _vocabulary_form(code: str, letter: str, tag: str) -> Name | None:
    segment = record_type(code).segment(letter)
    vocabulary = record_vocabulary(code)
    if any(item.tag == tag for item in segment.plain):
        return vocabulary.find(f"{letter}.{tag}")
    return next((vocabulary.find(f"{letter}.{group.tag}.{tag}") for group in segment.groups), None)


def _misfit(form: EntryForm, field: Field, stand: Presence) -> Text:
    if field.item.codes:
        table = next((each for each in tables_of(form, field) if each.name == stand.table), None)
        title = table.title if table else field.item.title
        return Text(f"不在代码表“{title.zh}”内", f"not in the code table “{title.en}”")
    wanted = form_text(field.item)
    return Text(f"应为{wanted.zh}", f"it should be {wanted.en}")

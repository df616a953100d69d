"""`each` rules: what the standard says once about every item, segment or group, written out over the catalogue."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.core.text import Text
from app.language import Field, ListOf, Vocabulary
from app.standard.catalogue import Group, Item, RecordType, Segment

OCCURRENCE = "p"
"""The name, inside a rule about an item of a group, of the occurrence that is looked at."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place an `each` rule is written out for.

    `names` maps `item`, `segment`, `group`, `count_item` to their paths (the segment of a flat record is the record itself, an
    empty path), `lists` names like `item.accounts` to values.
    `group` is the path of the group whose occurrences are to be looked at one by one, or ''.
    """

    names: Mapping[str, tuple[str, ...]]
    lists: Mapping[str, tuple[str, ...]]
    group: str
    variables: Mapping[str, Field]
    blame: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """A fault in an `each` mapping, at one of its keys."""

    key: str
    message: Text


_KEYS: Mapping[str, frozenset[str]] = {
    "item": frozenset(
        {"of", "presence", "codes", "types", "tags", "except", "accounts", "empty_tag", "segments", "conditional", "in"}
    ),
    "segment": frozenset({"of", "required", "tags", "segments", "except"}),
    "group": frozenset({"of", "tags", "segments", "except"}),
}


@dataclass(frozen=True, slots=True)
class Stand:
    """A segment and the path at which it stands in the fact: in a correction the segments to choose from stand inside."""

    segment: Segment
    path: tuple[str, ...]
    corrected: bool = False


def stands(record: RecordType) -> Iterator[Stand]:
    """The segments of a record where they stand, of a correction also those that it may carry."""
    for segment in record.segments:
        if segment.items:
            yield Stand(segment, (segment.code,) if segment.code else ())
        else:
            yield from (Stand(inner, (segment.code, inner.code), True) for inner in record.corrections)


def find_places(
    each: object, record: RecordType, vocabulary: Vocabulary, everywhere: Iterable[RecordType] = ()
) -> tuple[list[Place], list[Wrong]]:
    """The places a mapping selects, in the order of the record, or what is wrong with it.

    `everywhere` are the record types for which the mapping is written. A name then has to exist in one of them, and
    nothing is wrong when this record has no such place.
    """
    if not isinstance(each, dict) or each.get("of") not in _KEYS:
        return [], [Wrong("of", Text("each须写明of: item、segment或group", "each needs of: item, segment or group"))]
    shared = tuple(everywhere)
    wrong = list(_check(each, shared or (record,)))
    if wrong:
        return [], wrong
    places: list[Place] = []
    for stand in stands(record):
        match each["of"]:
            case "item":
                places += [
                    _item_place(stand, group, item, vocabulary)
                    for group, item in items_of(stand.segment)
                    if _item_wanted(each, stand.segment, group, item)
                ]
            case "segment":
                places += [_segment_place(stand)] if _segment_wanted(each, stand) else []
            case _:
                places += [
                    _group_place(stand, group)
                    for group in stand.segment.groups
                    if _wanted_by_name(each, stand.segment, group.tag, group.count_tag)
                ]
    if not places and not shared:
        wrong.append(Wrong("of", Text("没有符合条件的数据项", "nothing in the catalogue fits this selection")))
    return places, wrong


def items_of(segment: Segment) -> Iterator[tuple[Group | None, Item]]:
    """The items of a segment in writing order, each with the group it repeats in."""
    for entry in segment.items:
        if isinstance(entry, Item):
            yield None, entry
        else:
            yield from ((entry, item) for item in entry.items)


def _listed(value: object) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _check(each: dict[str, Any], records: Sequence[RecordType]) -> Iterator[Wrong]:
    known = _KEYS[each["of"]]
    for key in each.keys() - known:
        near = difflib.get_close_matches(key, known, 1, 0.5)
        hint = Text(f"，是否指“{near[0]}”？", f"; did you mean “{near[0]}”?") if near else Text("", "")
        yield Wrong(key, Text(f"each没有选项“{key}”{hint.zh}", f"each has no option “{key}”{hint.en}"))
    letters, named = _names(_Records(records))
    allowed: Mapping[str, Set[str]] = {
        "tags": named,
        "except": named,
        "segments": letters,
        "presence": {"M", "O", "C"},
        "types": {"A", "N", "AN", "ANC", "D", "M", "T"},
        "in": {"segment", "group"},
    }
    for key, values in allowed.items():
        for value in _listed(each[key]) if key in each else ():
            if value not in values:
                message = Text(f"“{value}”不是{key}的取值", f"“{value}” is not a value for {key} in this record")
                yield Wrong(key, message)


class _Records:
    """Record types for the cache: the same ones are asked again for every mapping of every ruleset."""

    def __init__(self, records: Sequence[RecordType]) -> None:
        self.records = tuple(records)
        self.key = tuple(map(id, self.records))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Records) and self.key == other.key


@lru_cache(maxsize=256)
def _names(about: _Records) -> tuple[Set[str], Set[str]]:
    """The letters of the segments, and every name by which a mapping may choose: segments, groups, items."""
    segments = [stand.segment for record in about.records for stand in stands(record)]
    letters = {segment.code for segment in segments}
    named = {*letters, *(segment.tag for segment in segments), *(g.tag for each in segments for g in each.groups)}
    for segment in segments:
        tags = {item.tag for _, item in items_of(segment)}
        named |= tags | {f"{segment.code}.{tag}" for tag in tags}
    return letters, named


def _wanted_by_name(each: dict[str, Any], segment: Segment, *names: str) -> bool:
    paths = {*names, *(f"{segment.code}.{name}" for name in names)}
    if "tags" in each and not paths & {*_listed(each["tags"])}:
        return False
    if "except" in each and paths & {*_listed(each["except"])}:
        return False
    return "segments" not in each or segment.code in _listed(each["segments"])


def _segment_wanted(each: dict[str, Any], stand: Stand) -> bool:
    # Of what may be corrected no segment has to stand, whatever its own record asks for.
    required = stand.segment.required and not stand.corrected
    if "required" in each and required is not each["required"]:
        return False
    return _wanted_by_name(each, stand.segment, stand.segment.tag, stand.segment.code)


def _item_wanted(each: dict[str, Any], segment: Segment, group: Group | None, item: Item) -> bool:
    if not _wanted_by_name(each, segment, item.tag):
        return False
    if "presence" in each and item.presence not in _listed(each["presence"]):
        return False
    if "types" in each and item.type not in _listed(each["types"]):
        return False
    if "codes" in each and not _codes_wanted(each["codes"], item):
        return False
    if "accounts" in each and (item.accounts is not None) is not (each["accounts"] in ("any", True)):
        return False
    if "empty_tag" in each and item.empty_tag is not each["empty_tag"]:
        return False
    if "in" in each and (group is not None) is not (each["in"] == "group"):
        return False
    conditional = item.accounts is not None or item.present_when is not None
    return "conditional" not in each or conditional is each["conditional"]


def _codes_wanted(wanted: object, item: Item) -> bool:
    if wanted in ("any", True):
        return bool(item.codes)
    if wanted in ("none", False):
        return not item.codes
    return bool({*_listed(wanted)} & {*item.codes})


def _item_place(stand: Stand, group: Group | None, item: Item, vocabulary: Vocabulary) -> Place:
    names = {"segment": stand.path}
    lists = {"item.accounts": tuple(sorted(item.accounts or ()))}
    if group is None:
        path = (*stand.path, item.tag)
        return Place({**names, "item": path}, lists, "", {}, ".".join(path))
    group_path = (*stand.path, group.tag)
    where = ".".join(group_path)
    names |= {"item": (OCCURRENCE, item.tag), "group": group_path, "count_item": (*stand.path, group.count_tag)}
    found = vocabulary.find(where)
    if found is None or not isinstance(found.type, ListOf):
        raise KeyError(where)
    occurrence = Field(OCCURRENCE, found.type.element, found.label)
    return Place(names, lists, where, {OCCURRENCE: occurrence}, f"{where}.{item.tag}")


def _segment_place(stand: Stand) -> Place:
    return Place({"segment": stand.path}, {}, "", {}, ".".join(stand.path))


def _group_place(stand: Stand, group: Group) -> Place:
    names = {
        "segment": stand.path,
        "group": (*stand.path, group.tag),
        "count_item": (*stand.path, group.count_tag),
    }
    return Place(names, {}, "", {}, ".".join(names["count_item"]))

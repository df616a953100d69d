"""What may stand where in a record line, compiled from a record type: the tree that reader and writer share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from app.standard.model import Group, RecordType, Segment

DOCUMENT = "Document"
CORRECTION = "MdfcSgmt"


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """An element that holds others. `key` is its name in the record fact, `repeats` is true for groups.

    `order` lists the tags of all it may hold in writing order, `leaves` those that hold text, `inner` those that
    hold elements.
    """

    tag: str
    key: str
    repeats: bool
    leaves: frozenset[str]
    inner: Mapping[str, Place] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    named: Mapping[str, Place | None] = field(init=False)

    def __post_init__(self) -> None:
        # what a fact calls its members, in writing order: a place, or None for text
        members = (self.inner.get(tag) for tag in self.order)
        names = {place.key if place else tag: place for tag, place in zip(self.order, members, strict=True)}
        object.__setattr__(self, "named", names)


@lru_cache(maxsize=256)
def root_of(record: RecordType) -> Place:
    """The grammar of a record's root element."""
    if record.flat:
        return _place(record.segments[0], record.root)
    inner = {segment.tag: _place(segment, segment.code) for segment in record.segments}
    if record.corrections:
        choices = {segment.tag: _place(segment, segment.code) for segment in record.corrections}
        inner[CORRECTION] = Place(CORRECTION, CORRECTION, False, frozenset(), choices, tuple(choices))
    return Place(record.root, record.root, False, frozenset(), inner, tuple(inner))


def _place(segment: Segment, key: str) -> Place:
    groups = {group.tag: _group(group) for group in segment.groups}
    leaves = frozenset(item.tag for item in segment.plain)
    return Place(segment.tag, key, False, leaves, groups, tuple(entry.tag for entry in segment.items))


def _group(group: Group) -> Place:
    tags = tuple(item.tag for item in group.items)
    return Place(group.tag, group.tag, True, frozenset(tags), {}, tags)

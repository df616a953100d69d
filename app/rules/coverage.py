"""What rules leave unseen: items of the catalogue that no rule reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.text import Text
from app.language.nodes import Membership, Node, Path, Quantifier, children_of
from app.rules.expansion import items_of, stands
from app.rules.model import Check, Ruleset
from app.standard import catalogue
from app.standard.catalogue import Item, RecordType, Subject


@dataclass(frozen=True, slots=True)
class Unseen:
    """An item of the catalogue that rules pass by. `of` is the record type, `item` its path there."""

    of: str
    subject: Subject
    item: str
    title: Text


@dataclass(frozen=True, slots=True)
class Coverage:
    """How the rules cover the catalogue: items that no rule reads, and items that only shared rules read, which look at
    every item alike (form, codes, presence) and know nothing of its meaning.
    """

    items: int
    unseen: tuple[Unseen, ...]
    only_shared: tuple[Unseen, ...]

    def as_data(self) -> dict[str, Any]:
        """The report as plain values, fit for JSON."""
        return {
            "items": self.items,
            "unseen": [_as_data(each) for each in self.unseen],
            "only_shared": [_as_data(each) for each in self.only_shared],
        }


def cover(rulesets: Iterable[Ruleset]) -> Coverage:
    """How the rulesets cover every record and operation of the catalogue. A type without any ruleset is unseen as a whole."""
    about = {(each.record_type, each.subject): each for each in rulesets if each.record_type and each.rules}
    parts = [
        _cover(record, subject, about.get((record.code, subject)))
        for record in catalogue.current().records.values()
        for subject in (catalogue.SUBJECTS if record.shared else (record.subject,))
    ]
    unseen = tuple(place for part in parts for place in part.unseen)
    only_shared = tuple(place for part in parts for place in part.only_shared)
    return Coverage(sum(part.items for part in parts), unseen, only_shared)


def cover_one(ruleset: Ruleset) -> Coverage | None:
    """How one ruleset covers its record type; None for one that is not about a record or makes no findings."""
    if ruleset.record_type is None or not ruleset.rules:
        return None
    record = catalogue.current().record(ruleset.record_type, ruleset.subject)
    return _cover(record, ruleset.subject or record.subject, ruleset)


def _cover(record: RecordType, subject: Subject, ruleset: Ruleset | None) -> Coverage:
    own = seen_paths(rule.checks for rule in ruleset.rules if not rule.fragment) if ruleset else frozenset()
    any_rule = seen_paths(rule.checks for rule in ruleset.rules) if ruleset else frozenset()
    unseen: list[Unseen] = []
    only_shared: list[Unseen] = []
    count = 0
    for path, item in paths_of(record):
        count += 1
        place = Unseen(record.code, subject, path, item.title)
        if path not in any_rule:
            unseen.append(place)
        elif path not in own:
            only_shared.append(place)
    return Coverage(count, tuple(unseen), tuple(only_shared))


def _as_data(place: Unseen) -> dict[str, Any]:
    title = {"zh": place.title.zh, "en": place.title.en}
    return {"record": place.of, "subject": place.subject, "item": place.item, "title": title}


def seen_paths(checks: Iterable[Iterable[Check]]) -> frozenset[str]:
    """The dotted path of every single value, segment and group that some check of the rules names."""
    return frozenset(path for several in checks for check in several for path in _paths_of(check))


def paths_of(record: RecordType) -> Iterator[tuple[str, Item]]:
    """The path of every item of a record, in the order of the record; of a correction those of what it may carry as well."""
    for stand in stands(record):
        for group, item in items_of(stand.segment):
            yield ".".join((*stand.path, *((group.tag,) if group else ()), item.tag)), item


def unseen_items(ruleset: Ruleset) -> tuple[str, ...]:
    """The items of the ruleset's record type that no check reads. Nothing for a ruleset that is not about a record."""
    if ruleset.record_type is None:
        return ()
    seen = seen_paths([ruleset.checks])
    record = catalogue.current().record(ruleset.record_type, ruleset.subject)
    return tuple(path for path, _ in paths_of(record) if path not in seen)


def _paths_of(check: Check) -> Iterator[str]:
    for expression in (check.when, check.require):
        if expression is not None:
            yield from _paths(expression.root, {})


def _paths(node: Node, variables: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if isinstance(node, Path):
        parts = (*variables.get(node.parts[0], ()), *node.parts[1:]) if node.variable else node.parts
        yield ".".join(parts)
        return
    inner = variables
    if isinstance(node, Quantifier):
        inner = {**variables, node.variable: node.source.parts}
    if isinstance(node, Membership) and isinstance(node.container, Path):
        yield from _paths(node.container, variables)
    for child in children_of(node):
        yield from _paths(child, inner)

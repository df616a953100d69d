"""What a ruleset leaves unseen: items of the catalogue that no rule reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.language.interpreter import children_of
from app.language.nodes import Membership, Node, Path, Quantifier
from app.rules.model import Check, Ruleset
from app.standard import catalogue


def seen_paths(ruleset: Ruleset) -> frozenset[str]:
    """The dotted path of every single value, segment and group that some check of the ruleset names."""
    return frozenset(path for check in ruleset.checks for path in _paths_of(check))


def unseen_items(ruleset: Ruleset) -> tuple[str, ...]:
    """The items of the ruleset's record type that no check reads, as paths in the order of the record.

    Nothing for a ruleset that is not about a record.
    """
    if ruleset.record_type is None:
        return ()
    seen = seen_paths(ruleset)
    items = catalogue.current().record(ruleset.record_type).items()
    paths = (
        ".".join(part for part in (segment.code, group.tag if group else "", item.tag) if part)
        for segment, group, item in items
    )
    return tuple(path for path in paths if path not in seen)


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

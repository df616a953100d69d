"""Finding things in a fact: nested mappings, lists of mappings, values; everything absent is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from app.language.nodes import Path
from app.language.types import ListOf, Struct

Fact = Mapping[str, object]


def fetch(parts: Sequence[str], root: Fact) -> object:
    """What stands at the path, as it stands; None if the way ends before."""
    value: object = root
    for part in parts:
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def fetch_elements(path: Path, root: Fact) -> Sequence[object] | None:
    """The elements of a repeating path: none if its segment stands without them, None (unknown) without the segment."""
    value = fetch(path.parts, root)
    if isinstance(value, list | tuple):
        return value
    holder = fetch(path.parts[:-1], root)
    return () if isinstance(holder, Mapping) else None


def fetch_set(path: Path, root: Fact) -> Set[object] | Sequence[object] | None:
    """The members of a set, or None (unknown) if it was not provided."""
    value = fetch(path.parts, root)
    return value if isinstance(value, Set | list | tuple) else None


def is_there(path: Path, value: object) -> bool:
    """Whether the path has something: a segment, at least one element, a tag (even without value)."""
    if isinstance(path.type, Struct):
        return isinstance(value, Mapping)
    if isinstance(path.type, ListOf):
        return isinstance(value, list | tuple) and len(value) > 0
    return value is not None


def has_items(value: object) -> bool:
    """Whether a segment is there and has any tag at all."""
    return isinstance(value, Mapping) and any(inner is not None for inner in value.values())


def element_texts(element: object) -> tuple[tuple[str, str], ...]:
    """What an element holds as a whole, comparable: its filled values by name, or the element itself."""
    if not isinstance(element, Mapping):
        return (("", str(element).strip(" \u3000")),)
    texts = ((str(name), str(value).strip(" \u3000")) for name, value in element.items() if value is not None)
    return tuple(sorted(pair for pair in texts if pair[1]))

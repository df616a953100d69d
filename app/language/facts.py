"""Finding things in a fact: nested mappings, lists of mappings, values; everything absent is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from app.language.nodes import Path
from app.language.types import ListOf, Struct, Type
from app.language.values import read_text

Fact = Mapping[str, object]


def fetch(parts: Sequence[str], root: Fact) -> object:
    """What stands at the path, as it stands; None if the way ends before."""
    value: object = root
    for part in parts:
        # nearly always a dict, of which it is known ten times as fast
        if type(value) is not dict and not isinstance(value, Mapping):
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


def element_texts(element: object, list_type: Type) -> tuple[str, ...]:
    """What an element of a list holds as a whole: the text of each of its fields, blank and absent alike."""
    inner = list_type.element if isinstance(list_type, ListOf) else list_type
    if not isinstance(inner, Struct):
        return (read_text(element) or "",)
    held = element if isinstance(element, Mapping) else {}
    return tuple(read_text(held.get(name)) or "" for name in inner.fields)

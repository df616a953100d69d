"""Legal entities as every room knows them: which there are, and whose rows may be seen by whoever acts here.

An entity is known by its section code as a data provider, of 14 letters or digits. Rows that belong to one have it in a column
`provider` (see `app.core.db.OfEntity`); the edge says by `seeing` whose rows may be read, and what reads need not ask again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol, TypeVar

from app.core.text import Text

T = TypeVar("T")
Sight = frozenset[str] | None
"""Section codes of the entities whose rows may be seen; None stands for all of them."""


@dataclass(frozen=True, slots=True)
class EntityName:
    """A legal entity and what it is called."""

    provider: str
    title: Text


class EntityDirectory(Protocol):
    """What is asked of the room that keeps legal entities."""

    def entities(self) -> Sequence[EntityName]:
        """All of them, by section code, whoever asks."""


class _None:
    """The directory where no room keeps any."""

    def entities(self) -> Sequence[EntityName]:
        return ()


_directory: EntityDirectory = _None()
_sight: ContextVar[Sight] = ContextVar("sight", default=None)


def keep_entities(directory: EntityDirectory) -> None:
    """Name the room that keeps legal entities."""
    global _directory
    _directory = directory


def all_entities() -> Sequence[EntityName]:
    """Every legal entity, whoever asks."""
    return _directory.entities()


def sight() -> Sight:
    """Whose rows may be seen here. Where no edge has said, as in a worker, everybody's."""
    return _sight.get()


def in_sight(provider: str) -> bool:
    """Whether this entity's rows may be seen here."""
    seen = _sight.get()
    return seen is None or provider in seen


def visible_entities() -> Sequence[EntityName]:
    """The entities whose rows may be seen here."""
    return [each for each in all_entities() if in_sight(each.provider)]


@contextmanager
def seeing(seen: Sight) -> Iterator[None]:
    """Within the block only rows of these entities are seen."""
    token = _sight.set(seen)
    try:
        yield
    finally:
        _sight.reset(token)


def seen_alike(rows: Iterable[T]) -> Iterator[T]:
    """`rows` as they are seen where this is called, though they are fetched later: for answers that stream."""
    seen = sight()

    def kept() -> Iterator[T]:
        source = iter(rows)
        while True:
            with seeing(seen):
                try:
                    row = next(source)
                except StopIteration:
                    return
            yield row

    return kept()

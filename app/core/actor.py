"""Who acts: a person, a client program or the system itself. Every change and every look is laid at somebody's door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal

ActorKind = Literal["person", "system", "client"]


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is stable and unique within its kind; `name` is for people to read."""

    id: str
    name: str
    kind: ActorKind


SYSTEM: Final = Actor("system", "系统", "system")

_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current_actor() -> Actor:
    """Who acts here; raises RuntimeError where the edge has named nobody, since nothing happens anonymously."""
    actor = _current.get()
    if actor is None:
        raise RuntimeError("no actor is named here; the edge must name one with `acting`")
    return actor


def actor_if_named() -> Actor | None:
    """Who acts here, or None; for the log, which must be able to speak before anybody is named."""
    return _current.get()


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Within the block `actor` acts."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)

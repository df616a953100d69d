"""Who there is: asked by rooms that hand work to people, answered by the room that keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.core.text import Text


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who can be given work. `id` is the id of their actor."""

    id: str
    name: str
    roles: frozenset[str]
    limits: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """of roles held for some legal entities only, for which"""


class Directory(Protocol):
    """What is asked of the room that keeps people. Those who are locked are not among them."""

    def person(self, person_id: str) -> Person | None:
        """Someone by the id of their actor."""

    def holders(self, role: str) -> Sequence[Person]:
        """Everyone in a role, by name."""

    def everyone(self) -> Sequence[Person]:
        """Everyone who can be given work, by name."""


class _Nobody:
    """The directory where no room keeps people."""

    def person(self, person_id: str) -> Person | None:
        return None

    def holders(self, role: str) -> Sequence[Person]:
        return ()

    def everyone(self) -> Sequence[Person]:
        return ()


_directory: Directory = _Nobody()


def keep_people(directory: Directory) -> None:
    """Name the room that keeps people."""
    global _directory
    _directory = directory


def directory() -> Directory:
    """Who there is."""
    return _directory


def name_of(person_id: str | None) -> str:
    """What somebody is called; the id itself where it is nobody's any more, empty for nobody."""
    if not person_id:
        return ""
    if person_id == "system":
        return Text("系统", "system").zh
    found = _directory.person(person_id)
    return found.name if found else person_id

"""What rooms have to tell people: kinds of notices, and the causes that are found in events.

A room says what has happened, how urgent it is and whether it still holds. Whom it is told to, when and by what is none of its
business: that is in the rules of the house, which a higher room keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from app.core.events import Event, Received
from app.core.text import Text

Severity = Literal["high", "normal", "low"]
SEVERITIES: Final[tuple[Severity, ...]] = ("high", "normal", "low")
"""The most urgent first."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Something people are told of. `mark` names it within its kind: while it holds it is told once.

    `title` and `link` (a path of the console) are shown to who has signed in and never sent. `people` (ids of actors) and
    `roles` are whom the cause itself names, where it does.
    """

    mark: str
    severity: Severity
    title: Text
    provider: str | None = None
    day: date | None = None
    link: str = ""
    people: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


Reader = Callable[[Received], Cause | None]
"""Reads the cause off an event, in the subscriber's unit of work; None: nobody needs to be told."""


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of notice. `holds` gives those of some marks whose cause still holds; without it a cause is over once it
    has been read by all who were told, or by time."""

    name: str
    title: Text
    causes: Mapping[type[Event], Reader] = field(default_factory=dict)
    holds: Callable[[Collection[str]], Collection[str]] | None = None

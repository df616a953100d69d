"""What every channel can do, and the three ways in which handing a message over does not succeed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.core.crypto import key_ring
from app.core.errors import CreditLinkError, Invalid, Unavailable
from app.core.text import Text

TIMEOUT_SECONDS = 20


class NotTaken(Invalid):
    """The other side has said no for good."""


class NotNow(Unavailable):
    """It was surely not taken; another try may succeed."""


class NotKnown(CreditLinkError):
    """It was handed over and no answer came: it may have been taken."""

    status = 503


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is handed over. `id` stays the same at every try."""

    id: str
    address: str
    subject: str
    body: str
    count: int
    link: str


class Channel(Protocol):
    """A way out of the house."""

    name: str
    repeatable: bool
    """Whether the other side knows a message by its id, so that handing it over again does no harm."""

    def wanted(self) -> bool:
        """Whether anybody has set it up at all."""

    def faults(self) -> tuple[Text, ...]:
        """What is missing before it can be used."""

    def hand_over(self, parcel: Parcel, about_to: Callable[[], None]) -> str:
        """Hand a message over, calling `about_to` when nothing but that is left to do; what the other side calls it.

        Raises NotTaken, NotNow or NotKnown.
        """


def missing(setting: str) -> Text:
    """That a setting has no value."""
    return Text(f"未设置 {setting}", f"{setting} is not set")


def secret_missing(name: str) -> Text | None:
    """That the key ring has no secret of that name; None where it has."""
    try:
        key_ring().secret(name)
    except CreditLinkError as problem:
        return problem.message
    return None

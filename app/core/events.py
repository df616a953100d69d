"""Events: what has happened, told in the past tense by the room it happened in.

`publish` puts an event into the running unit of work; it leaves with the commit or not at all. `outbox` delivers.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.db.unit import Unit, on_commit, running_unit, unit_of_work


@dataclass(frozen=True)
class Event:
    """Base of all events: a frozen dataclass with a `name` such as `submission.batch_accepted`.

    Fields may be str, int, bool, float, Decimal, date, datetime, None, and tuples or str-keyed dicts of these. Events
    outlive releases in the outbox, so a new field needs a default. No personal data: give keys, not contents.
    """

    name: ClassVar[str]

    @property
    def aggregate(self) -> str:
        """The thing it happened to (`batch:12`). A subscriber hears the events of one thing in their order."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Received:
    """An event as a subscriber gets it. `id` is the same at every attempt."""

    id: str
    event: Event
    occurred_at: datetime
    actor: Actor


Handler = Callable[[Received], None]


@dataclass(frozen=True, slots=True)
class Published:
    """An event on its way into the outbox."""

    event: Event
    occurred_at: datetime
    actor: Actor


Writer = Callable[[Unit, list[Published]], None]
_writer: Writer | None = None


def deliver_through(writer: Writer) -> None:
    """Name the function that stores published events just before the commit; the outbox does so."""
    global _writer
    _writer = writer


def publish(event: Event) -> None:
    """Tell that `event` has happened, if the running unit of work is committed.

    Raises RuntimeError outside of a unit of work, in one that only reads, and where no actor is named.
    """
    unit = running_unit()
    if unit.reading:
        raise RuntimeError("a unit of work that only reads cannot publish")
    unit.pending.append(Published(event, clock.now(), current_actor()))
    if _write_pending not in unit.before_commit:
        unit.before_commit.append(_write_pending)


def tell(event: Event) -> None:
    """As `publish`, but also from a request that only reads: then in a unit of its own, before the answer leaves."""
    if running_unit().reading:
        on_commit(lambda: _tell_alone(event))
    else:
        publish(event)


def _tell_alone(event: Event) -> None:
    with unit_of_work():
        publish(event)


def _write_pending(unit: Unit) -> None:
    if _writer is None:
        raise RuntimeError("the outbox is not loaded")
    pending = [each for each in unit.pending if isinstance(each, Published)]
    unit.pending.clear()
    _writer(unit, pending)


def to_payload(event: Event) -> dict[str, Any]:
    """The fields as JSON values."""
    return {each.name: _plain(getattr(event, each.name)) for each in dataclasses.fields(event)}


def from_payload(kind: type[Event], payload: dict[str, Any]) -> Event:
    """The event again. Fields that the class no longer has are left out; missing ones take their default."""
    hints = _hints(kind)  # type: ignore[arg-type] # a class is hashable
    return kind(**{name: _typed(hints[name], value) for name, value in payload.items() if name in hints})


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in dataclasses.fields(kind)}  # type: ignore[arg-type] # an Event class


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"an event cannot carry a {type(value).__name__}")


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, options = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _typed(next(option for option in options if option is not type(None)), value)
    if origin is tuple:
        return tuple(_typed(options[0], each) for each in value)
    if origin is dict:
        return {key: _typed(options[1], each) for key, each in value.items()}
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value

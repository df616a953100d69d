"""Events survive the way through JSON, and older ones can still be read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.actor import Actor, acting, current_actor
from app.core.backoff import LONGEST, delay
from app.core.events import Event, from_payload, to_payload


@dataclass(frozen=True)
class Everything(Event):
    name: ClassVar[str] = "room.everything"
    text: str
    number: int
    flag: bool
    amount: Decimal
    day: date
    at: datetime
    days: tuple[date, ...] = ()
    counts: dict[str, int] | None = None
    maybe: datetime | None = None

    @property
    def aggregate(self) -> str:
        return self.text


moments = st.datetimes(timezones=st.just(UTC))
everything = st.builds(
    Everything,
    text=st.text(),
    number=st.integers(),
    flag=st.booleans(),
    amount=st.decimals(allow_nan=False, allow_infinity=False),
    day=st.dates(),
    at=moments,
    days=st.lists(st.dates()).map(tuple),
    counts=st.none() | st.dictionaries(st.text(), st.integers()),
    maybe=st.none() | moments,
)


@given(event=everything)
def test_every_event_comes_back_from_json(event: Everything) -> None:
    assert from_payload(Everything, json.loads(json.dumps(to_payload(event)))) == event


def test_fields_come_and_go_between_releases() -> None:
    payload = to_payload(Everything("a", 1, True, Decimal(1), date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)))
    payload["gone"] = 1
    del payload["days"]
    assert isinstance(from_payload(Everything, payload), Everything)


def test_what_json_cannot_carry_is_refused() -> None:
    wrong = Everything("a", 1, True, Decimal(1), date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), days=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        to_payload(wrong)


def test_the_actor_is_named_by_the_edge(actor: Actor) -> None:
    assert current_actor() == actor
    other = Actor("7", "程序", "client")
    with acting(other):
        assert current_actor() == other
    assert current_actor() == actor


def test_waits_grow_and_are_bounded() -> None:
    waits = [delay(failures) for failures in range(1, 60)]
    assert waits[:3] == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST

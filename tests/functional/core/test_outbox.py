"""Events reach every subscriber at least once, in order for each thing, and failures are seen."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.actor import Actor
from app.core.db import Database, current_session, unit_of_work
from app.core.errors import NotFound
from app.core.events import Event, Received, publish
from app.core.lease import LeaseRow
from app.core.outbox import (
    Dispatcher,
    InboxDelivery,
    OutboxEvent,
    dead_letters,
    dismiss_dead_letter,
    forget_delivered,
    retry_dead_letter,
    undelivered,
)
from app.core.registry import EVERY_EVENT, Registry


@dataclass(frozen=True)
class ParcelSent(Event):
    name: ClassVar[str] = "post.parcel_sent"
    parcel: int
    turn: int
    weight: Decimal = Decimal("1.5")
    day: date = date(2026, 11, 22)
    stamps: tuple[str, ...] = ()

    @property
    def aggregate(self) -> str:
        return f"parcel:{self.parcel}"


class Ear:
    """A subscriber that remembers, and fails as often as told."""

    def __init__(self, failures: int = 0, deaf_to: int | None = None) -> None:
        self.heard: list[ParcelSent] = []
        self.received: list[Received] = []
        self.failures = failures
        self.deaf_to = deaf_to

    def __call__(self, received: Received) -> None:
        event = received.event
        assert isinstance(event, ParcelSent)
        if self.failures or event.parcel == self.deaf_to:
            self.failures = max(0, self.failures - 1)
            raise ConnectionError("the ear is deaf")
        self.received.append(received)
        self.heard.append(event)


def _registry(**ears: Ear) -> Registry:
    registry = Registry()

    def register(rooms: Registry) -> None:
        rooms.event(ParcelSent)
        for name, ear in ears.items():
            rooms.subscribe(f"post.{name}", ParcelSent if name != "all" else EVERY_EVENT, ear)

    registry.room("post", register)
    registry.check()
    return registry


def _send(*sent: tuple[int, int]) -> None:
    with unit_of_work():
        for parcel, turn in sent:
            publish(ParcelSent(parcel, turn, stamps=("红", "蓝")))


def _make_due() -> None:
    with unit_of_work() as session:
        session.execute(update(InboxDelivery).values(due_at=clock.now() - timedelta(seconds=1)))


def test_every_subscriber_hears_the_event_as_it_was_published(database: Database, actor: Actor) -> None:
    one, everything = Ear(), Ear()
    _send((1, 1))
    assert Dispatcher(_registry(one=one, all=everything)).run_until_idle() == 2
    assert one.heard == everything.heard == [ParcelSent(1, 1, stamps=("红", "蓝"))]
    assert one.received[0].actor == actor
    assert one.received[0].id == everything.received[0].id


def test_nothing_is_heard_of_a_unit_that_was_rolled_back(database: Database) -> None:
    ear = Ear()

    def fail_after(turn: int) -> None:
        with unit_of_work():
            publish(ParcelSent(1, turn))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after(1)
    with unit_of_work():
        with pytest.raises(ZeroDivisionError):
            fail_after(2)
        publish(ParcelSent(1, 3))
    Dispatcher(_registry(ear=ear)).run_until_idle()
    assert [each.turn for each in ear.heard] == [3]


def test_each_event_is_heard_once_however_often_the_dispatcher_runs(database: Database) -> None:
    ear = Ear()
    _send((1, 1), (1, 2))
    dispatcher = Dispatcher(_registry(ear=ear))
    dispatcher.run_until_idle()
    dispatcher.run_until_idle()
    assert [each.turn for each in ear.heard] == [1, 2]


def test_a_failed_delivery_waits_and_holds_back_only_later_events_of_its_thing(database: Database) -> None:
    ear = Ear(failures=1)
    _send((1, 1), (1, 2), (2, 1))
    dispatcher = Dispatcher(_registry(ear=ear))
    dispatcher.run_until_idle()
    assert [(each.parcel, each.turn) for each in ear.heard] == [(2, 1)]
    with unit_of_work(reading=True):
        assert undelivered() == 2
    _make_due()
    dispatcher.run_until_idle()
    assert [(each.parcel, each.turn) for each in ear.heard] == [(2, 1), (1, 1), (1, 2)]


def test_what_a_failed_subscriber_wrote_is_undone(database: Database) -> None:
    def write_and_fail(received: Received) -> None:
        current_session().add(LeaseRow(name="half", holder="", token=0, expires_at=clock.now()))
        current_session().flush()
        raise ConnectionError

    registry = Registry()

    def register(rooms: Registry) -> None:
        rooms.event(ParcelSent)
        rooms.subscribe("post.writer", ParcelSent, write_and_fail)

    registry.room("post", register)
    _send((1, 1))
    Dispatcher(registry).run_until_idle()
    with unit_of_work(reading=True) as session:
        assert session.scalars(select(LeaseRow)).all() == []
        assert session.scalars(select(InboxDelivery.attempts)).all() == [1]


def test_a_dead_letter_is_seen_and_can_be_retried(database: Database) -> None:
    ear = Ear(failures=2)
    _send((1, 1), (1, 2))
    dispatcher = Dispatcher(_registry(ear=ear), max_attempts=2)
    dispatcher.run_until_idle()
    _make_due()
    dispatcher.run_until_idle()
    assert ear.heard == []
    with unit_of_work():
        (letter,) = dead_letters()
        assert letter.subscriber == "post.ear"
        assert "the ear is deaf" in letter.error
        retry_dead_letter(letter.event_id, letter.subscriber)
    dispatcher.run_until_idle()
    assert [each.turn for each in ear.heard] == [1, 2]
    with unit_of_work():
        assert dead_letters() == []
        with pytest.raises(NotFound):
            retry_dead_letter(letter.event_id, letter.subscriber)


def test_a_dismissed_letter_lets_the_next_pass(database: Database) -> None:
    ear = Ear(failures=1)
    _send((1, 1), (1, 2))
    dispatcher = Dispatcher(_registry(ear=ear), max_attempts=1)
    dispatcher.run_until_idle()
    with unit_of_work():
        (letter,) = dead_letters()
        dismiss_dead_letter(letter.event_id, letter.subscriber)
    dispatcher.run_until_idle()
    assert [each.turn for each in ear.heard] == [2]


def test_an_event_nobody_knows_any_more_becomes_a_dead_letter_and_not_a_crash(database: Database) -> None:
    ear = Ear()
    _send((1, 1))
    Dispatcher(_registry(ear=ear)).fan_out()
    assert Dispatcher(Registry(), max_attempts=1).run_until_idle() == 1
    with unit_of_work(reading=True):
        assert "post.parcel_sent" in dead_letters()[0].error


def test_what_a_subscriber_publishes_is_delivered_too(database: Database) -> None:
    ear = Ear()

    def answer(received: Received) -> None:
        event = received.event
        assert isinstance(event, ParcelSent)
        if event.turn < 3:
            publish(ParcelSent(event.parcel, event.turn + 1))

    registry = _registry(ear=ear)
    registry.room("echo", lambda rooms: rooms.subscribe("echo.answer", ParcelSent, answer))
    _send((1, 1))
    Dispatcher(registry).run_until_idle()
    assert [each.turn for each in ear.heard] == [1, 2, 3]


def test_delivered_events_are_forgotten_after_their_time(database: Database) -> None:
    _send((1, 1), (2, 1))
    ear = Ear(deaf_to=1)
    Dispatcher(_registry(ear=ear)).run_until_idle()
    with unit_of_work():
        assert forget_delivered(timedelta(days=1)) == 0
        assert forget_delivered(timedelta(seconds=-1)) == 1
    with unit_of_work(reading=True) as session:
        assert session.scalars(select(OutboxEvent.aggregate)).all() == ["parcel:1"]


def test_many_dispatchers_deliver_each_event_once_and_in_order(database: Database) -> None:
    ear = Ear()
    registry = _registry(ear=ear)
    stop = threading.Event()

    def publish_all(parcel: int) -> None:
        from app.core.actor import SYSTEM, acting

        with acting(SYSTEM):
            for turn in range(15):
                _send((parcel, turn))

    def dispatch() -> None:
        dispatcher = Dispatcher(registry)
        while not stop.is_set() or dispatcher.run_until_idle():
            dispatcher.run_until_idle()

    publishers = [threading.Thread(target=publish_all, args=(parcel,)) for parcel in range(3)]
    dispatchers = [threading.Thread(target=dispatch) for _ in range(3)]
    for thread in publishers + dispatchers:
        thread.start()
    for thread in publishers:
        thread.join()
    stop.set()
    for thread in dispatchers:
        thread.join()
    assert len(ear.heard) == 45
    for parcel in range(3):
        assert [each.turn for each in ear.heard if each.parcel == parcel] == list(range(15))


def test_publishing_needs_a_unit_that_writes(database: Database) -> None:
    with pytest.raises(RuntimeError):
        publish(ParcelSent(1, 1))
    with pytest.raises(RuntimeError), unit_of_work(reading=True):
        publish(ParcelSent(1, 1))

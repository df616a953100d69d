"""The outbox: events leave with the commit and reach every subscriber at least once, in order per thing.

Each pair of event and subscriber has a row in the inbox table, finished in the same transaction as the subscriber's
own work, so that what a subscriber does in the database happens exactly once. What it does outside can happen again
after a crash; long or outside work belongs into a task that the subscriber enqueues. A delivery that keeps failing
becomes a dead letter; later events of the same thing wait behind it until a person retries or dismisses it.
"""

from __future__ import annotations

import traceback
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import ForeignKey, Index, Select, String, delete, exists, func, select, text
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.core import clock
from app.core.actor import Actor, ActorKind, acting
from app.core.backoff import delay
from app.core.db import Base, Id, PrimaryKey, current_session, database, unit_of_work
from app.core.db.unit import Unit
from app.core.errors import NotFound
from app.core.events import Event, Handler, Published, Received, deliver_through, from_payload, to_payload
from app.core.text import Text

MAX_ATTEMPTS: Final = 8
WAITING, DELIVERED, DEAD, DISMISSED = "waiting", "delivered", "dead", "dismissed"
_LONGEST_ERROR: Final = 4000

log = structlog.get_logger(__name__)


class OutboxEvent(Base):
    """One published event."""

    __tablename__ = "outbox_event"
    __table_args__ = (Index("ix_outbox_event_fan_out", "fanned_out", "id"),)

    id: Mapped[PrimaryKey]
    event_id: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(100), index=True)
    aggregate: Mapped[str] = mapped_column(String(200), index=True)
    payload: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    actor_id: Mapped[str] = mapped_column(String(100))
    actor_name: Mapped[str] = mapped_column(String(200))
    actor_kind: Mapped[str] = mapped_column(String(10))
    fanned_out: Mapped[bool] = mapped_column(default=False)


class InboxDelivery(Base):
    """One event for one subscriber."""

    __tablename__ = "inbox_delivery"
    __table_args__ = (
        Index("ix_inbox_delivery_due", "state", "due_at", "outbox_id"),
        Index("ix_inbox_delivery_order", "subscriber", "aggregate", "outbox_id"),
    )

    outbox_id: Mapped[int] = mapped_column(Id, ForeignKey("outbox_event.id", ondelete="CASCADE"), primary_key=True)
    subscriber: Mapped[str] = mapped_column(String(100), primary_key=True)
    aggregate: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up."""

    event_id: str
    name: str
    aggregate: str
    subscriber: str
    occurred_at: datetime
    attempts: int
    error: str


class Subscriptions(Protocol):
    """What the dispatcher needs to know of the registry."""

    def event_type(self, name: str) -> type[Event] | None: ...

    def subscribers_of(self, event_name: str) -> dict[str, Handler]: ...

    def subscriber(self, name: str) -> Handler | None: ...


def _write(unit: Unit, published: list[Published]) -> None:
    session = unit.session
    if session.get_bind().dialect.name == "postgresql":
        # Numbers are given before commits are seen; a lock for each thing keeps its events in order all the same.
        for aggregate in sorted({each.event.aggregate for each in published}):
            session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 7))"), {"key": aggregate})
    for each in published:
        session.add(
            OutboxEvent(
                event_id=str(uuid.uuid4()),
                name=each.event.name,
                aggregate=each.event.aggregate,
                payload=to_payload(each.event),
                occurred_at=each.occurred_at,
                actor_id=each.actor.id,
                actor_name=each.actor.name,
                actor_kind=each.actor.kind,
                fanned_out=False,
            )
        )
        session.flush()


deliver_through(_write)


class Dispatcher:
    """Carries events from the outbox to subscribers. Any number may run at once, in any process."""

    def __init__(self, subscriptions: Subscriptions, max_attempts: int = MAX_ATTEMPTS) -> None:
        self._subscriptions = subscriptions
        self._max_attempts = max_attempts

    def run_until_idle(self, limit: int = 100_000) -> int:
        """Deliver all that is due now, what deliveries publish included; the number of attempts made."""
        made = 0
        while made < limit:
            moved = self.fan_out()
            if self.deliver_next():
                made += 1
            elif not moved:
                break
        return made

    def fan_out(self, limit: int = 200) -> int:
        """Give each new event a delivery for each of its subscribers; the number of events."""
        fresh_ones = select(OutboxEvent).where(OutboxEvent.fanned_out.is_(False)).order_by(OutboxEvent.id).limit(limit)
        with unit_of_work(reading=True) as session:
            # An idle dispatcher looks often; only reading, it keeps nobody from writing.
            if session.scalars(fresh_ones.limit(1)).first() is None:
                return 0
        with unit_of_work() as session:
            # No skipping of locked rows: a later event of a thing must not get its delivery before the earlier one.
            fresh = session.scalars(fresh_ones.with_for_update()).all()
            for row in fresh:
                for subscriber in self._subscriptions.subscribers_of(row.name):
                    session.add(
                        InboxDelivery(
                            outbox_id=row.id,
                            subscriber=subscriber,
                            aggregate=row.aggregate,
                            state=WAITING,
                            attempts=0,
                            due_at=database().moment(),
                        )
                    )
                row.fanned_out = True
            return len(fresh)

    def deliver_next(self) -> bool:
        """Attempt the delivery that has been due longest; False when none is due."""
        with unit_of_work(reading=True) as session:
            if session.scalars(_next_due(database().now(session))).first() is None:
                return False
        taken: tuple[int, str] | None = None
        try:
            with unit_of_work() as session:
                due = _next_due(database().now(session)).with_for_update(skip_locked=True, of=InboxDelivery)
                delivery = session.scalars(due).first()
                if delivery is None:
                    return False
                taken = (delivery.outbox_id, delivery.subscriber)
                self._hand_over(session, delivery)
                delivery.attempts += 1
                delivery.state = DELIVERED
                delivery.finished_at = clock.now()
                delivery.error = None
        except Exception as error:
            if taken is None:
                raise
            self._note_failure(taken, error)
        return True

    def _hand_over(self, session: Session, delivery: InboxDelivery) -> None:
        row = session.get_one(OutboxEvent, delivery.outbox_id)
        kind = self._subscriptions.event_type(row.name)
        handler = self._subscriptions.subscriber(delivery.subscriber)
        if kind is None or handler is None:
            raise LookupError(f"nobody here knows event {row.name} or subscriber {delivery.subscriber}")
        kind_of_actor: ActorKind = row.actor_kind  # type: ignore[assignment] # only kinds are ever written
        actor = Actor(row.actor_id, row.actor_name, kind_of_actor)
        with acting(actor):
            handler(Received(row.event_id, from_payload(kind, row.payload), row.occurred_at, actor))
            session.flush()

    def _note_failure(self, taken: tuple[int, str], error: Exception) -> None:
        shown = "".join(traceback.format_exception(error))[-_LONGEST_ERROR:]
        with unit_of_work() as session:
            delivery = session.get(InboxDelivery, taken, with_for_update=True)
            if delivery is None or delivery.state != WAITING:
                return
            delivery.attempts += 1
            delivery.error = shown
            if delivery.attempts >= self._max_attempts:
                delivery.state = DEAD
                delivery.finished_at = clock.now()
            delivery.due_at = database().now(session) + delay(delivery.attempts)
        log.warning("delivery_failed", outbox_id=taken[0], subscriber=taken[1], error=str(error))


def _next_due(now: datetime) -> Select[InboxDelivery]:
    earlier = aliased(InboxDelivery)
    blocked = exists().where(
        earlier.subscriber == InboxDelivery.subscriber,
        earlier.aggregate == InboxDelivery.aggregate,
        earlier.outbox_id < InboxDelivery.outbox_id,
        earlier.state.in_((WAITING, DEAD)),
    )
    return (
        select(InboxDelivery)
        .where(InboxDelivery.state == WAITING, InboxDelivery.due_at <= now, ~blocked)
        .order_by(InboxDelivery.outbox_id)
        .limit(1)
    )


def dead_letters(limit: int = 200) -> list[DeadLetter]:
    """Deliveries that were given up, oldest first."""
    rows = current_session().execute(
        select(InboxDelivery, OutboxEvent)
        .join(OutboxEvent, OutboxEvent.id == InboxDelivery.outbox_id)
        .where(InboxDelivery.state == DEAD)
        .order_by(InboxDelivery.outbox_id)
        .limit(limit)
    )
    return [
        DeadLetter(
            event_id=event.event_id,
            name=event.name,
            aggregate=event.aggregate,
            subscriber=delivery.subscriber,
            occurred_at=event.occurred_at,
            attempts=delivery.attempts,
            error=delivery.error or "",
        )
        for delivery, event in rows
    ]


def retry_dead_letter(event_id: str, subscriber: str) -> None:
    """Let a dead letter be delivered again; raises NotFound (`core.dead_letter`)."""
    delivery = _dead(event_id, subscriber)
    delivery.state = WAITING
    delivery.attempts = 0
    delivery.finished_at = None
    delivery.due_at = clock.now()


def dismiss_dead_letter(event_id: str, subscriber: str) -> None:
    """Give a dead letter up for good, so that what waits behind it moves on; raises NotFound (`core.dead_letter`)."""
    delivery = _dead(event_id, subscriber)
    delivery.state = DISMISSED
    delivery.finished_at = clock.now()


def _dead(event_id: str, subscriber: str) -> InboxDelivery:
    found = (
        current_session()
        .scalars(
            select(InboxDelivery)
            .join(OutboxEvent, OutboxEvent.id == InboxDelivery.outbox_id)
            .where(
                OutboxEvent.event_id == event_id, InboxDelivery.subscriber == subscriber, InboxDelivery.state == DEAD
            )
            .with_for_update(of=InboxDelivery)
        )
        .first()
    )
    if found is None:
        raise NotFound("core.dead_letter", Text("没有这条未投递消息", "there is no such dead letter"))
    return found


def undelivered() -> int:
    """How many deliveries and events still wait; a figure for health pages."""
    session = current_session()
    waiting = select(func.count()).select_from(InboxDelivery).where(InboxDelivery.state == WAITING)
    fresh = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.fanned_out.is_(False))
    return session.execute(waiting).scalar_one() + session.execute(fresh).scalar_one()


def forget_delivered(older_than: timedelta) -> int:
    """Delete events that every subscriber has had for `older_than`; the number deleted."""
    open_delivery = exists().where(
        InboxDelivery.outbox_id == OutboxEvent.id, InboxDelivery.state.not_in((DELIVERED, DISMISSED))
    )
    gone = current_session().execute(
        delete(OutboxEvent).where(
            OutboxEvent.fanned_out.is_(True), OutboxEvent.occurred_at < clock.now() - older_than, ~open_delivery
        ),
        execution_options={"synchronize_session": False},
    )
    return int(gone.rowcount)  # type: ignore[attr-defined] # a DELETE always has one

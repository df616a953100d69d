"""Every event of the product becomes an entry, so that rooms below need not know of the audit record."""

from __future__ import annotations

from app.audit.record import Thing, record
from app.core.events import Received, to_payload


def note_event(received: Received) -> None:
    """Write the event down under the actor and the moment it happened at; the outbox sees to it that it is once."""
    kind, _, identity = received.event.aggregate.partition(":")
    record(received.event.name, Thing(kind, identity), detail=to_payload(received.event), at=received.occurred_at)

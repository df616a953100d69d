"""Writing the audit record.

Entries join the running unit of work and are chained just before its commit: the lock on the chain's end is short, and
an entry stands if and only if the change stands. A unit that only reads cannot write: its entries follow in a unit of
their own before the answer leaves, so nothing is seen without a trace.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import select

from app.audit.models import AuditEntry, AuditHead
from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.crypto import key_ring
from app.core.crypto.sm2 import sm3
from app.core.db import in_unit_of_work, on_commit, unit_of_work
from app.core.db.unit import Unit, running_unit
from app.web.console import address

Outcome = Literal["done", "refused", "failed"]

DETAIL_CONTEXT: Final = "audit_entry.detail"
START: Final = "0" * 64
LOOKED: Final = "audit.personal_data_seen"
_HEAD: Final = 1


@dataclass(frozen=True, slots=True)
class Thing:
    """What an entry is about: `Thing("user", "12")`. The id names it, it does not describe a person."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class _Pending:
    at: datetime
    actor: Actor
    action: str
    thing: Thing
    outcome: Outcome
    address: str
    sealed: bytes | None


def record(
    action: str,
    thing: Thing,
    outcome: Outcome = "done",
    detail: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Write down that the current actor did `action` to `thing`, in the running unit of work.

    `action` is named like a permission or an event (`security.user_locked`). `detail` may hold personal data: it is
    sealed. Raises RuntimeError outside of a unit of work and where no actor is named.
    """
    unit = running_unit()
    sealed = key_ring().encrypt(DETAIL_CONTEXT, _canonical(dict(detail))) if detail else None
    pending = _Pending(at or clock.now(), current_actor(), action, thing, outcome, address(), sealed)
    if unit.reading:
        on_commit(lambda: _write_alone(pending))
    else:
        unit.before_commit.append(lambda running: _append(running, pending))


def record_alone(action: str, thing: Thing, outcome: Outcome = "done", detail: Mapping[str, Any] | None = None) -> None:
    """As `record`, where no unit of work runs in one of its own: for what changes nothing, such as a refusal."""
    if in_unit_of_work():
        record(action, thing, outcome, detail)
        return
    with unit_of_work():
        record(action, thing, outcome, detail)


def looked_at(thing: Thing, **what: str) -> None:
    """Write down that the current actor saw personal data in the clear: `looked_at(Thing("record", key), item=…)`."""
    record_alone(LOOKED, thing, "done", what)


def _write_alone(pending: _Pending) -> None:
    with unit_of_work():
        running_unit().before_commit.append(lambda running: _append(running, pending))


def _append(unit: Unit, pending: _Pending) -> None:
    session = unit.session
    head = session.scalars(select(AuditHead).with_for_update().execution_options(populate_existing=True)).one_or_none()
    if head is None:
        head = AuditHead(id=_HEAD, number=0, digest=START)
        session.add(head)
        session.flush()
    entry = AuditEntry(
        number=head.number + 1,
        at=pending.at,
        actor_kind=pending.actor.kind,
        actor_id=pending.actor.id,
        actor_name=pending.actor.name,
        action=pending.action,
        object_type=pending.thing.kind,
        object_id=pending.thing.id,
        outcome=pending.outcome,
        address=pending.address,
        detail_sealed=pending.sealed,
        previous_digest=head.digest,
    )
    entry.digest = digest_of(entry)
    session.add(entry)
    head.number, head.digest = entry.number, entry.digest
    session.flush()


def digest_of(entry: AuditEntry) -> str:
    """SM3 (GB/T 32905) over the row, its detail as it is stored, and the digest of the row before; 64 hex digits."""
    content = [
        entry.number,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor_kind,
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.outcome,
        entry.address,
        bytes(entry.detail_sealed).hex() if entry.detail_sealed is not None else None,
        entry.previous_digest,
    ]
    return sm3(_canonical(content)).hex()


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str).encode()


def detail_of(entry: AuditEntry) -> dict[str, Any]:
    """The detail in the clear; empty where there is none."""
    if entry.detail_sealed is None:
        return {}
    opened: dict[str, Any] = json.loads(key_ring().decrypt(DETAIL_CONTEXT, bytes(entry.detail_sealed)))
    return opened

"""Named leases in the database: one holder at a time, for a limited time, with a fencing token that only grows.

A holder may lose its lease without noticing (a stopped process, a cut line); so whatever must not happen twice calls
`guard` in its own unit of work, where an outdated token is refused.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import String, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from app.core.db import Base, current_session, database, unit_of_work
from app.core.db.rows import inserting_if_new
from app.core.errors import Conflict, CreditLinkError, Unavailable
from app.core.process import is_gone, process_name
from app.core.text import Text

log = structlog.get_logger(__name__)


class LeaseRow(Base):
    """One lease; the row stays when nobody holds it, since the token must go on growing."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200), default="")
    token: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as it was taken. A later holder has a greater token."""

    name: str
    holder: str
    token: int


def insert_or_ignore(session: Session, row: type[Base], given: InstrumentedAttribute[Any], **values: object) -> Any:
    """Insert a row unless its key is there already; the column `given` of what was inserted, else None."""
    statement = inserting_if_new(session.get_bind().dialect.name, row)
    return session.execute(statement.values(**values).returning(given)).scalar()


def acquire(name: str, holder: str, seconds: float) -> Lease | None:
    """Take the lease for `seconds`, if it is free, run out, or held by the same or a vanished process; else None.

    Everybody who asks for a lease asks for it for the same time.
    """
    with unit_of_work() as session:
        now = database().now(session)
        insert_or_ignore(session, LeaseRow, LeaseRow.name, name=name, holder="", token=0, expires_at=now)
        row = session.scalars(select(LeaseRow).where(LeaseRow.name == name).with_for_update()).one()
        if row.holder not in ("", holder) and row.expires_at > now and not is_gone(row.holder):
            # An end further away than a lease lasts was set by a clock that has been set back since: a living holder
            # renews in time, a vanished one must not keep its lease until that clock's hour has come again.
            row.expires_at = min(row.expires_at, now + timedelta(seconds=seconds))
            return None
        row.holder = holder
        row.token += 1
        row.expires_at = now + timedelta(seconds=seconds)
        return Lease(name, holder, row.token)


def renew(lease: Lease, seconds: float) -> bool:
    """Hold the lease for `seconds` from now; False when it has gone to another meanwhile."""
    with unit_of_work() as session:
        return _set_expiry(session, lease, seconds)


def release(lease: Lease) -> None:
    """Give the lease back at once; nothing happens when it is no longer ours."""
    with unit_of_work() as session:
        session.execute(
            update(LeaseRow)
            .where(LeaseRow.name == lease.name, LeaseRow.token == lease.token)
            .values(holder="", expires_at=database().now(session))
        )


def guard(lease: Lease) -> None:
    """Make the running unit of work depend on the lease: raises Conflict (`core.lease_lost`) unless it still holds.

    Nobody can take the lease between this call and the commit.
    """
    session = current_session()
    row = session.scalars(
        select(LeaseRow)
        .where(LeaseRow.name == lease.name)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).first()
    if row is None or row.token != lease.token or row.holder != lease.holder:
        raise Conflict(
            "core.lease_lost",
            Text(f"租约 {lease.name} 已被其他进程接管", f"lease {lease.name} was taken by another process"),
        )


def _set_expiry(session: Session, lease: Lease, seconds: float) -> bool:
    result = session.execute(
        update(LeaseRow)
        .where(LeaseRow.name == lease.name, LeaseRow.token == lease.token, LeaseRow.holder == lease.holder)
        .values(expires_at=database().now(session) + timedelta(seconds=seconds))
    )
    return bool(result.rowcount)  # type: ignore[attr-defined] # an UPDATE always has one


class LeaseKeeper:
    """Renews a lease from a thread of its own until stopped or lost. `lost` is set in time, before it runs out."""

    def __init__(self, lease: Lease, seconds: float) -> None:
        self.lease = lease
        self.lost = threading.Event()
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease {lease.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the renewals and give the lease back."""
        self._stop.set()
        self._thread.join()
        if self.lost.is_set():
            return
        try:
            release(self.lease)
        except CreditLinkError as error:
            log.warning("lease_not_released", lease=self.lease.name, error=str(error))

    def _keep(self) -> None:
        good_until = time.monotonic() + self._seconds * 2 / 3
        while not self._stop.wait(self._seconds / 4):
            begun = time.monotonic()
            try:
                if not renew(self.lease, self._seconds):
                    break
                good_until = begun + self._seconds * 2 / 3
            except CreditLinkError as error:
                log.warning("lease_not_renewed", lease=self.lease.name, error=str(error))
            if time.monotonic() > good_until:
                break
        else:
            return
        self.lost.set()
        log.warning("lease_lost", lease=self.lease.name, token=self.lease.token)


@contextmanager
def holding(name: str, *, seconds: float = 30, wait: float = 60) -> Iterator[LeaseKeeper]:
    """Hold the lease `name` during the block, renewing it; open units of work inside, not around it.

    Waits up to `wait` seconds for another holder, then raises Unavailable (`core.lease_busy`).
    """
    holder = process_name()
    deadline = time.monotonic() + wait
    pause = 0.02
    while (lease := acquire(name, holder, seconds)) is None:
        if time.monotonic() > deadline:
            raise Unavailable(
                "core.lease_busy",
                Text(f"{name} 正被其他进程占用，请稍后再试", f"{name} is in use by another process; try later"),
            )
        time.sleep(pause)
        pause = min(pause * 2, 1.0)
    keeper = LeaseKeeper(lease, seconds)
    try:
        yield keeper
    finally:
        keeper.stop()

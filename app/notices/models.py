"""What people are told, and what became of it outside of the console.

A cause is told to people (notices); each notice goes out by channels (deliveries); deliveries that go together are one message.
Texts of messages name kind, entity, day and counts, never a borrower or a record, and so need not be sealed; addresses are.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, EncryptedText, Id, OfEntity, PrimaryKey


class Contact(Base):
    """How somebody is reached. Quiet hours are the house's where they are NULL, none where both are the same."""

    __tablename__ = "notices_contact"

    person: Mapped[str] = mapped_column(String(80), primary_key=True)
    mail: Mapped[str | None] = mapped_column(EncryptedText("notices_contact.mail"))
    mobile: Mapped[str | None] = mapped_column(EncryptedText("notices_contact.mobile"))
    quiet_from: Mapped[str | None] = mapped_column(String(5))
    quiet_until: Mapped[str | None] = mapped_column(String(5))
    unwanted: Mapped[list[Any]] = mapped_column(default=list)
    """kinds and channels that they do without, as `kind|channel`"""
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(80))
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class NoticeCause(OfEntity, Base):
    """Something people are told of, while it holds and afterwards.

    `open_mark` names kind and thing: as long as it is not over there is no second one for the same.
    """

    __tablename__ = "notices_cause"
    __table_args__ = (Index("ix_notices_cause_ended_at_kind", "ended_at", "kind"),)

    id: Mapped[PrimaryKey]
    kind: Mapped[str] = mapped_column(String(80))
    mark: Mapped[str] = mapped_column(String(200))
    open_mark: Mapped[str | None] = mapped_column(String(300), unique=True)
    severity: Mapped[str] = mapped_column(String(6))
    title_zh: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300))
    provider: Mapped[str | None] = mapped_column(String(14))
    day: Mapped[date | None] = mapped_column(Date)
    link: Mapped[str] = mapped_column(String(300), default="")
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(String(12), default="")
    """over (it holds no more), raised (to a higher severity), read, aged"""
    level: Mapped[int] = mapped_column(default=0)
    """how often it has escalated"""
    escalate_at: Mapped[datetime | None] = mapped_column(index=True)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(80))


class Notice(Base):
    """That somebody was told of a cause. `level` is 0, or the escalation by which they were."""

    __tablename__ = "notices_notice"
    __table_args__ = (
        UniqueConstraint("cause_id", "person"),
        Index("ix_notices_notice_person", "person", "read_at", "id"),
    )

    id: Mapped[PrimaryKey]
    cause_id: Mapped[int] = mapped_column(Id, ForeignKey("notices_cause.id"))
    person: Mapped[str] = mapped_column(String(80))
    level: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    cause: Mapped[NoticeCause] = relationship()


class Message(OfEntity, Base):
    """One message to one person by one channel. `id` is also what a gateway knows it by, however often it is sent."""

    __tablename__ = "notices_message"
    __table_args__ = (
        Index("ix_notices_message_due", "state", "due_at"),
        Index("ix_notices_message_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))
    person: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(80))
    provider: Mapped[str | None] = mapped_column(String(14))
    day: Mapped[date | None] = mapped_column(Date)
    severity: Mapped[str] = mapped_column(String(6))
    count: Mapped[int]
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(10))
    """waiting, sending, sent, failed, unknown (handed over, and nobody noted what became of it), withdrawn"""
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    receipt: Mapped[str] = mapped_column(String(200), default="")
    """what the other side called it"""
    error_zh: Mapped[str] = mapped_column(String(500), default="")
    error_en: Mapped[str] = mapped_column(String(500), default="")


class Delivery(Base):
    """One notice by one channel: waiting (held for `reason` until `held_until`), in a message, or dropped for `reason`."""

    __tablename__ = "notices_delivery"
    __table_args__ = (UniqueConstraint("notice_id", "channel"),)

    id: Mapped[PrimaryKey]
    notice_id: Mapped[int] = mapped_column(Id, ForeignKey("notices_notice.id"))
    channel: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(10), index=True)
    """waiting, bundled, dropped"""
    reason: Mapped[str] = mapped_column(String(16), default="")
    """window, quiet, digest; or unconfigured, no_address, unwanted, read, over, raised, aged"""
    held_until: Mapped[datetime | None]
    message_id: Mapped[str | None] = mapped_column(ForeignKey("notices_message.id"), index=True)

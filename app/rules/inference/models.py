"""What is kept of inferences: what was asked, sealed, and one verdict for each subject, written once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, EncryptedJson, EncryptedText, Id, PrimaryKey


class InferenceRequest(Base):
    """A set of facts to be judged by one edition of a policy. Its key makes asking twice the same as once."""

    __tablename__ = "rule_request"
    __table_args__ = (
        UniqueConstraint("ruleset", "edition", "key"),
        Index("ix_rule_request_batch", "ruleset", "edition", "batch", "judged_at", "id"),
    )

    id: Mapped[PrimaryKey]
    ruleset: Mapped[str] = mapped_column(String(100))
    edition: Mapped[str] = mapped_column(String(64))
    batch: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200))
    facts: Mapped[Any] = mapped_column(EncryptedJson("rule_request.facts"))
    asked_at: Mapped[datetime]
    judged_at: Mapped[datetime | None]
    """None until its verdicts are there"""
    error: Mapped[str | None] = mapped_column(EncryptedText("rule_request.error"))
    """why it could not be judged at the last attempt"""


class RuleVerdict(Base):
    """What a policy or a watch says of one subject. `subject_mark` finds verdicts on a subject without opening any."""

    __tablename__ = "rule_verdict"
    __table_args__ = (
        UniqueConstraint("ruleset", "edition", "key", "subject_mark"),
        Index("ix_rule_verdict_subject", "subject_mark", "made_at"),
    )

    id: Mapped[PrimaryKey]
    request_id: Mapped[int | None] = mapped_column(Id, ForeignKey("rule_request.id"), index=True)
    ruleset: Mapped[str] = mapped_column(String(100))
    edition: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(200))
    """what was judged: the key of the request, or of the event that set off a watch with the rule"""
    kind: Mapped[str] = mapped_column(String(40))
    """the kind of fact the subject is"""
    subject: Mapped[str] = mapped_column(EncryptedText("rule_verdict.subject"))
    subject_mark: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(400))
    rules: Mapped[list[Any]]
    """the ids of the rules that gave the outcome"""
    reasons: Mapped[Any] = mapped_column(EncryptedJson("rule_verdict.reasons"))
    made_at: Mapped[datetime]


class WatchedEvent(Base):
    """One event of a stream that a watch looks at. Watches keep no other state: after a restart they read these again."""

    __tablename__ = "rule_event"
    __table_args__ = (
        UniqueConstraint("ruleset", "key"),
        Index("ix_rule_event_at", "ruleset", "at", "id"),
        Index("ix_rule_event_waiting", "ruleset", "judged_at", "at"),
    )

    id: Mapped[PrimaryKey]
    ruleset: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    content: Mapped[Any] = mapped_column(EncryptedJson("rule_event.content"))
    judged_at: Mapped[datetime | None]

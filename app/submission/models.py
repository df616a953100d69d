"""Operational state of submission: batches, stages, files, and the records held back or refused."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, EncryptedText, OfEntity, PrimaryKey


class Batch(OfEntity, Base):
    """All reporting work of one legal entity for one business day."""

    __tablename__ = "submission_batch"
    __table_args__ = (UniqueConstraint("provider", "business_date"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    provider: Mapped[str] = mapped_column(String(14))
    business_date: Mapped[date] = mapped_column(Date, index=True)
    status: Mapped[str] = mapped_column(String(20), default="running")
    """running, waiting (for a person), stopped, done"""
    precheck: Mapped[bool] = mapped_column(default=True)
    instance_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
    begun_by: Mapped[str] = mapped_column(String(80))
    """the actor who began it; `system` for the timetable"""
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """by record type: landed, standardised, due, blocked, sent, accepted, rejected, corrected, files"""


class StageTry(Base):
    """A part of a stage that has been begun: from then on rows of it may be in the lake, whatever became of it."""

    __tablename__ = "submission_stage_try"

    stage: Mapped[str] = mapped_column(String(30), primary_key=True)
    part: Mapped[str] = mapped_column(String(80), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("submission_batch.id"), primary_key=True)


class StageRun(Base):
    """One finished part of a stage of a batch; what is here need not be done again after a crash."""

    __tablename__ = "submission_stage_run"
    __table_args__ = (UniqueConstraint("batch_id", "stage", "part"),)

    id: Mapped[PrimaryKey]
    batch_id: Mapped[str] = mapped_column(ForeignKey("submission_batch.id"), index=True)
    stage: Mapped[str] = mapped_column(String(30))
    part: Mapped[str] = mapped_column(String(80))
    rows: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float]
    finished_at: Mapped[datetime]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ReportFile(OfEntity, Base):
    """A report file, from its planning to the centre's answer. The prefix is used once, ever."""

    __tablename__ = "submission_report_file"
    __table_args__ = (UniqueConstraint("provider", "file_date", "record_type", "serial"),)

    prefix: Mapped[str] = mapped_column(String(30), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("submission_batch.id"), index=True)
    provider: Mapped[str] = mapped_column(String(14))
    file_date: Mapped[date] = mapped_column(Date)
    record_type: Mapped[str] = mapped_column(String(3))
    serial: Mapped[str] = mapped_column(String(3))
    part: Mapped[int]
    created_at: Mapped[datetime]
    records: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(20), default="planned", index=True)
    """planned, built, sending, sent, answered"""
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    flag: Mapped[str | None] = mapped_column(String(1))
    accepted: Mapped[int | None] = mapped_column(BigInteger)
    rejected: Mapped[int | None] = mapped_column(BigInteger)
    errors: Mapped[list[Any]] = mapped_column(default=list)
    """file-level error codes of a refused file"""


class FeedbackDelivery(OfEntity, Base):
    """A feedback file as it came in; the same one may come twice, or damaged."""

    __tablename__ = "submission_feedback_delivery"

    id: Mapped[PrimaryKey]
    provider: Mapped[str] = mapped_column(String(14))
    name: Mapped[str] = mapped_column(String(40), index=True)
    prefix: Mapped[str | None] = mapped_column(String(30), index=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    stamp: Mapped[str] = mapped_column(String(40), default="")
    """size and time of change at the centre when it was last fetched; while these stay, it need not be fetched again"""
    received_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(20))
    """applied, repeated, unreadable"""
    findings: Mapped[list[Any]] = mapped_column(default=list)


class HeldRecord(OfEntity, Base):
    """A record that did not get in: blocked by our pre-check or rejected by the centre, until its correction is accepted."""

    __tablename__ = "submission_held_record"
    __table_args__ = (
        UniqueConstraint("provider", "record_type", "key_print", "opened_on", name="uq_submission_held_record_key"),
    )

    id: Mapped[PrimaryKey]
    provider: Mapped[str] = mapped_column(String(14))
    record_type: Mapped[str] = mapped_column(String(3))
    key_print: Mapped[str] = mapped_column(String(64), index=True)
    key: Mapped[str] = mapped_column(EncryptedText("submission_held_record.key"))
    kind: Mapped[str] = mapped_column(String(10))
    """blocked or rejected"""
    batch_id: Mapped[str] = mapped_column(ForeignKey("submission_batch.id"), index=True)
    last_batch_id: Mapped[str] = mapped_column(ForeignKey("submission_batch.id"))
    record_id: Mapped[str] = mapped_column(String(32), index=True)
    content: Mapped[str] = mapped_column(String(32))
    findings: Mapped[list[Any]] = mapped_column(default=list)
    """[rule, code, tag] triples of the newest judgement"""
    status: Mapped[str] = mapped_column(String(12), default="open", index=True)
    """open, travelling (a correction is on its way), closed"""
    resolution: Mapped[str] = mapped_column(String(10), default="")
    """how it ended: accepted, or withdrawn (the source no longer has such a subject or account)"""
    opened_on: Mapped[date] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)

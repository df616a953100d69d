"""Operational state of submission: batches, stages, files, and the records held back or refused."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, UniqueConstraint
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
        Index("ix_submission_held_record_cause", "status", "record_type", "cause_rule", "cause_code", "cause_tag"),
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
    cause_rule: Mapped[str] = mapped_column(String(40), default="")
    """the first finding of the newest judgement, by which records of the same kind are handled together"""
    cause_code: Mapped[str] = mapped_column(String(40), default="")
    cause_tag: Mapped[str] = mapped_column(String(60), default="")
    owner: Mapped[str] = mapped_column(String(80), default="")
    """the username of who sees to it; empty: nobody yet"""
    fix: Mapped[str] = mapped_column(String(20), default="")
    """the way chosen to mend it; empty: none yet, the suggestion stands"""
    house_due: Mapped[datetime | None]
    bureau_due: Mapped[datetime | None]


class HeldNote(Base):
    """One line of the history of a held record: what was done or said, by whom."""

    __tablename__ = "submission_held_note"

    id: Mapped[PrimaryKey]
    held_id: Mapped[int] = mapped_column(ForeignKey("submission_held_record.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    what: Mapped[str] = mapped_column(String(20))
    """opened, judged, assigned, chosen, comment, asked, approved, refused, withdrawn, sent, returned, released, closed"""
    text: Mapped[str] = mapped_column(EncryptedText("submission_held_note.text"), default="")


class OperationRequest(OfEntity, Base):
    """An operation on what the centre holds, asked for by a person and let go by a second one."""

    __tablename__ = "submission_operation_request"
    __table_args__ = (Index("ix_submission_operation_request_open", "provider", "record_type", "key_print", "status"),)

    id: Mapped[PrimaryKey]
    provider: Mapped[str] = mapped_column(String(14))
    bundle: Mapped[str] = mapped_column(String(32), index=True)
    """shared by what was asked for in one go and is decided in one go"""
    record_type: Mapped[str] = mapped_column(String(3))
    key_print: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(EncryptedText("submission_operation_request.key"))
    new_key: Mapped[str] = mapped_column(EncryptedText("submission_operation_request.new_key"), default="")
    segment: Mapped[str] = mapped_column(String(1), default="")
    report_date: Mapped[str] = mapped_column(String(10), default="")
    starts: Mapped[str] = mapped_column(String(10), default="")
    ends: Mapped[str] = mapped_column(String(10), default="")
    content: Mapped[str] = mapped_column(EncryptedText("submission_operation_request.content"), default="")
    """JSON of the corrected segment by tag; empty: as the record `source_record` has it"""
    source_record: Mapped[str] = mapped_column(String(32), default="")
    reason: Mapped[str] = mapped_column(EncryptedText("submission_operation_request.reason"))
    held_id: Mapped[int | None] = mapped_column(ForeignKey("submission_held_record.id"), index=True)
    status: Mapped[str] = mapped_column(String(10), default="asked", index=True)
    """asked, approved, refused, withdrawn, sent, returned (blocked by us or refused by the centre), accepted"""
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    decided_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(EncryptedText("submission_operation_request.decision"), default="")
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("submission_batch.id"))
    findings: Mapped[list[Any]] = mapped_column(default=list)
    """[rule, code, tag] triples for which it came back"""

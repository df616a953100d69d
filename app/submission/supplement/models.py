"""What people have supplemented, the requests in which it goes to review, and workbooks handed in. Values are sealed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, EncryptedJson, EncryptedText, OfEntity


class Supplement(OfEntity, Base):
    """A row that no source has (`whole`), or single items of a row that one has."""

    __tablename__ = "submission_supplement"
    __table_args__ = (
        Index("ix_submission_supplement_state_valid_until", "state", "valid_until"),
        Index("ix_submission_supplement_form_state", "form", "state"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    provider: Mapped[str] = mapped_column(String(14))
    form: Mapped[str] = mapped_column(String(40))
    record_type: Mapped[str] = mapped_column(String(3))
    key_print: Mapped[str] = mapped_column(String(64), index=True)
    """a keyed fingerprint of the legal entity, the form and the row's key"""
    subject_print: Mapped[str] = mapped_column(String(64), index=True)
    """a keyed fingerprint of the record's business key, as of an exception's"""
    key: Mapped[str] = mapped_column(EncryptedText("submission_supplement.key"))
    whole: Mapped[bool]
    items: Mapped[dict[str, Any]] = mapped_column(EncryptedJson("submission_supplement.items"))
    """value by tag, in the standard's notation; '' for an item that is to be empty"""
    seen: Mapped[dict[str, Any]] = mapped_column(EncryptedJson("submission_supplement.seen"))
    """the source's value of each of these items when somebody last looked at it; null for none"""
    reason: Mapped[str] = mapped_column(EncryptedText("submission_supplement.reason"))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date)
    """the first and the last business day for which it applies"""
    state: Mapped[str] = mapped_column(String(12))
    """draft, submitted, returned, approved, withdrawn, matched (the source says the same), replaced (by a later one)"""
    author: Mapped[str] = mapped_column(String(80), index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    request_id: Mapped[str | None] = mapped_column(ForeignKey("submission_supplement_request.id"), index=True)
    reviewer: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(EncryptedText("submission_supplement.answer"))
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(EncryptedText("submission_supplement.ended_because"))
    findings: Mapped[list[Any]] = mapped_column(default=list)
    """[rule, code, tag, severity] of what the pre-check said when it was submitted"""
    blocks: Mapped[int]
    """how many of these would hold the record back"""
    conflict_on: Mapped[date | None] = mapped_column(Date, index=True)
    """the business day on which the source was seen to have changed its own value; none while there is nothing to decide"""
    conflict: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson("submission_supplement.conflict"))
    """the source's new values by tag; empty where its row is gone"""
    open_mark: Mapped[str | None] = mapped_column(String(64), unique=True)
    """the key's fingerprint while this is being written or reviewed: there is one at a time"""
    force_mark: Mapped[str | None] = mapped_column(String(64), unique=True)
    """the key's fingerprint while this is approved and has not ended: there is one at a time"""
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class SupplementRequest(OfEntity, Base):
    """Supplements handed to review together: one process, however many they are."""

    __tablename__ = "submission_supplement_request"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    provider: Mapped[str] = mapped_column(String(14))
    form: Mapped[str] = mapped_column(String(40))
    author: Mapped[str] = mapped_column(String(80))
    submitted_at: Mapped[datetime]
    count: Mapped[int]
    blocked: Mapped[int]
    """how many of them a finding would hold back"""
    state: Mapped[str] = mapped_column(String(12), index=True)
    """asked, decided, withdrawn"""
    instance_id: Mapped[str | None] = mapped_column(String(36))


class SupplementUpload(OfEntity, Base):
    """A workbook that somebody has handed in, until what is good in it has been taken."""

    __tablename__ = "submission_supplement_upload"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    provider: Mapped[str] = mapped_column(String(14))
    form: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str] = mapped_column(EncryptedText("submission_supplement_upload.file_name"))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    """sealed; none once it has been taken or thrown away"""
    author: Mapped[str] = mapped_column(String(80), index=True)
    created_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12))
    """reading, read, refused (no workbook that can be read), taken, dropped"""
    rows: Mapped[int]
    good: Mapped[int]
    faults: Mapped[list[Any]] = mapped_column(EncryptedJson("submission_supplement_upload.faults"))
    """[sheet, row, column, zh, en] of each fault"""

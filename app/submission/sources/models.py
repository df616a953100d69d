"""What is kept of sources: their loads, the credentials they are reached with, the tokens they send with, and what they sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, EncryptedText, OfEntity, PrimaryKey


class SourceLoad(OfEntity, Base):
    """What became of one delivery of a legal entity's source for a business day. The same bytes for the same day are one load."""

    __tablename__ = "submission_source_load"
    __table_args__ = (
        UniqueConstraint("provider", "source", "business_date", "digest", name="uq_submission_source_load_delivery"),
    )

    id: Mapped[PrimaryKey]
    provider: Mapped[str] = mapped_column(String(14))
    source: Mapped[str] = mapped_column(String(80), index=True)
    business_date: Mapped[date] = mapped_column(Date, index=True)
    digest: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 over the files that the mapping reads; empty where nothing has come"""
    serial: Mapped[str] = mapped_column(String(80), default="")
    state: Mapped[str] = mapped_column(String(12))
    """landed, stopped (refused, with its reason), missing, late (came after the batch had gone on without it)"""
    kind: Mapped[str] = mapped_column(String(12), default="full")
    """full, changes or watermark"""
    place: Mapped[str] = mapped_column(String(500), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    rows: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """by table the rows delivered"""
    applied: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """by incremental table: inserted, updated, deleted, kept"""
    columns: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """by table the columns in their order with the kind of their values: number, date, text, empty"""
    drift: Mapped[list[Any]] = mapped_column(default=list)
    reconciled: Mapped[list[Any]] = mapped_column(default=list)
    """one line a table and figure of the control file: table, figure, expected, found"""
    watermarks: Mapped[dict[str, Any]] = mapped_column(default=dict)
    stamps: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason_code: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """zh and en; names files, tables and columns, never values"""
    mapping: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime]


class SourceCredential(Base):
    """A secret that the list of sources names and never holds."""

    __tablename__ = "submission_source_credential"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    user: Mapped[str] = mapped_column(EncryptedText("submission_source_credential.user"))
    secret: Mapped[str] = mapped_column(EncryptedText("submission_source_credential.secret"))
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]


class SourceToken(OfEntity, Base):
    """A token with which one source system of a legal entity may push; only its digest is kept."""

    __tablename__ = "submission_source_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    provider: Mapped[str] = mapped_column(String(14))
    source: Mapped[str] = mapped_column(String(80), index=True)
    issued_by: Mapped[str] = mapped_column(String(80))
    issued_at: Mapped[datetime]
    expires_on: Mapped[date] = mapped_column(Date)
    revoked_at: Mapped[datetime | None]


class PushedDelivery(OfEntity, Base):
    """A delivery that a source system sends: opened, filled in chunks, completed once."""

    __tablename__ = "submission_pushed_delivery"
    __table_args__ = (
        UniqueConstraint("provider", "source", "idempotency_key", name="uq_submission_pushed_delivery_key"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    provider: Mapped[str] = mapped_column(String(14))
    source: Mapped[str] = mapped_column(String(80), index=True)
    business_date: Mapped[date] = mapped_column(Date)
    serial: Mapped[str] = mapped_column(String(80), default="")
    idempotency_key: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(12), default="open")
    """open or complete"""
    opened_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class PushedFile(Base):
    """One file of a pushed delivery: what was announced and how much of it has come."""

    __tablename__ = "submission_pushed_file"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("submission_pushed_delivery.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    received: Mapped[int] = mapped_column(BigInteger, default=0)


class MappingEdition(Base):
    """A mapping as it was written in the console: a draft until a second person has approved it, then never changed."""

    __tablename__ = "submission_mapping_edition"

    id: Mapped[PrimaryKey]
    source: Mapped[str] = mapped_column(String(80), index=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    """draft, submitted, approved (in force from its day), thrown_away"""
    content: Mapped[str]
    edition: Mapped[str] = mapped_column(String(64))
    base: Mapped[str] = mapped_column(String(64))
    """the edition that the draft was made from"""
    authors: Mapped[list[Any]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(String(500), default="")
    changed_at: Mapped[datetime]
    effective_from: Mapped[date | None] = mapped_column(Date)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it off the class

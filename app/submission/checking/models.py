"""What is kept of checks: two-end checks and their verdicts, volumes by product and branch, rules by day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, OfEntity, PrimaryKey


class EndCheck(OfEntity, Base):
    """A check of both ends, or of our accepted state against its own replay."""

    __tablename__ = "submission_end_check"
    __table_args__ = (Index("ix_submission_end_check_provider_created_at", "provider", "created_at"),)

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    """begins with the section code of the entity, as batches and files do"""
    provider: Mapped[str] = mapped_column(String(14))
    kind: Mapped[str] = mapped_column(String(10))
    """two_end, replay"""
    origin: Mapped[str] = mapped_column(String(10))
    """how the centre's statement came: fetched, given; own for a replay"""
    as_of: Mapped[datetime | None]
    """the moment of the centre's statement"""
    created_at: Mapped[datetime]
    begun_by: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(10), default="waiting")
    """waiting, running, done, failed"""
    finished_at: Mapped[datetime | None]
    task_id: Mapped[int | None] = mapped_column(BigInteger)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """by record type: same, only_ours, only_theirs, differs, travelling, new, settled"""
    files: Mapped[list[Any]] = mapped_column(default=list)
    """[name, record type, records] of every file read"""
    problems: Mapped[list[Any]] = mapped_column(default=list)
    """[code, zh, en] of what made it fail, or of a record type that could not be compared"""


class VolumeVerdict(OfEntity, Base):
    """The judgement of one day's volumes on one side: `standard` (what the sources gave) or `accepted` (what the centre has)."""

    __tablename__ = "submission_volume_verdict"

    batch_id: Mapped[str] = mapped_column(ForeignKey("submission_batch.id"), primary_key=True)
    side: Mapped[str] = mapped_column(String(10), primary_key=True)
    provider: Mapped[str] = mapped_column(String(14))
    business_date: Mapped[date] = mapped_column(Date, index=True)
    verdict: Mapped[str] = mapped_column(String(10))
    """agrees, differs, no_ledger"""
    positions: Mapped[int]
    beyond: Mapped[int]
    """positions with a figure beyond its tolerance"""
    edition: Mapped[str] = mapped_column(String(64))
    """hash of the tolerances that it was judged by"""
    judged_at: Mapped[datetime]


class VolumePosition(OfEntity, Base):
    """Product and branch on one side of one day: what the ledger says and what we have. Balances are whole yuan."""

    __tablename__ = "submission_volume_position"
    __table_args__ = (Index("ix_submission_volume_position_batch_side", "batch_id", "side"),)

    id: Mapped[PrimaryKey]
    batch_id: Mapped[str] = mapped_column(ForeignKey("submission_batch.id"))
    side: Mapped[str] = mapped_column(String(10))
    provider: Mapped[str] = mapped_column(String(14))
    product: Mapped[str] = mapped_column(String(20))
    branch: Mapped[str] = mapped_column(String(20))
    ledger_accounts: Mapped[int] = mapped_column(BigInteger)
    our_accounts: Mapped[int] = mapped_column(BigInteger)
    ledger_contracts: Mapped[int] = mapped_column(BigInteger)
    our_contracts: Mapped[int] = mapped_column(BigInteger)
    ledger_balance: Mapped[Any] = mapped_column(Numeric(20, 0))
    our_balance: Mapped[Any] = mapped_column(Numeric(20, 0))
    beyond: Mapped[list[Any]] = mapped_column(default=list)
    """the measures beyond their tolerance: accounts, contracts, balance"""


class ProvenDay(OfEntity, Base):
    """The records of one type on one business day of a legal entity, and when its rules were last counted."""

    __tablename__ = "submission_proven_day"

    provider: Mapped[str] = mapped_column(String(14), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    record_type: Mapped[str] = mapped_column(String(3), primary_key=True)
    passed: Mapped[int] = mapped_column(BigInteger)
    """records that were sent and answered"""
    accepted: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime]


class ProvenRule(OfEntity, Base):
    """One rule on one business day of a legal entity; the figures are those of `app.rules.statistics.Counts`."""

    __tablename__ = "submission_proven_rule"
    __table_args__ = (Index("ix_submission_proven_rule_rule_day", "provider", "record_type", "rule", "day"),)

    provider: Mapped[str] = mapped_column(String(14), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    record_type: Mapped[str] = mapped_column(String(3), primary_key=True)
    rule: Mapped[str] = mapped_column(String(60), primary_key=True)
    records: Mapped[int] = mapped_column(BigInteger, default=0)
    findings: Mapped[int] = mapped_column(BigInteger, default=0)
    held: Mapped[int] = mapped_column(BigInteger, default=0)
    exempt: Mapped[int] = mapped_column(BigInteger, default=0)
    confirmed: Mapped[int] = mapped_column(BigInteger, default=0)
    accepted: Mapped[int] = mapped_column(BigInteger, default=0)
    otherwise: Mapped[int] = mapped_column(BigInteger, default=0)
    missed: Mapped[int] = mapped_column(BigInteger, default=0)
    mended: Mapped[int] = mapped_column(BigInteger, default=0)
    unchanged: Mapped[int] = mapped_column(BigInteger, default=0)

"""Shadows, and what each of them found on each day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Shadow(Base):
    """A candidate beside the edition in force, on business days up to `until`."""

    __tablename__ = "rules_shadow"
    __table_args__ = (Index("ix_rules_shadow_ruleset_started_at", "ruleset", "started_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    ruleset: Mapped[str] = mapped_column(String(120))
    edition: Mapped[str] = mapped_column(ForeignKey("rules_edition.edition"))
    """the candidate"""
    base: Mapped[str | None] = mapped_column(String(64))
    """the edition in force when it was started; each day names the one that judged it"""
    record_type: Mapped[str] = mapped_column(String(3))
    until: Mapped[date] = mapped_column(Date)
    """the last business day on which it runs"""
    state: Mapped[str] = mapped_column(String(10))
    """running, stopped (by hand), over (its day has passed), released (the candidate is in force)"""
    note: Mapped[str] = mapped_column(String(500), default="")
    started_by: Mapped[str] = mapped_column(String(80))
    started_at: Mapped[datetime]
    stopped_by: Mapped[str | None] = mapped_column(String(80))
    stopped_at: Mapped[datetime | None]
    open_mark: Mapped[str | None] = mapped_column(String(120), unique=True)
    """the ruleset while it runs: there is one at a time"""
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class ShadowDay(Base):
    """One business day of a shadow: compared, or why it could not be."""

    __tablename__ = "rules_shadow_day"

    shadow: Mapped[str] = mapped_column(ForeignKey("rules_shadow.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    """done, or failed: then `error` says why, and `result` is empty"""
    records: Mapped[int] = mapped_column(BigInteger, default=0)
    newly: Mapped[int] = mapped_column(BigInteger, default=0)
    """records of which the candidate finds what the edition in force has not found"""
    no_longer: Mapped[int] = mapped_column(BigInteger, default=0)
    """records of which it does not find what has been found"""
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """the comparison, ready to be shown, as a back-test of this day"""
    samples: Mapped[list[Any]] = mapped_column(default=list, deferred=True)
    """some of the records that changed, with their explanation, keys masked"""
    error: Mapped[str] = mapped_column(String(1000), default="")
    seconds: Mapped[float]
    judged_at: Mapped[datetime]

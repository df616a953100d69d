"""Warnings as they are stored, and the messages that told of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, OfEntity, PrimaryKey


class Warning(OfEntity, Base):
    """What a rule has found about a reporting day, or one of its sources or record types, while it lasts and afterwards.

    `open_mark` names day, rule and thing: as long as a warning is not closed there is no second one for the same.
    """

    __tablename__ = "submission_warning"
    __table_args__ = (Index("ix_submission_warning_provider_business_date", "provider", "business_date"),)

    id: Mapped[PrimaryKey]
    provider: Mapped[str] = mapped_column(String(14))
    business_date: Mapped[date] = mapped_column(Date)
    rule: Mapped[str] = mapped_column(String(60))
    thing: Mapped[str] = mapped_column(String(80), default="")
    """the source or record type; empty for the day as a whole"""
    severity: Mapped[str] = mapped_column(String(5))
    """block (urgent) or warn"""
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    edition: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """what was known of the thing when it was last judged"""
    state: Mapped[str] = mapped_column(String(12), default="open", index=True)
    """open, acknowledged, silenced, closed"""
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    silenced_until: Mapped[datetime | None]
    handled_by: Mapped[str | None] = mapped_column(String(80))
    remark: Mapped[str] = mapped_column(String(500), default="")
    closed_at: Mapped[datetime | None]
    open_mark: Mapped[str | None] = mapped_column(String(200), unique=True)

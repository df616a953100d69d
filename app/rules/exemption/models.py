"""Exemptions from rules, and what of them applied when records were judged. Whom they are for is personal: sealed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, EncryptedJson, EncryptedText


class Exemption(Base):
    """That a rule does not hold back or warn about whoever it names, on business days up to `until`."""

    __tablename__ = "rules_exemption"
    __table_args__ = (Index("ix_rules_exemption_state_until", "state", "until"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    ruleset: Mapped[str] = mapped_column(String(120), index=True)
    rule: Mapped[str] = mapped_column(String(60))
    scope: Mapped[str] = mapped_column(String(10))
    """subject, account or branch"""
    value: Mapped[str] = mapped_column(EncryptedText("rules_exemption.value"))
    """type|number of a subject's document, the code of an account, the code of a branch"""
    until: Mapped[date] = mapped_column(Date)
    """the last business day to which it applies"""
    reason: Mapped[str] = mapped_column(EncryptedText("rules_exemption.reason"))
    state: Mapped[str] = mapped_column(String(10))
    """asked, granted, refused, withdrawn, ended (before its day)"""
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    """who granted or refused it"""
    decided_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(EncryptedText("rules_exemption.answer"))
    """the words of whoever decided"""
    ended_because: Mapped[str] = mapped_column(EncryptedText("rules_exemption.ended_because"))
    open_mark: Mapped[str | None] = mapped_column(String(64), unique=True)
    """a fingerprint of ruleset, rule and whom it is for while it is asked for or applies: there is one at a time"""
    instance_id: Mapped[str | None] = mapped_column(String(36))
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class ExemptionSet(Base):
    """What was exempt from a ruleset when records were judged: written once, never changed, never deleted."""

    __tablename__ = "rules_exemption_set"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """a keyed fingerprint of the content, by which the basis of a judgement refers to it"""
    ruleset: Mapped[str] = mapped_column(String(120))
    content: Mapped[list[Any]] = mapped_column(EncryptedJson("rules_exemption_set.content"))
    """[exemption, rule, scope, value] of each, sorted"""
    created_at: Mapped[datetime]

"""Editions of rulesets, what was put in force from when, drafts, the requests by which that is asked for, and back-tests."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, PrimaryKey
from app.standard.catalogue import Subject


class RulesetEdition(Base):
    """An edition as it was remembered or approved. What it judges by never changes; `edition` is the hash of that."""

    __tablename__ = "rules_edition"
    __table_args__ = (UniqueConstraint("ruleset", "number"),)

    edition: Mapped[str] = mapped_column(String(64), primary_key=True)
    ruleset: Mapped[str] = mapped_column(String(120))
    number: Mapped[int]
    """counts the editions of a ruleset from 1"""
    facts: Mapped[str] = mapped_column(String(40))
    """what it makes findings about: record.210, file.report; '' for a table that only decides"""
    subject: Mapped[Subject | None] = mapped_column(String(12))
    folder: Mapped[str] = mapped_column(String(120))
    """area/ruleset: where its own texts lie below the folder of all rulesets"""
    texts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """all texts by path exactly as written: the ruleset, its cases, the shared rules that it includes"""
    effective_from: Mapped[date] = mapped_column(Date)
    """as it says itself; of a shipped edition the business day from which it judges"""
    origin: Mapped[str] = mapped_column(String(10))
    """shipped or console"""
    authors: Mapped[list[Any]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]


class Release(Base):
    """From a business day on an edition judges, or (`edition` is None) the ruleset is retired. The latest act counts."""

    __tablename__ = "rules_release"
    __table_args__ = (Index("ix_rules_release_effective", "ruleset", "effective_from", "id"),)

    id: Mapped[PrimaryKey]
    ruleset: Mapped[str] = mapped_column(String(120))
    edition: Mapped[str | None] = mapped_column(ForeignKey("rules_edition.edition"))
    effective_from: Mapped[date] = mapped_column(Date)
    request: Mapped[str] = mapped_column(String(40), unique=True)
    approved_by: Mapped[str] = mapped_column(String(80))
    approved_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(500), default="")


class RulesetDraft(Base):
    """The one draft of a ruleset that is being worked on; it may be wrong in any way."""

    __tablename__ = "rules_draft"

    ruleset: Mapped[str] = mapped_column(String(120), primary_key=True)
    base: Mapped[str | None] = mapped_column(String(64))
    """the edition that it began from; None for a new ruleset"""
    folder: Mapped[str] = mapped_column(String(120))
    texts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(10), default="editing")
    """editing, or submitted: waiting for its check, its trial and a second person"""
    authors: Mapped[list[Any]] = mapped_column(default=list)
    """everyone who has changed it; none of them may approve it"""
    answer: Mapped[str] = mapped_column(String(4000), default="")
    """why it came back the last time, if it did"""
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(80))
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class ReleaseRequest(Base):
    """That a draft be put in force, or a ruleset retired, from a business day on; decided in `rules.ruleset_release`."""

    __tablename__ = "rules_request"
    __table_args__ = (Index("ix_rules_request_ruleset_asked_at", "ruleset", "asked_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    ruleset: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(10))
    """release or retirement"""
    state: Mapped[str] = mapped_column(String(10))
    """submitted, checked, tried, approved (in force from its day), returned, withdrawn"""
    edition: Mapped[str | None] = mapped_column(String(64))
    """the candidate, from its check on; None for a retirement"""
    effective_from: Mapped[date] = mapped_column(Date)
    note: Mapped[str] = mapped_column(String(500), default="")
    authors: Mapped[list[Any]] = mapped_column(default=list)
    """who may not approve it"""
    checked: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """figures and faults of the check"""
    backtest: Mapped[str | None] = mapped_column(String(40))
    answer: Mapped[str] = mapped_column(String(4000), default="")
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    open_mark: Mapped[str | None] = mapped_column(String(120), unique=True)
    """the ruleset while the request is open: there is one at a time"""
    instance_id: Mapped[str | None] = mapped_column(String(36))
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class Backtest(Base):
    """What a candidate would have found on stored days beside the edition in force; `result` is ready to be shown."""

    __tablename__ = "rules_backtest"
    __table_args__ = (Index("ix_rules_backtest_ruleset_created_at", "ruleset", "created_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    ruleset: Mapped[str] = mapped_column(String(120))
    candidate: Mapped[str | None] = mapped_column(String(64))
    """None: nothing instead of what is in force, as before a retirement"""
    days: Mapped[list[Any]] = mapped_column(default=list)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seconds: Mapped[float]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(80))

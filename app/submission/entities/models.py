"""Legal entities as they are stored: every edition of each, and how far its timetable has been followed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, OfEntity, PrimaryKey


class EntityEdition(OfEntity, Base):
    """What is to hold of a legal entity, as somebody has proposed it. The newest approved one is in force; none changes.

    `open_mark` lets an entity have one undecided proposal at a time.
    """

    __tablename__ = "submission_entity"
    __table_args__ = (UniqueConstraint("provider", "number"),)

    id: Mapped[PrimaryKey]
    provider: Mapped[str] = mapped_column(String(14), index=True)
    number: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """as `app.submission.entities.entity.Entity`; secrets by name only"""
    state: Mapped[str] = mapped_column(String(10))
    """proposed, approved, refused, withdrawn"""
    open_mark: Mapped[str | None] = mapped_column(String(14), unique=True)
    reason: Mapped[str] = mapped_column(String(500), default="")
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(500), default="")


class EntityTurn(OfEntity, Base):
    """How far the timetable of an entity has been followed."""

    __tablename__ = "submission_entity_turn"

    provider: Mapped[str] = mapped_column(String(14), primary_key=True)
    looked_at: Mapped[datetime]
    """due times up to this moment have been seen to"""
    days: Mapped[list[Any]] = mapped_column(default=list)
    """business days (ISO) whose batch is to begin as soon as the one before is over, the earliest first"""

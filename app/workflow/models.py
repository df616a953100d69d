"""State of running processes, and the task table that every list and count reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Json


class ProcessVersion(Base):
    """A diagram as it was when an instance started on it; kept for as long as there are instances."""

    __tablename__ = "workflow_process_version"

    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    process: Mapped[str] = mapped_column(String(80), index=True)
    xml: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class ProcessInstance(Base):
    """One run of a process. `lock` counts its changes: two writers cannot both win."""

    __tablename__ = "workflow_instance"
    __table_args__ = (UniqueConstraint("process", "business_key"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    process: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(ForeignKey("workflow_process_version.version"))
    business_key: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(12), index=True)
    """running, waiting (for a person), incident, done, cancelled"""
    state: Mapped[str] = mapped_column(Text)
    path: Mapped[list[Any]] = mapped_column(default=list)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class ProcessTask(Base):
    """A step that the executor runs or a question that a person answers."""

    __tablename__ = "workflow_task"
    __table_args__ = (Index("ix_workflow_task_open", "status", "kind", "role"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("workflow_instance.id"), index=True)
    node: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(8))
    """step or question"""
    status: Mapped[str] = mapped_column(String(10))
    """open, done, failed"""
    name: Mapped[str] = mapped_column(String(120))
    """the verb of a step, the form of a question"""
    role: Mapped[str] = mapped_column(String(40), default="")
    permission: Mapped[str] = mapped_column(String(120), default="")
    result_name: Mapped[str] = mapped_column(String(80))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[Any] = mapped_column(Json, nullable=True)
    error: Mapped[str | None] = mapped_column(Text)
    turn: Mapped[int] = mapped_column(default=0)
    """how often a step has asked to be called again later"""
    opened_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    finished_by: Mapped[str | None] = mapped_column(String(80))

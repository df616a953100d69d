"""The tables of background work."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Float, ForeignKey, Index, LargeBinary, String, Table, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Id, PrimaryKey

WAITING, RUNNING, DONE, FAILED, LOST = "waiting", "running", "done", "failed", "lost"
TIMETABLE: Final = "scheduled_job"

# The timetable belongs to APScheduler, which reads and writes it; it stands here so that migrations make it.
scheduled_job = Table(
    TIMETABLE,
    Base.metadata,
    Column("id", Unicode(191), primary_key=True),
    Column("next_run_time", Float(25), index=True),
    Column("job_state", LargeBinary, nullable=False),
)


class TaskRow(Base):
    """One piece of work: waiting, running, done, or failed for good. Its key makes asking twice the same as once."""

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("name", "key"),
        Index("ix_task_due", "state", "due_at"),
        Index("ix_task_heartbeat", "state", "heartbeat_at"),
    )

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200))
    params: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(100))
    worker: Mapped[str | None] = mapped_column(String(200))
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]


class JobRun(Base):
    """One attempt at a task, kept as the history that the jobs board shows."""

    __tablename__ = "job_run"
    __table_args__ = (Index("ix_job_run_name_started", "name", "started_at"),)

    id: Mapped[PrimaryKey]
    task_id: Mapped[int] = mapped_column(Id, ForeignKey("task.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    attempt: Mapped[int]
    worker: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(10), default=RUNNING)
    error: Mapped[str | None]
    progress_current: Mapped[int] = mapped_column(Id, default=0)
    progress_total: Mapped[int] = mapped_column(Id, default=0)
    progress_note: Mapped[str] = mapped_column(String(200), default="")

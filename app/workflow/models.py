"""Definitions and their drafts, running processes, and the task table that every list and count reads.

What people have answered and what a process knows may be personal data: it is stored sealed. Columns by which lists are
filtered are not, and hold none; who a case is about stands in them masked.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, EncryptedJson, EncryptedText, OfEntity, PrimaryKey


class Process(Base):
    """A process by name, and the version on which its new instances start."""

    __tablename__ = "workflow_process"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    live: Mapped[str] = mapped_column(String(64))
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class ProcessVersion(Base):
    """A definition as it was published. It never changes; `version` is the hash of its content."""

    __tablename__ = "workflow_process_version"
    __table_args__ = (UniqueConstraint("process", "number"),)

    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    process: Mapped[str] = mapped_column(String(80), index=True)
    number: Mapped[int] = mapped_column(default=1)
    """counts the versions of a process from 1"""
    xml: Mapped[bytes] = mapped_column(LargeBinary)
    description: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """as in process.yaml"""
    forms: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """the form-js schemas that its questions show, by name"""
    cases: Mapped[list[Any]] = mapped_column(default=list)
    origin: Mapped[str] = mapped_column(String(10), default="shipped")
    """shipped (from the bpmn folder) or console"""
    created_at: Mapped[datetime]
    drawn_by: Mapped[str | None] = mapped_column(String(80))
    published_by: Mapped[str | None] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(500), default="")


class Draft(Base):
    """The one draft of a process that is being worked on."""

    __tablename__ = "workflow_draft"

    process: Mapped[str] = mapped_column(String(80), primary_key=True)
    base: Mapped[str | None] = mapped_column(String(64))
    """the version that it began from"""
    xml: Mapped[bytes] = mapped_column(LargeBinary)
    description: Mapped[dict[str, Any]] = mapped_column(default=dict)
    forms: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cases: Mapped[list[Any]] = mapped_column(default=list)
    status: Mapped[str] = mapped_column(String(10), default="editing")
    """editing, or submitted: waiting for a second person to publish it"""
    authors: Mapped[list[Any]] = mapped_column(default=list)
    """everyone who has changed it; none of them may publish it"""
    note: Mapped[str] = mapped_column(String(500), default="")
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(80), default="")
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


ENDED: Final = ("done", "cancelled")
"""The states of an instance that is over."""


class ProcessInstance(OfEntity, Base):
    """One run of a process. `lock` counts its changes: two writers cannot both win."""

    __tablename__ = "workflow_instance"
    __table_args__ = (
        UniqueConstraint("process", "business_key"),
        Index("ix_workflow_instance_started", "process", "started_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    process: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(ForeignKey("workflow_process_version.version"), index=True)
    business_key: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(200), default="")
    """who it is about, masked"""
    provider: Mapped[str | None] = mapped_column(String(14))
    """the legal entity whose case it is; None where it is no single one's"""
    status: Mapped[str] = mapped_column(String(12), index=True)
    """running, waiting (for a person), incident, suspended, done, cancelled"""
    state: Mapped[str] = mapped_column(EncryptedText("workflow_instance.state"))
    path: Mapped[list[Any]] = mapped_column(default=list)
    caller: Mapped[str | None] = mapped_column(String(36), index=True)
    """the task of another instance that waits for the end of this one"""
    started_by: Mapped[str] = mapped_column(String(80), default="system")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class ProcessTask(OfEntity, Base):
    """What an instance waits for: a step that the executor runs, a question that a person answers, or a message."""

    __tablename__ = "workflow_task"
    __table_args__ = (
        Index("ix_workflow_task_open", "status", "kind", "role", "due_at").ddl_if(dialect="postgresql"),
        Index("ix_workflow_task_mine", "assignee", "status", "due_at"),
        # Where a row is read as a whole for a list, what waits for people is read from an index instead; beside it SQLite's
        # planner would take the one above. PostgreSQL limits the size of an entry, and `excluded` may be long.
        Index(
            "ix_workflow_task_inbox",
            *(
                "role",
                "permission",
                "assignee",
                "excluded",
                "due_at",
                "opened_at",
                "priority",
                "process",
                "words",
                "id",
                "status",
                "kind",
            ),
            sqlite_where=text("status = 'open' AND kind = 'question'"),
        ).ddl_if(dialect="sqlite"),
        Index("ix_workflow_task_message", "name", "business_key", "status"),
        Index(
            "ix_workflow_task_history",
            "process",
            "node",
            "status",
            "finished_at",
            "opened_at",
            "due_at",
            "role",
            "instance_id",
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("workflow_instance.id"), index=True)
    process: Mapped[str] = mapped_column(String(80), default="")
    business_key: Mapped[str] = mapped_column(String(80), default="")
    subject: Mapped[str] = mapped_column(String(200), default="")
    provider: Mapped[str | None] = mapped_column(String(14))
    node: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    words: Mapped[str] = mapped_column(String(500), default="")
    """in what free text is looked for: case, title and subject, in small letters"""
    kind: Mapped[str] = mapped_column(String(8))
    """step, question, or message: waiting for word from elsewhere"""
    status: Mapped[str] = mapped_column(String(10))
    """open, done, failed, cancelled"""
    name: Mapped[str] = mapped_column(String(120))
    """the verb of a step, the form of a question, the name of a message"""
    role: Mapped[str] = mapped_column(String(40), default="")
    permission: Mapped[str] = mapped_column(String(120), default="")
    priority: Mapped[int] = mapped_column(default=50)
    """0 (can wait) to 100 (before all others)"""
    assignee: Mapped[str | None] = mapped_column(String(80))
    assigned_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    excluded: Mapped[list[Any]] = mapped_column(default=list)
    """who may not do it, having had a hand in what it is to check"""
    result_name: Mapped[str] = mapped_column(String(80))
    params: Mapped[dict[str, Any]] = mapped_column(EncryptedJson("workflow_task.params"), default=dict)
    draft: Mapped[Any] = mapped_column(EncryptedJson("workflow_task.draft"), nullable=True)
    """answers that were saved and not given yet"""
    result: Mapped[Any] = mapped_column(EncryptedJson("workflow_task.result"), nullable=True)
    error: Mapped[str | None] = mapped_column(Text)
    turn: Mapped[int] = mapped_column(default=0)
    """how often a step has asked to be called again later"""
    opened_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    finished_by: Mapped[str | None] = mapped_column(String(80))
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class Act(Base):
    """What somebody did to an instance beside its diagram: suspended, moved, skipped, migrated, cancelled it, and why."""

    __tablename__ = "workflow_act"

    id: Mapped[PrimaryKey]
    instance_id: Mapped[str] = mapped_column(ForeignKey("workflow_instance.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    node: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")


class Comment(Base):
    """Something that was said about a case by who works on it; `mentions` are the people it was said to."""

    __tablename__ = "workflow_comment"

    id: Mapped[PrimaryKey]
    instance_id: Mapped[str] = mapped_column(ForeignKey("workflow_instance.id"), index=True)
    task_id: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(EncryptedText("workflow_comment.text"))
    mentions: Mapped[list[Any]] = mapped_column(default=list)


class Mention(Base):
    """That a comment was said to somebody, and when they said that they have seen it."""

    __tablename__ = "workflow_mention"
    __table_args__ = (Index("ix_workflow_mention_person", "person", "seen_at", "id"),)

    id: Mapped[PrimaryKey]
    comment_id: Mapped[int] = mapped_column(ForeignKey("workflow_comment.id"))
    person: Mapped[str] = mapped_column(String(80))
    seen_at: Mapped[datetime | None]


class Attachment(Base):
    """A file that belongs to a case. Its content lies sealed in the file storage under `path`."""

    __tablename__ = "workflow_attachment"

    id: Mapped[PrimaryKey]
    instance_id: Mapped[str] = mapped_column(ForeignKey("workflow_instance.id"), index=True)
    task_id: Mapped[str | None] = mapped_column(String(36))
    name: Mapped[str] = mapped_column(EncryptedText("workflow_attachment.name"))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(String(200))
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[str] = mapped_column(String(80))


class Absence(Base):
    """When somebody is away, and who does their tasks meanwhile."""

    __tablename__ = "workflow_absence"
    __table_args__ = (Index("ix_workflow_absence_person", "person", "last_day"),)

    id: Mapped[PrimaryKey]
    person: Mapped[str] = mapped_column(String(80))
    substitute: Mapped[str] = mapped_column(String(80), index=True)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    """both days included"""


class Clock(OfEntity, Base):
    """A time limit that runs for a case. `next_at` is when the sweep has something to do for it."""

    __tablename__ = "workflow_clock"
    __table_args__ = (
        UniqueConstraint("instance_id", "name", "turn"),
        Index("ix_workflow_clock_next", "state", "next_at"),
        Index(
            "ix_workflow_clock_open",
            "due_at",
            "id",
            "state",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    instance_id: Mapped[str] = mapped_column(ForeignKey("workflow_instance.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    """by which the diagram knows it"""
    turn: Mapped[int] = mapped_column(default=0)
    """counts how often it has been started for this instance"""
    kind: Mapped[str] = mapped_column(String(10))
    """statutory, bureau, step or house"""
    process: Mapped[str] = mapped_column(String(80))
    business_key: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(200), default="")
    provider: Mapped[str | None] = mapped_column(String(14))
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    basis: Mapped[str] = mapped_column(String(80), default="")
    node: Mapped[str] = mapped_column(String(80), default="")
    """the event of the diagram that it sets off, if any"""
    state: Mapped[str] = mapped_column(String(10))
    """running, paused, met, missed, cancelled"""
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    certain: Mapped[bool] = mapped_column(default=True)
    """whether the official calendar of all its days was known"""
    days: Mapped[str] = mapped_column(String(10), default="")
    """working or calendar; empty where the limit is counted in hours or minutes"""
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    """moments (ISO) at which to warn that are still to come, earliest first"""
    next_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str] = mapped_column(String(500), default="")
    escalate_to: Mapped[str] = mapped_column(String(40), default="")
    """the role that hears of it when it is missed"""
    ended_at: Mapped[datetime | None]

"""What the security room keeps: people, their roles and requests for more, passwords, sessions, failed sign-ins."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, EncryptedText, Json, PrimaryKey
from app.security.roles import Role


class User(Base):
    """One person who may sign in. Never deleted, only locked: the audit record speaks of them for good."""

    __tablename__ = "security_user"

    id: Mapped[PrimaryKey]
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    password_changed_at: Mapped[datetime]
    must_change_password: Mapped[bool] = mapped_column(default=True)
    locked: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str | None] = mapped_column(String(2))
    theme: Mapped[str | None] = mapped_column(String(5))
    created_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    grants: Mapped[list[RoleGrant]] = relationship(
        back_populates="user", cascade="all, delete-orphan", order_by="RoleGrant.role", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it off the class

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(Role(grant.role) for grant in self.grants)

    @property
    def limits(self) -> dict[str, frozenset[str]]:
        """Of the roles that are held for some legal entities only, for which."""
        return {grant.role: frozenset(grant.entities) for grant in self.grants if grant.entities is not None}


class RoleGrant(Base):
    """One role of one person, and by whose hand."""

    __tablename__ = "security_role_grant"
    __table_args__ = (UniqueConstraint("user_id", "role"),)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("security_user.id"))
    role: Mapped[str] = mapped_column(String(32))
    granted_by: Mapped[str] = mapped_column(String(100))
    granted_at: Mapped[datetime]
    until: Mapped[date | None]
    """the last day on which it is held; None: until it is taken away"""
    request: Mapped[str | None] = mapped_column(String(40))
    """the request of which it came; None: given by hand"""
    entities: Mapped[list[Any] | None] = mapped_column(Json)
    """section codes of the legal entities for which it is held; None: for all"""

    user: Mapped[User] = relationship(back_populates="grants")


class AccessRequest(Base):
    """Somebody's request to hold a role for a time. `open_mark` lets nobody have two open ones for the same role."""

    __tablename__ = "security_access_request"
    __table_args__ = (Index("ix_security_access_request_user_id_asked_at", "user_id", "asked_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("security_user.id"))
    role: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(EncryptedText("security_access_request.reason"))
    until: Mapped[date]
    state: Mapped[str] = mapped_column(String(12))
    """asked, granted, ended, refused, conflict, withdrawn"""
    answer: Mapped[str] = mapped_column(EncryptedText("security_access_request.answer"))
    """why it was refused"""
    asked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    open_mark: Mapped[str | None] = mapped_column(String(60), unique=True)
    extended_by: Mapped[str | None] = mapped_column(String(36))
    """the step that last prolonged it: at a second try it does not do so again"""
    instance_id: Mapped[str | None] = mapped_column(String(36))
    lock: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": lock}  # noqa: RUF012 - SQLAlchemy reads it off the class


class PastPassword(Base):
    """A password that was in use; the last few may not come back."""

    __tablename__ = "security_past_password"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("security_user.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    replaced_at: Mapped[datetime]


class SignedInSession(Base):
    """A session, kept here so that it can be ended from here. Only the digest of its token is stored."""

    __tablename__ = "security_session"
    __table_args__ = (Index("ix_security_session_user_id_ended_at", "user_id", "ended_at"),)

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("security_user.id"))
    address: Mapped[str] = mapped_column(String(45))
    agent: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(20))

    user: Mapped[User] = relationship(lazy="joined")


class FailedSignIn(Base):
    """One failed attempt. Names are kept as fingerprints: what was typed may be another's name, or a password."""

    __tablename__ = "security_failed_sign_in"
    __table_args__ = (
        Index("ix_security_failed_sign_in_name_mark_at", "name_mark", "at"),
        Index("ix_security_failed_sign_in_address_at", "address", "at"),
    )

    id: Mapped[PrimaryKey]
    at: Mapped[datetime]
    name_mark: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(45))

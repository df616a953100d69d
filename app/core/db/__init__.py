"""The operational database: SQLite by default, PostgreSQL by setting; one commit at the edge of each piece of work."""

from __future__ import annotations

from app.core.db.engine import Database, database
from app.core.db.entity import OfEntity
from app.core.db.rows import insert_row, update_row
from app.core.db.types import Base, EncryptedJson, EncryptedText, Id, Json, PrimaryKey, UtcDateTime
from app.core.db.unit import current_session, in_unit_of_work, on_commit, unit_of_work

__all__ = [
    "Base",
    "Database",
    "EncryptedJson",
    "EncryptedText",
    "Id",
    "Json",
    "OfEntity",
    "PrimaryKey",
    "UtcDateTime",
    "current_session",
    "database",
    "in_unit_of_work",
    "insert_row",
    "on_commit",
    "unit_of_work",
    "update_row",
]

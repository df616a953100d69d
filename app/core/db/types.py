"""The base of all models and the column types that behave alike in both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, LargeBinary, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

from app.core.crypto.keyring import key_ring

NAMING: Final = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Json = JSON().with_variant(JSONB(), "postgresql")
"""A JSON value; queryable as JSONB in PostgreSQL."""

Id = BigInteger().with_variant(Integer(), "sqlite")
"""A number that counts rows: 64 bits in both databases, and SQLite's own row number."""

PrimaryKey = Annotated[int, mapped_column(Id, primary_key=True)]


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Takes aware values only and gives them back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without its time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EncryptedText(TypeDecorator[str]):
    """Text that is stored sealed with the key ring's data key: for names, numbers and contacts of persons.

    `context` names table and column and is sealed in, so that a value moved to another column does not open. Sealed
    values cannot be searched: keep a `key_ring().fingerprint(context, value)` beside them where equality is asked.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else key_ring().encrypt(self.context, value.encode("utf-8"))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else key_ring().decrypt(self.context, bytes(value)).decode("utf-8")


class EncryptedJson(TypeDecorator[Any]):
    """As EncryptedText, for any JSON value."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        return key_ring().encrypt(self.context, text.encode("utf-8"))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(key_ring().decrypt(self.context, bytes(value)))


class Base(DeclarativeBase):
    """Base of every model. `datetime` maps to UtcDateTime, `dict[str, Any]` and `list[Any]` to Json."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it off the class
        datetime: UtcDateTime(),
        dict[str, Any]: Json,
        list[Any]: Json,
    }

"""The column types behave alike in both databases, and what is sealed is sealed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import MetaData, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.core.crypto import key_ring
from app.core.db import Base, Database, EncryptedJson, EncryptedText, PrimaryKey, unit_of_work
from app.core.errors import Invalid


class Sample(DeclarativeBase):
    metadata = MetaData()
    type_annotation_map = Base.type_annotation_map


class Person(Sample):
    __tablename__ = "sample_person"

    id: Mapped[PrimaryKey]
    seen_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
    number: Mapped[str | None] = mapped_column(EncryptedText("sample.number"))
    phone: Mapped[str | None] = mapped_column(EncryptedText("sample.phone"))
    record: Mapped[Any | None] = mapped_column(EncryptedJson("sample.record"))


@pytest.fixture
def samples(database: Database) -> Database:
    Sample.metadata.create_all(database.engine)
    return database


MOMENT = datetime(2026, 11, 22, 8, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))


def _store(**values: Any) -> None:
    with unit_of_work() as session:
        session.add(Person(**{"seen_at": MOMENT, "facts": {}, **values}))


def _load() -> Person:
    with unit_of_work(reading=True) as session:
        return session.scalars(select(Person)).one()


def test_a_moment_comes_back_in_utc(samples: Database) -> None:
    _store()
    assert _load().seen_at == MOMENT
    assert _load().seen_at.tzinfo is UTC


def test_a_moment_without_time_zone_is_refused(samples: Database) -> None:
    with pytest.raises(StatementError, match="time zone"):
        _store(seen_at=datetime(2026, 1, 1))


def test_json_keeps_chinese_and_nesting(samples: Database) -> None:
    facts = {"姓名": ["甲", {"深": 1.5}], "none": None}
    _store(facts=facts)
    assert _load().facts == facts


def test_sealed_columns_open_again_and_are_unreadable_in_the_database(samples: Database) -> None:
    _store(number="110101199003070000", phone=None, record={"B": {"Name": "甲"}})
    person = _load()
    assert person.number == "110101199003070000"
    assert person.phone is None
    assert person.record == {"B": {"Name": "甲"}}
    with unit_of_work(reading=True) as session:
        stored = session.execute(text("SELECT number, record FROM sample_person")).one()
    for value in stored:
        assert b"110101" not in bytes(value)
        assert "甲".encode() not in bytes(value)


def test_a_value_moved_to_another_column_does_not_open(samples: Database) -> None:
    _store(number="110101199003070000")
    with unit_of_work() as session:
        session.execute(text("UPDATE sample_person SET phone = number"))
    with pytest.raises(Invalid) as caught:
        _load()
    assert caught.value.code == "crypto.damaged"


def test_old_values_open_after_the_data_key_was_rotated(samples: Database) -> None:
    _store(number="old")
    assert key_ring().rotate_data_key() == 2
    _store(number="new")
    with unit_of_work(reading=True) as session:
        assert sorted(each.number or "" for each in session.scalars(select(Person))) == ["new", "old"]
        stored = sorted(bytes(each)[1:3] for each in session.scalars(text("SELECT number FROM sample_person")))
    assert stored == [b"\x00\x01", b"\x00\x02"]

"""One commit at the edge, in both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.db import Database, current_session, on_commit, unit_of_work
from app.core.db import database as current_database
from app.core.errors import Unavailable
from app.core.lease import LeaseRow, acquire


def _add(name: str) -> None:
    current_session().add(LeaseRow(name=name, holder="", token=0, expires_at=clock.now()))
    current_session().flush()


def _names() -> list[str]:
    with unit_of_work(reading=True) as session:
        return sorted(session.scalars(text("SELECT name FROM lease")))


def test_a_block_that_ends_is_committed(database: Database) -> None:
    with unit_of_work():
        _add("kept")
    assert _names() == ["kept"]


def test_a_block_that_raises_leaves_nothing_and_forgets_what_hung_on_the_commit(database: Database) -> None:
    done: list[str] = []

    def fail() -> None:
        with unit_of_work():
            _add("lost")
            on_commit(lambda: done.append("told"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert _names() == []
    assert done == []


def test_what_hangs_on_the_commit_sees_it_done(database: Database) -> None:
    seen: list[list[str]] = []
    with unit_of_work():
        _add("kept")
        on_commit(lambda: seen.append(_names()))
        assert seen == []
    assert seen == [["kept"]]


def test_an_inner_block_joins_and_is_rolled_back_alone(database: Database) -> None:
    done: list[str] = []

    def fail() -> None:
        with unit_of_work():
            _add("failed")
            on_commit(lambda: done.append("failed"))
            raise ZeroDivisionError

    with unit_of_work():
        _add("outer")
        with unit_of_work():
            _add("inner")
            on_commit(lambda: done.append("inner"))
        with pytest.raises(ZeroDivisionError):
            fail()
    assert _names() == ["inner", "outer"]
    assert done == ["inner"]


def test_the_outer_block_takes_the_inner_one_with_it(database: Database) -> None:
    def fail() -> None:
        with unit_of_work():
            with unit_of_work():
                _add("inner")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert _names() == []


def test_a_reading_block_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)readonly|read-only"), unit_of_work(reading=True):
        _add("never")
    with pytest.raises(RuntimeError), unit_of_work(reading=True), unit_of_work():
        pass
    with unit_of_work():
        _add("later")
    assert _names() == ["later"]


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with unit_of_work():
        _add("unseen")
        seen: list[list[str]] = []
        reader = threading.Thread(target=lambda: seen.append(_names()))
        reader.start()
        reader.join(5)
        assert seen == [[]]


def test_two_writers_at_once_both_succeed(database: Database) -> None:
    def take(number: int) -> None:
        for turn in range(20):
            assert acquire(f"lease {number} {turn}", "me", 5)

    writers = [threading.Thread(target=take, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(_names()) == 80


def test_outside_of_a_unit_there_is_no_session() -> None:
    with pytest.raises(RuntimeError):
        current_session()


def test_a_database_that_is_away_is_unavailable(postgres_database: Database) -> None:
    from app.core.config import override

    with override(database_url="postgresql://postgres@127.0.0.1:1/none"):
        with pytest.raises(Unavailable) as caught, unit_of_work() as session:
            session.execute(text("SELECT 1"))
        current_database().dispose()
    assert caught.value.code == "core.database"
    assert caught.value.message.zh

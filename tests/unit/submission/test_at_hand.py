"""Rows that are asked for again and again are taken out of the lake once, and only where they are few."""

from __future__ import annotations

from app.lake.connection import Lake
from app.submission.at_hand import IN_LAKE, AtHand
from app.submission.tables import FINDING
from tests.unit.submission.conftest import put

_MINE = "batch = 'B1'"


def _rows(count: int) -> str:
    return f"SELECT 'B1' AS batch, CAST(range AS VARCHAR) AS key FROM range({count})"


def test_few_rows_are_taken_once_and_stay_as_they_were(memory: Lake) -> None:
    put(memory, FINDING, [{"batch": "B1", "key": "a"}, {"batch": "B2", "key": "b"}])
    with memory.read() as connection:
        hand = AtHand(connection)
        with hand.at_once():
            taken = hand(FINDING.path, _MINE)
        put(memory, FINDING, [{"batch": "B1", "key": "c"}])

        assert hand(FINDING.path, _MINE) == taken
        assert connection.execute(f"SELECT key FROM {taken}").fetchall() == [("a",)]
        assert connection.execute(f"SELECT key FROM {hand(FINDING.path, 'batch IS NULL')}").fetchall() == []
        assert connection.execute(f"SELECT count(*) FROM {AtHand(connection)(FINDING.path, _MINE)}").fetchall() == [
            (2,)
        ]


def test_many_rows_are_read_in_place(memory: Lake) -> None:
    memory.write(lambda connection: connection.execute(f"INSERT INTO {FINDING.path} BY NAME {_rows(10_001)}"))
    with memory.read() as connection:
        hand = AtHand(connection)
        assert hand(FINDING.path, _MINE) == IN_LAKE(FINDING.path, _MINE)
        assert hand(FINDING.path, f"{_MINE} AND key <> '0'") != IN_LAKE(FINDING.path, f"{_MINE} AND key <> '0'")

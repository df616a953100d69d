"""Taking deliveries over days: changes on yesterday's state, watermarks, gaps, repeated and late deliveries, stopped sources."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.db import Database, unit_of_work
from app.core.errors import CreditLinkError, Invalid, Unavailable
from app.core.outbox import OutboxEvent
from app.lake.connection import Lake, LakeConfig
from app.submission.mapping import Load, SourceMapping, SourceTable
from app.submission.sources import Landed, Listed, landing_name, take
from app.submission.sources.models import SourceLoad

PROVIDER = "A1111111111111"
DAY = date(2026, 10, 31)
CHANGES = Load("changes", "OP", ("I",), ("U",), ("D",), order="SEQ")


class MemoryLake(Lake):
    def _attach(self) -> None:
        self._root.execute("ATTACH ':memory:' AS lake")


@pytest.fixture(scope="module")
def _lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("lake")
    found = MemoryLake(LakeConfig("sqlite:none", str(folder), folder / "spill", 2, "500MB"))
    yield found
    found.close()


@pytest.fixture
def lake(_lake: Lake) -> Lake:
    def clear(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("DROP SCHEMA IF EXISTS lake.landing CASCADE")

    _lake.write(clear)
    return _lake


def mapping(load: Load | None, control: str | None = "control.json") -> SourceMapping:
    table = SourceTable("T", "T.csv", ("NO",), load)
    return SourceMapping("core", "csv", None, "utf-8", ",", control, {"T": table}, (), {}, "e")  # type: ignore[arg-type]


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[..., None]:
    def write(day: date, text: str, **said: Any) -> None:
        folder = tmp_path / f"{day:%Y%m%d}"
        folder.mkdir(exist_ok=True)
        (folder / "T.csv").write_text(text)
        rows = len(text.splitlines()) - 1
        (folder / "control.json").write_text(json.dumps({"tables": {"T": {"rows": rows}}, **said}))

    return write


@pytest.fixture
def source(tmp_path: Path) -> Listed:
    return Listed(PROVIDER, "core", "folder", {"path": str(tmp_path / "{date:%Y%m%d}")})


def state(lake: Lake, day: date) -> dict[str, str]:
    where = f"business_date = DATE '{day}'"
    return dict(lake.rows(f"SELECT NO, NAME FROM {landing_name('core', 'T')} WHERE {where} ORDER BY 1"))


def ledger() -> list[tuple[date, str, str]]:
    with unit_of_work(reading=True) as session:
        loads = session.scalars(select(SourceLoad).order_by(SourceLoad.business_date, SourceLoad.id))
        return [(load.business_date, load.state, load.reason_code) for load in loads]


def told() -> list[str]:
    with unit_of_work(reading=True) as session:
        return [row.name for row in session.scalars(select(OutboxEvent).order_by(OutboxEvent.id))]


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def refusal(act: Callable[[], Landed]) -> CreditLinkError:
    with pytest.raises((Invalid, Unavailable)) as refused:
        act()
    return refused.value


def test_changes_make_todays_state_of_yesterdays(database: Database, lake: Lake, source: Listed, deliver: Any) -> None:
    here = mapping(CHANGES)
    deliver(DAY, "NO,NAME,OP,SEQ\n1,a,I,1\n2,b,I,2\n3,c,I,3\n", load="full")
    deliver(after(1), "NO,NAME,OP,SEQ\n1,,D,1\n2,B,U,1\n2,BB,U,10\n4,d,I,1\n9,x,D,1\n")

    take(lake, here, source, DAY)
    landed = take(lake, here, source, after(1))
    again = take(lake, here, source, after(1))

    assert state(lake, DAY) == {"1": "a", "2": "b", "3": "c"}
    assert state(lake, after(1)) == {"2": "BB", "3": "c", "4": "d"}
    assert landed.applied["T"] == {"inserted": 1, "updated": 1, "deleted": 1, "unknown": 1, "state": 3, "kept": 1}
    assert again.applied == landed.applied
    assert [each[1] for each in ledger()] == ["landed", "landed"]


@pytest.mark.whole
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.tuples(st.sampled_from("IUD"), st.integers(1, 5), st.integers(0, 9)), max_size=6), max_size=3)
)
def test_any_days_of_changes_end_as_a_dictionary_would(
    sqlite_database: Database, lake: Lake, source: Listed, deliver: Any, days: list[list[tuple[str, int, int]]]
) -> None:
    with unit_of_work() as session:
        for load in session.scalars(select(SourceLoad)):
            session.delete(load)
    here, expected = mapping(CHANGES), {"1": "0"}
    deliver(DAY, "NO,NAME,OP,SEQ\n1,0,I,0\n", load="full")
    take(lake, here, source, DAY)
    for number, changes in enumerate(days, start=1):
        lines = [f"{key},{value},{flag},{place}" for place, (flag, key, value) in enumerate(changes)]
        # A serial: days of the same changes are days of their own.
        deliver(after(number), "\n".join(["NO,NAME,OP,SEQ", *lines, ""]), serial=f"S{number}")
        for flag, key, value in changes:
            if flag == "D":
                expected.pop(str(key), None)
            else:
                expected[str(key)] = str(value)
        take(lake, here, source, after(number))

        assert state(lake, after(number)) == expected


@pytest.mark.parametrize(
    ("row", "words"),
    [("1,a,X,1", "unknown flag"), (",a,I,1", "no key")],
)
def test_changes_that_cannot_be_understood_are_refused(
    sqlite_database: Database, lake: Lake, source: Listed, deliver: Any, row: str, words: str
) -> None:
    deliver(DAY, "NO,NAME,OP,SEQ\n1,a,I,1\n", load="full")
    take(lake, mapping(CHANGES), source, DAY)
    deliver(after(1), f"NO,NAME,OP,SEQ\n{row}\n")

    assert words in refusal(lambda: take(lake, mapping(CHANGES), source, after(1))).message.en
    assert state(lake, DAY) == {"1": "a"}
    assert state(lake, after(1)) == {}


def test_two_changes_without_an_order_are_refused(
    sqlite_database: Database, lake: Lake, source: Listed, deliver: Any
) -> None:
    here = mapping(Load("changes", "OP", ("I",), ("U",), ("D",)))
    deliver(DAY, "NO,NAME,OP\n1,a,I\n", load="full")
    take(lake, here, source, DAY)
    deliver(after(1), "NO,NAME,OP\n1,b,U\n1,c,U\n")

    assert "in no given order" in refusal(lambda: take(lake, here, source, after(1))).message.en


def test_changes_need_a_full_load_first(sqlite_database: Database, lake: Lake, source: Listed, deliver: Any) -> None:
    deliver(DAY, "NO,NAME,OP,SEQ\n1,a,I,1\n")

    assert refusal(lambda: take(lake, mapping(CHANGES), source, DAY)).code == "submission.no_base"


def test_a_missed_day_of_changes_is_taken_first_once_it_has_come(
    sqlite_database: Database, lake: Lake, source: Listed, deliver: Any
) -> None:
    here = mapping(CHANGES)
    deliver(DAY, "NO,NAME,OP,SEQ\n1,a,I,1\n", load="full")
    take(lake, here, source, DAY)
    deliver(after(2), "NO,NAME,OP,SEQ\n2,B,U,1\n")

    assert refusal(lambda: take(lake, here, source, after(2))).code == "submission.delivery_gap"
    deliver(after(1), "NO,NAME,OP,SEQ\n2,b,I,1\n")
    take(lake, here, source, after(2))

    assert state(lake, after(2)) == {"1": "a", "2": "B"}
    assert ("late", "") in [each[1:] for each in ledger()]
    assert "submission.delivery_late" in told()


def test_a_watermark_only_adds_and_replaces(
    sqlite_database: Database, lake: Lake, source: Listed, deliver: Any
) -> None:
    here = mapping(Load("watermark", "UPD"))
    deliver(DAY, "NO,NAME,UPD\n1,a,9\n2,b,8\n")
    deliver(after(3), "NO,NAME,UPD\n1,a,9\n2,B,10\n3,c,11\n")

    take(lake, here, source, DAY)
    take(lake, here, source, after(3))

    assert state(lake, after(3)) == {"1": "a", "2": "B", "3": "c"}
    with unit_of_work(reading=True) as session:
        assert [load.watermarks for load in session.scalars(select(SourceLoad).order_by(SourceLoad.id))] == [
            {"T": "9"},
            {"T": "11"},
        ]


def test_a_serial_is_taken_once(sqlite_database: Database, lake: Lake, source: Listed, deliver: Any) -> None:
    here = mapping(None)
    deliver(DAY, "NO,NAME\n1,a\n", serial="0007")
    take(lake, here, source, DAY)
    take(lake, here, source, DAY)
    deliver(after(1), "NO,NAME\n1,a\n", serial="0007")
    assert refusal(lambda: take(lake, here, source, after(1))).code == "submission.delivery_repeated"
    deliver(after(1), "NO,NAME\n1,b\n", serial="0007")
    assert refusal(lambda: take(lake, here, source, after(1))).code == "submission.delivery_serial"
    deliver(after(1), "NO,NAME\n1,b\n", serial="0008")
    take(lake, here, source, after(1))

    assert (state(lake, DAY), state(lake, after(1))) == ({"1": "a"}, {"1": "b"})
    assert told().count("submission.source_stopped") == 2


def test_a_full_delivery_may_be_the_same_when_nothing_happened(
    sqlite_database: Database, lake: Lake, source: Listed, deliver: Any
) -> None:
    for day in (DAY, after(1)):
        deliver(day, "NO,NAME\n1,a\n")
        take(lake, mapping(None), source, day)

    assert state(lake, after(1)) == {"1": "a"}


def test_another_days_control_file_is_refused(
    sqlite_database: Database, lake: Lake, source: Listed, deliver: Any
) -> None:
    deliver(DAY, "NO,NAME\n1,a\n", business_date="2026-10-30")

    assert refusal(lambda: take(lake, mapping(None), source, DAY)).code == "submission.delivery_day"


def test_what_is_missing_is_told_once_and_taken_when_it_comes(
    database: Database, lake: Lake, source: Listed, deliver: Any
) -> None:
    for _ in range(3):
        assert refusal(lambda: take(lake, mapping(None), source, DAY)).code == "submission.delivery_missing"
    assert told() == ["submission.source_stopped"]
    deliver(DAY, "NO,NAME\n1,a\n")
    take(lake, mapping(None), source, DAY, late=True)

    assert [each[1] for each in ledger()] == ["missing", "late"]
    assert told() == ["submission.source_stopped", "submission.delivery_late"]


def test_drift_is_told_once(sqlite_database: Database, lake: Lake, source: Listed, deliver: Any) -> None:
    deliver(DAY, "NO,NAME\n1,a\n")
    deliver(after(1), "NO,NAME,NEW\n1,a,x\n")
    take(lake, mapping(None), source, DAY)
    for _ in range(2):
        take(lake, mapping(None), source, after(1))

    with unit_of_work(reading=True) as session:
        newest = session.scalars(select(SourceLoad).order_by(SourceLoad.business_date.desc())).first()
        assert newest is not None
        assert [(each["what"], each["now"]) for each in newest.drift] == [("new", "NEW")]
    assert told() == ["submission.source_drifted"]

"""Early warnings: opened once, renewed, silenced, closed by themselves; each entity's apart; a page for those who see to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.config import override, settings
from app.core.db import Database, unit_of_work
from app.core.jobs import TaskContext
from app.submission.content import mappings
from app.submission.models import Batch, ReportFile, StageRun
from app.submission.service import begin_batch
from app.submission.warning.facts import things_of
from app.submission.warning.models import Warning
from app.submission.warning.watching import judge_batch, judge_day, judge_days, silence

OWN, OTHER = "A1111111111111", "B2222222222222"
DAY = date(2026, 11, 3)


@contextmanager
def at(text: str) -> Iterator[None]:
    with clock.frozen(datetime.fromisoformat(text).replace(tzinfo=clock.CHINA)), acting(SYSTEM):
        yield


def standing() -> dict[tuple[str, str], str]:
    with unit_of_work(reading=True) as session:
        return {(each.rule, each.thing): each.state for each in session.query(Warning).order_by(Warning.id)}


def begun(day: date = DAY) -> str:
    with unit_of_work():
        return begin_batch(day)


def land(batch: str, source: str, rows: int) -> None:
    with unit_of_work() as session:
        session.add(
            StageRun(
                batch_id=batch, stage="collect", part=source, rows=rows, seconds=1.0, finished_at=clock.now(), detail={}
            )
        )


def test_a_missing_source_is_told_once_and_closes_when_it_comes(sqlite_database: Database) -> None:
    with at("2026-11-04T01:30"):
        batch = begun()
        judge_batch(batch)
        assert standing() == {}, "there is time yet"
    with at("2026-11-04T03:00"):
        judge_batch(batch)
        judge_batch(batch)
        assert standing() == {("W000-101", name): "open" for name in mappings()}
        land(batch, "core_banking", 100)
        judge_batch(batch)
        assert standing()["W000-101", "core_banking"] == "closed"
        assert standing()["W000-101", "card_system"] == "open"
    with unit_of_work(reading=True) as session:
        assert session.query(Warning).count() == len(mappings())


def test_a_source_that_an_entity_does_not_list_is_not_missed(sqlite_database: Database, tmp_path: Path) -> None:
    listed = tmp_path / "sources.yaml"
    listed.write_text("sources: {core_banking: {path: /nowhere}}", encoding="utf-8")
    with override(settings().changed(sources_file=listed)):
        with at("2026-11-04T01:30"):
            batch = begun()
        with at("2026-11-04T03:00"):
            judge_batch(batch)
    assert standing() == {("W000-101", "core_banking"): "open"}, "it keeps no ledger that could be late"


def test_a_deadline_comes_near_and_passes(sqlite_database: Database) -> None:
    with at("2026-11-04T01:30"):
        begun()
    with at("2026-11-04T19:00"), unit_of_work():
        judge_day(OWN, DAY)
    assert standing()["W000-401", ""] == "open"
    with at("2026-11-05T00:30"), unit_of_work():
        judge_day(OWN, DAY)
    assert standing()["W000-402", ""] == "open"
    assert standing()["W000-401", ""] == "closed", "what was near is past"


def test_feedback_that_does_not_come(sqlite_database: Database) -> None:
    with at("2026-11-04T01:30"):
        batch = begun()
        with unit_of_work() as session:
            session.add(
                ReportFile(
                    prefix=f"{OWN}2026110421000100", batch_id=batch, provider=OWN, file_date=date(2026, 11, 4),
                    record_type="210", serial="001", part=0, created_at=clock.now(), records=1, status="sent",
                    sent_at=clock.now(),
                )
            )  # fmt: skip
    with at("2026-11-04T13:00"), unit_of_work():
        judge_day(OWN, DAY)
    assert ("W000-403", "") not in standing()
    with at("2026-11-04T16:00"), unit_of_work():
        judge_day(OWN, DAY)
    assert standing()["W000-403", ""] == "open"


def test_figures_are_held_against_their_own_history(sqlite_database: Database) -> None:
    for number in range(4):
        day = DAY - timedelta(days=4 - number)
        with at(f"{day + timedelta(days=1)}T01:30"):
            batch = begun(day)
            land(batch, "core_banking", 100 + number)
            with unit_of_work() as session:
                session.get_one(Batch, batch).status = "done"
    with at("2026-11-04T01:30"):
        batch = begun()
        land(batch, "core_banking", 30)
        judge_batch(batch)
        with unit_of_work(reading=True):
            (fact,) = (each.fact["source"] for each in things_of(OWN, DAY) if each.name == "core_banking")
    assert fact["usual_rows"] == 101
    assert standing() == {("W000-102", "core_banking"): "open"}


def test_a_silence_ends_by_itself(sqlite_database: Database) -> None:
    with at("2026-11-04T01:30"):
        begun()
    with at("2026-11-04T19:00"), unit_of_work() as session:
        judge_day(OWN, DAY)
        warning = session.query(Warning).filter_by(rule="W000-401").one()
        silence(warning, clock.now() + timedelta(hours=1), "已知")
        judge_day(OWN, DAY)
        assert warning.state == "silenced"
    with at("2026-11-04T20:01"), unit_of_work() as session:
        judge_day(OWN, DAY)
        assert session.query(Warning).filter_by(rule="W000-401").one().state == "open"


def test_the_clock_finds_days_that_never_began(sqlite_database: Database) -> None:
    with at("2026-11-04T01:30"):
        batch = begun()
        with unit_of_work() as session:
            session.get_one(Batch, batch).status = "done"
    with at("2026-11-06T09:00"):
        judge_days(TaskContext.__new__(TaskContext))
    with unit_of_work(reading=True) as session:
        found = [(each.rule, each.business_date) for each in session.query(Warning)]
    assert sorted(found) == [("W000-402", date(2026, 11, 4)), ("W000-405", date(2026, 11, 5))]


def test_a_warning_is_seen_to_in_the_console(together: Any, visitor: Any) -> None:
    with at("2026-11-04T10:00"), unit_of_work():
        for provider in (OWN, OTHER):
            judge_day(provider, date(2026, 10, 30))
    with unit_of_work(reading=True) as session:
        mine = session.query(Warning).filter_by(provider=OTHER, rule="W000-402").one().id
        theirs = session.query(Warning).filter_by(provider=OWN, rule="W000-402").one().id
    operator = visitor("other.operator")
    page = operator.page("/operations/warnings")
    assert "应在报送时限内报完" in page
    assert OWN not in page.partition("<main")[2]
    assert OWN not in operator.page("/operations/warnings.csv")
    assert operator.get(f"/operations/warnings/{theirs}").status_code == 404
    assert operator.post(f"/operations/warnings/{theirs}/acknowledge").status_code == 404
    assert operator.post(f"/operations/warnings/{mine}/acknowledge", remark="在查").status_code == 302
    assert "在查" in operator.page(f"/operations/warnings/{mine}")
    assert operator.post(f"/operations/warnings/{mine}/silence", hours="9999").status_code == 422
    assert operator.post(f"/operations/warnings/{mine}/silence", hours="4", remark="x").status_code == 302
    assert visitor("other.reviewer").post(f"/operations/warnings/{mine}/acknowledge").status_code == 403

"""Batches begin by the timetable of each legal entity, and what is wrong with one keeps no other from beginning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import clock, workdays
from app.core.actor import SYSTEM, acting
from app.core.db import Database, unit_of_work
from app.core.jobs import TaskContext
from app.submission import jobs
from app.submission.entities.entity import Entity, EntityFaults, as_texts, read_entity, stored
from app.submission.entities.models import EntityEdition
from app.submission.jobs import begin_due_batches, days_reported, due_times
from app.submission.models import Batch
from app.workflow.models import ProcessInstance, ProcessTask

OWN, OTHER = "A1111111111111", "B2222222222222"


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=clock.CHINA)


@contextmanager
def at(text: str) -> Iterator[None]:
    with clock.frozen(china(text)), acting(SYSTEM):
        yield


def look(text: str) -> list[tuple[str, str]]:
    """What stands as begun after the timetable was looked at."""
    with at(text):
        begin_due_batches(TaskContext.__new__(TaskContext))
    with unit_of_work(reading=True) as session:
        return sorted((batch.provider[0], batch.business_date.isoformat()) for batch in session.query(Batch))


def keep_entity(provider: str, **given: str) -> None:
    texts = {"provider": provider, "zh": "甲", "en": "A", "sources_file": "x", **given}
    with unit_of_work() as session:
        session.add(
            EntityEdition(
                provider=provider, number=1, content=read_entity(texts).as_data(), state="approved", asked_by="a",
                asked_at=clock.now(),
            )
        )  # fmt: skip


def finish(provider: str) -> None:
    with unit_of_work() as session:
        for batch in session.query(Batch).filter_by(provider=provider):
            batch.status = "done"


def test_each_entity_begins_by_its_own_timetable(sqlite_database: Database) -> None:
    keep_entity(OTHER, cron="0 5 * * *")
    assert look("2026-11-04T00:00") == []
    assert look("2026-11-04T01:29") == []
    assert look("2026-11-04T01:30") == [("A", "2026-11-03")]
    assert look("2026-11-04T01:31") == [("A", "2026-11-03")], "once"
    assert look("2026-11-04T05:00") == [("A", "2026-11-03"), ("B", "2026-11-03")]


def test_days_missed_are_made_up_one_after_the_other(sqlite_database: Database) -> None:
    look("2026-11-03T12:00")
    assert look("2026-11-06T09:00") == [("A", "2026-11-03")]
    assert look("2026-11-06T09:01") == [("A", "2026-11-03")], "the one before is not over"
    finish(OWN)
    assert look("2026-11-06T09:02") == [("A", "2026-11-03"), ("A", "2026-11-04")]
    finish(OWN)
    assert look("2026-11-06T09:03")[-1] == ("A", "2026-11-05")


def test_a_clock_that_ran_ahead_and_was_set_back_loses_no_day_and_begins_none_twice(database: Database) -> None:
    look("2026-11-03T12:00")
    assert look("2026-11-06T12:00") == [("A", "2026-11-03")], "the clock runs three days ahead"
    give_up()
    assert look("2026-11-06T12:01")[-1] == ("A", "2026-11-04")
    give_up()

    begun = look("2026-11-03T12:02")
    assert begun == [("A", "2026-11-03"), ("A", "2026-11-04")], "set back: nothing is due"
    assert failed() == {"2026-11-03", "2026-11-04"}
    for day, left in ((4, {"2026-11-04"}), (5, set()), (6, set())):
        begun = look(f"2026-11-0{day}T01:31")
        assert failed() == left, "a day that was begun too early is tried again when its turn has come"
        finish(OWN)
    assert begun == [("A", "2026-11-03"), ("A", "2026-11-04"), ("A", "2026-11-05")]


def give_up() -> None:
    """The first step of the batches under way has found no data and given up."""
    with unit_of_work() as session:
        for batch in session.query(Batch).filter_by(status="running"):
            instance = session.get_one(ProcessInstance, batch.instance_id)
            for step in session.query(ProcessTask).filter_by(instance_id=instance.id, status="open", kind="step"):
                step.status, step.error, instance.status = "failed", "-", "incident"


def failed() -> set[str]:
    """The days of batches with a failed step."""
    with unit_of_work(reading=True) as session:
        steps = session.query(ProcessTask).filter_by(status="failed")
        return {f"{step.business_key[-8:-4]}-{step.business_key[-4:-2]}-{step.business_key[-2:]}" for step in steps}


def test_what_fails_with_one_leaves_the_other(sqlite_database: Database, monkeypatch: Any) -> None:
    keep_entity(OTHER)
    look("2026-11-04T00:00")
    real = jobs.begin_batch

    def begin(day: date, *, provider: str) -> str:
        if provider == OWN:
            raise EntityFaults({})
        return real(day, provider=provider)

    monkeypatch.setattr(jobs, "begin_batch", begin)
    assert look("2026-11-04T02:00") == [("B", "2026-11-03")]
    monkeypatch.setattr(jobs, "begin_batch", real)
    assert look("2026-11-04T02:01") == [("A", "2026-11-03"), ("B", "2026-11-03")], "and it is tried again"


def test_an_entity_reports_only_the_days_on_which_it_is_active(sqlite_database: Database) -> None:
    keep_entity(OTHER, active_from="2026-11-05")
    look("2026-11-04T00:00")
    assert ("B", "2026-11-04") not in look("2026-11-05T02:00")
    assert ("B", "2026-11-05") in look("2026-11-06T02:00")


def test_working_days_only_and_the_days_of_rest_with_the_next() -> None:
    entity = Entity(provider=OTHER, days="working")
    assert days_reported(entity, china("2026-11-07T01:30")) == ()
    monday = days_reported(entity, china("2026-11-09T01:30"))
    assert [day.isoformat() for day in monday] == ["2026-11-06", "2026-11-07", "2026-11-08"]
    after_national_day = days_reported(entity, china("2026-10-08T01:30"))
    assert after_national_day[0] == date(2026, 9, 30)
    assert days_reported(Entity(provider=OTHER), china("2026-11-07T01:30")) == (date(2026, 11, 6),)


@pytest.mark.whole
@given(st.dates(date(2025, 1, 10), date(2026, 10, 1)), st.integers(1, 60))
def test_whatever_the_days_each_is_reported_once(start: date, count: int) -> None:
    """Over any stretch that ends on a working day, the working-day timetable names every day once and in order."""
    entity = Entity(provider=OTHER, days="working")
    first = workdays.next_working_day(start, inclusive=True).day
    last = workdays.next_working_day(first + timedelta(days=count)).day
    noon = datetime.combine(first, datetime.min.time(), clock.CHINA) + timedelta(hours=2)
    named: list[date] = []
    while noon.date() < last:
        noon += timedelta(days=1)
        named += days_reported(entity, noon)
    assert named == [first + timedelta(days=number) for number in range((last - first).days)]


def test_due_times_are_those_after_and_up_to() -> None:
    moments = list(due_times(Entity(provider=OTHER), china("2026-11-03T01:30"), china("2026-11-05T01:30")))
    assert [f"{each:%d %H:%M}" for each in moments] == ["04 01:30", "05 01:30"]


@pytest.mark.whole
@given(
    st.fixed_dictionaries(
        {"provider": st.just(OTHER), "zh": st.just("甲"), "en": st.just("A")},
        optional={
            "sections": st.lists(st.from_regex(r"[0-9A-Z]{14}", fullmatch=True), max_size=3).map(" ".join),
            "centre_port": st.integers(1, 65535).map(str),
            "blocked_share_limit": st.sampled_from(["0", "0.05", "1"]),
            "active_from": st.dates().map(str),
            "days": st.sampled_from(["every", "working"]),
            "centre_host_key": st.just("[host]:22 ssh-ed25519 AAAA"),
        },
    )
)
def test_an_entity_survives_its_form_and_its_store(texts: dict[str, str]) -> None:
    entity = read_entity(texts)
    assert read_entity(as_texts(entity)) == entity
    assert stored(OTHER, 0, entity.as_data()) == entity


def test_nothing_half_right_is_taken() -> None:
    with pytest.raises(EntityFaults) as refused:
        read_entity(
            {"provider": "", "own_key": "Ä", "days": "never", "active_from": "2026-02-02", "active_to": "2026-01-01"}
        )
    assert set(refused.value.faults) == {"provider", "zh", "en", "own_key", "days", "active_to"}

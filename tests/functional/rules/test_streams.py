"""Watches over stored events: alerts are written once, state comes back after a restart, late events find their place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from app.core.clock import CHINA
from app.core.db import Database, unit_of_work
from app.core.errors import Invalid
from app.core.jobs import Worker
from app.core.registry import Registry
from app.rules.capability import register
from app.rules.inference.content import watch_of
from app.rules.inference.models import RuleVerdict
from app.rules.inference.streams import observe
from app.rules.inference.supervision import engine
from app.rules.inference.watching import read_events, watch_all, watch_plainly

WATCH = "security.unusual_inquiries"
NINE = datetime(2026, 11, 23, 9, tzinfo=CHINA)


@pytest.fixture
def worker() -> Iterator[Worker]:
    registry = Registry()
    registry.room("rules", register)
    yield Worker(registry, heartbeat=0.5)
    engine().close()


def refused(key: str, minute: float, user: str = "u1") -> dict[str, Any]:
    at = (NINE + timedelta(minutes=minute)).isoformat()
    return {"id": key, "at": at, "user": user, "terminal": "t", "subject": "s", "result": "refused", "consent": True}


def given(*events: dict[str, Any]) -> None:
    with unit_of_work():
        observe(WATCH, {"inquiry": list(events)})


def alerts() -> list[tuple[str, str, list[str]]]:
    with unit_of_work(reading=True) as session:
        rows = session.scalars(select(RuleVerdict).order_by(RuleVerdict.id)).all()
        return [(row.key, row.subject, row.reasons["events"]) for row in rows]


def test_the_count_goes_on_after_a_restart(database: Database, worker: Worker) -> None:
    given(refused("E1", 0), refused("E2", 4))
    worker.run_until_idle()
    assert alerts() == []
    engine().close()

    given(refused("E3", 8), refused("E4", 9, "u2"))
    worker.run_until_idle()

    assert alerts() == [("UI-010:E3", "u1", ["E1", "E2", "E3"])]


def test_the_same_events_again_change_nothing_and_a_told_alert_keeps_quiet(database: Database, worker: Worker) -> None:
    for _ in range(2):
        given(refused("E1", 0), refused("E2", 1), refused("E3", 2))
        worker.run_until_idle()
    given(refused("E4", 3))
    worker.run_until_idle()
    assert [key for key, _, _ in alerts()] == ["UI-010:E3"]

    given(*(refused(f"L{minute}", minute) for minute in (61, 62, 63)))
    worker.run_until_idle()

    assert [key for key, _, _ in alerts()] == ["UI-010:E3", "UI-010:L63"]


def test_an_event_that_comes_late_counts_where_it_belongs(database: Database, worker: Worker) -> None:
    given(refused("E1", 0), refused("E3", 9))
    worker.run_until_idle()

    given(refused("E2", 5))
    worker.run_until_idle()

    assert alerts() == [("UI-010:E3", "u1", ["E1", "E2", "E3"])]


def test_events_without_a_time_or_with_unknown_fields_are_refused(database: Database) -> None:
    with pytest.raises(Invalid) as wrong, unit_of_work():
        observe(WATCH, {"inquiry": [{"id": "E1", "usr": "u"}, {"id": "E2", "at": "2026-11-23T09:00:00"}]})

    for place in ("inquiry[1].usr", "inquiry[1].at", "inquiry[2].at"):
        assert place in wrong.value.message.en


@pytest.mark.parametrize("seed", range(6))
def test_the_engine_counts_as_the_definition_does(seed: int) -> None:
    chance, watch = Random(seed), watch_of(WATCH)
    events = [
        refused(f"E{number}", chance.choice((0.5, 1, 10)) * chance.randint(0, 60), chance.choice(("u1", "u2", " ")))
        | {"subject": f"s{chance.randint(0, 6)}", "terminal": chance.choice(("t1", "t2", None))}
        | {"result": chance.choice(("refused", "answered", None)), "consent": chance.choice((True, True, False, None))}
        for number in range(120)
    ]

    stream = read_events(watch, {"inquiry": events})

    assert watch_all(watch, stream) == watch_plainly(watch, stream) != []

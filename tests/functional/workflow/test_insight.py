"""Figures about a process against a plain count of the same rows, on both databases."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sketch import content
from sqlalchemy import insert

from app.core import clock
from app.core.db import Database, unit_of_work
from app.workflow import insight as insight_module
from app.workflow.insight import insight
from app.workflow.models import Clock, ProcessInstance, ProcessTask
from app.workflow.versions import remember

NOW = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
"""Already the next day in China."""


def task(number: int, instance: int, node: str, opened: datetime, taken: float | None, **more: Any) -> dict[str, Any]:
    """`taken` is in seconds; None leaves it open."""
    finished = None if taken is None else opened + timedelta(seconds=taken)
    return {
        "id": str(UUID(int=number)),
        "instance_id": str(UUID(int=instance)),
        "process": "test.p",
        "node": node,
        "title": node,
        "kind": "question",
        "status": "open" if taken is None else "done",
        "name": "a/b",
        "role": "reviewer",
        "result_name": "r",
        "opened_at": opened,
        "finished_at": finished,
        "due_at": None,
        "lock": 1,
        **more,
    }


def write(version: str, instances: int, tasks: Sequence[dict[str, Any]]) -> None:
    rows = [
        {
            "id": str(UUID(int=number)),
            "process": "test.p",
            "version": version,
            "business_key": f"K{number}",
            "status": "waiting",
            "state": "",
            "started_at": NOW - timedelta(days=number % 5),
            "finished_at": None,
            "lock": 1,
        }
        for number in range(instances)
    ]
    with unit_of_work() as session:
        session.execute(insert(ProcessInstance), rows)
        session.execute(insert(ProcessTask), tasks)


@pytest.fixture
def version(database: Database) -> str:
    with unit_of_work():
        made = remember(
            content("start S\nuser A form=t/a name=审核\nuser M form=t/a many=items\nend E\nS > A > M > E"), "console"
        )
        return made.version


def test_times_are_as_counted_by_hand(version: str) -> None:
    chance = random.Random(7)
    taken = {
        node: [round(chance.uniform(1, 90_000), 1) for _ in range(count)]
        for node, count in (("A", 97), ("B", 10), ("C", 1))
    }
    tasks = [
        task(1000 * place + number, number % 20, node, NOW - timedelta(days=3), each)
        for place, (node, all_taken) in enumerate(taken.items(), start=1)
        for number, each in enumerate(all_taken)
    ]
    tasks.append(task(9001, 1, "A", NOW - timedelta(days=60), 5.0))  # before the period
    tasks.append(task(9002, 1, "A", NOW - timedelta(days=2), 5.0, process="test.other"))
    tasks.append(task(9003, 1, "A", NOW - timedelta(days=2), 5.0, status="cancelled"))
    tasks += [task(9010 + number, number, "A", NOW - timedelta(hours=number + 1), None) for number in range(4)]
    tasks.append(task(9020, 5, "D", NOW - timedelta(hours=1), None, status="failed", kind="step"))
    write(version, 20, tasks)
    with clock.frozen(NOW), unit_of_work(reading=True):
        found = insight("test.p", 30)
    by_node = {each.node: each for each in found.steps}
    assert list(by_node) == ["A", "B", "C", "D"]
    for node, all_taken in taken.items():
        told = by_node[node]
        assert told.done == len(all_taken)
        assert told.mean == pytest.approx(statistics.fmean(all_taken), abs=0.01)
        assert told.p90 == pytest.approx(sorted(all_taken)[math.ceil(0.9 * len(all_taken)) - 1], abs=0.01)
    assert (by_node["A"].title, by_node["B"].title) == ("审核", "B")
    assert (by_node["A"].waiting, by_node["A"].oldest) == (4, NOW - timedelta(hours=4))
    assert (by_node["D"].waiting, by_node["D"].mean) == (1, None)
    assert [each.node for each in found.bottlenecks] == ["A", "D"]
    assert found.bottlenecks[0].weight == pytest.approx(4 * (by_node["A"].mean or 0))


def test_deadlines_are_counted_by_element_and_team(version: str) -> None:
    opened = NOW - timedelta(days=2)
    due = {"due_at": opened + timedelta(hours=1)}
    write(
        version,
        3,
        [
            task(1, 0, "A", opened, 60.0, **due),
            task(2, 1, "A", opened, 3600.0, **due),
            task(3, 2, "A", opened, 3601.0, **due),
            task(4, 2, "A", opened, 60.0, role="manager", **due),
            task(5, 2, "A", opened, None, role="manager", **due),
            task(6, 2, "A", opened, None, role="manager", due_at=NOW + timedelta(days=1)),
            task(7, 2, "A", opened, 60.0),
        ],
    )
    with clock.frozen(NOW), unit_of_work(reading=True):
        found = insight("test.p", 7).teams
    assert [(each.role, each.on_time, each.late, each.overdue) for each in found] == [
        ("manager", 1, 0, 1),
        ("reviewer", 2, 1, 0),
    ]
    assert found[0].share == 0.5


def test_rework_leaves_out_what_is_drawn_to_be_repeated(version: str) -> None:
    opened = NOW - timedelta(days=2)
    passes = [(0, "A"), (0, "A"), (0, "A"), (1, "A"), (1, "A"), (2, "A"), (0, "B"), (0, "B"), (0, "M"), (0, "M")]
    write(version, 3, [task(number, case, node, opened, 1.0) for number, (case, node) in enumerate(passes)])
    with clock.frozen(NOW), unit_of_work(reading=True):
        found = insight("test.p", 7).rework
    assert [(each.node, each.cases, each.passes, each.most) for each in found] == [("A", 2, 5, 3), ("B", 1, 2, 2)]


def test_days_are_those_of_china_and_none_is_left_out(version: str) -> None:
    write(version, 10, [task(1, 0, "A", NOW, None)])
    with unit_of_work() as session:
        session.get_one(ProcessInstance, str(UUID(int=0))).finished_at = NOW
    with clock.frozen(NOW), unit_of_work(reading=True):
        days = insight("test.p", 7).throughput
    assert (days[0].day, days[-1].day, len(days)) == (date(2026, 11, 15), date(2026, 11, 21), 7)
    assert [each.started for each in days] == [0, 0, 2, 2, 2, 2, 2]
    assert [each.finished for each in days] == [0] * 6 + [1]


def test_declared_limits_are_counted_apart_from_timers(version: str) -> None:
    write(version, 4, [task(1, 0, "A", NOW, None)])

    def limit(number: int, state: str, ended: bool = True, **more: Any) -> Clock:
        return Clock(
            instance_id=str(UUID(int=number)),
            process="test.p",
            business_key=f"K{number}",
            started_at=NOW,
            due_at=NOW,
            ended_at=NOW if ended else None,
            state=state,
            **{"name": "reply", "kind": "house", "title_zh": "答复", "title_en": "Reply", **more},
        )

    with unit_of_work() as session:
        session.add_all(
            [
                limit(0, "met"),
                limit(1, "missed"),
                limit(2, "missed", ended=False),
                limit(3, "running", ended=False),
                limit(0, "met", name="A", kind="step"),
                limit(0, "met", name="T", kind="house", node="T"),
            ]
        )
    with clock.frozen(NOW), unit_of_work(reading=True):
        found = insight("test.p", 7).clocks
    assert [(each.name, each.met, each.missed, each.running) for each in found] == [("reply", 1, 2, 1)]


def test_a_process_without_anything_has_empty_figures(version: str) -> None:
    with unit_of_work(reading=True):
        found = insight("test.none", insight_module.PERIODS[0])
    assert (found.steps, found.teams, found.clocks, found.rework, found.bottlenecks) == ((), (), (), (), ())
    assert len(found.throughput) == 7

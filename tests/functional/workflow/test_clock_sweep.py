"""Clocks in both databases: begun, met, paused, swept; by two sweeps at once, and by one that is killed."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime, timedelta
from typing import Any

import pytest
from drawing import chain, diagram, element, properties
from sqlalchemy import event, insert, text

from app.core import clock
from app.core.db import Database, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.jobs import Worker
from app.core.outbox import OutboxEvent
from app.core.registry import Registry
from app.core.text import Text
from app.workflow import clocks, host
from app.workflow.clocks import parse_limit
from app.workflow.clocks.set_back import clocks_made_good
from app.workflow.clocks.sweep import BATCH, _due
from app.workflow.content import Content
from app.workflow.models import Clock, Process, ProcessInstance, ProcessTask, ProcessVersion
from app.workflow.versions import remember

TITLE = Text("答复", "Answer")


def china(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=clock.CHINA)


MONDAY = china("2026-11-23T10:00")
AHEAD = MONDAY + timedelta(days=3)


@contextmanager
def at(moment: str | datetime) -> Iterator[None]:
    with clock.frozen(china(moment) if isinstance(moment, str) else moment):
        yield


@pytest.fixture
def instance(database: Database) -> str:
    """A case that clocks can run for."""
    with unit_of_work() as session:
        session.add(ProcessVersion(version="v1", process="test.case", number=1, xml=b"", created_at=MONDAY))
        session.flush()
        session.add(
            ProcessInstance(
                id="i1",
                process="test.case",
                version="v1",
                business_key="K1",
                subject="张*",
                status="waiting",
                state="{}",
                started_at=MONDAY,
            )
        )
    return "i1"


def begin(name: str = "answer", limit: str = "3 working days", **given: Any) -> int:
    wanted: dict[str, Any] = {"kind": "step", "title": TITLE, **given}
    wanted["warn"] = [parse_limit(each) for each in wanted.get("warn", ())]
    with unit_of_work() as session:
        return clocks.begin(session.get_one(ProcessInstance, "i1"), name, parse_limit(limit), **wanted).id


def seen(clock_id: int) -> Clock:
    with unit_of_work(reading=True) as session:
        return session.get_one(Clock, clock_id)


def told() -> list[tuple[str, str]]:
    """What was told, in order: (event, clock)."""
    with unit_of_work(reading=True) as session:
        rows = session.query(OutboxEvent).order_by(OutboxEvent.id)
        return [(row.name.removeprefix("workflow.clock_"), row.payload["clock"]) for row in rows]


def nothing(instance_id: str, node: str) -> bool:
    raise AssertionError(f"no timer was due, yet {node} of {instance_id} was set off")


def test_a_clock_of_a_name_runs_once_at_a_time(instance: str) -> None:
    with at(MONDAY):
        first = begin(warn=["1 working day", "9 working days"], escalate="compliance", basis="第25条")
        assert begin() == first
    found = seen(first)
    assert (found.state, found.turn, found.due_at, found.days) == ("running", 0, china("2026-11-27T00:00"), "working")
    assert found.warnings == [china("2026-11-26T00:00").astimezone(tz=found.due_at.tzinfo).isoformat()]
    assert (found.next_at, found.subject, found.business_key) == (china("2026-11-26T00:00"), "张*", "K1")

    with at("2026-11-24T09:00"), unit_of_work():
        ended = clocks.end(instance, "answer")
        assert ended is not None
        assert (ended.state, ended.ended_at, ended.next_at) == ("met", china("2026-11-24T09:00"), None)
        assert clocks.end(instance, "answer") is None

    second = begin()
    assert second != first
    assert seen(second).turn == 1


@pytest.mark.parametrize(("ends", "state"), [("2026-11-26T23:59", "met"), ("2026-11-27T00:00", "missed")])
def test_what_ends_late_is_missed_though_no_sweep_has_seen_it(instance: str, ends: str, state: str) -> None:
    with at(MONDAY):
        number = begin()
    with at(ends), unit_of_work():
        clocks.end(instance, "answer", "cancelled" if state == "missed" else "met")

    assert seen(number).state == state
    assert told() == ([("missed", "answer")] if state == "missed" else [])


def test_all_open_clocks_end_with_their_case(instance: str) -> None:
    with at(MONDAY):
        numbers = [begin("a"), begin("b", "1 hour"), begin("c")]
        with unit_of_work():
            clocks.pause(numbers[2], "等待材料")
    with at("2026-11-23T12:00"), unit_of_work():
        assert clocks.end_all(instance) == 3
        assert clocks.end_all(instance) == 0

    assert [seen(number).state for number in numbers] == ["cancelled", "missed", "cancelled"]
    assert all(seen(number).ended_at and seen(number).next_at is None for number in numbers)


def test_a_pause_gives_back_the_working_days_it_took(instance: str) -> None:
    with at(MONDAY):
        number = begin(limit="5 working days", warn=["2 working days", "4 hours"])
    with at("2026-11-24T15:00"), unit_of_work():
        clocks.pause(number, " 等待客户补件 ")
    paused = seen(number)
    assert (paused.state, paused.pause_reason, paused.next_at) == ("paused", "等待客户补件", None)
    with at("2026-12-09T00:00"):
        assert clocks.sweep(nothing).missed == 0, "a paused clock does not run"
    with at("2026-11-30T09:00"), unit_of_work():  # Wednesday, Thursday, Friday and Monday have gone
        clocks.resume(number)

    resumed = seen(number)
    assert resumed.due_at == china("2026-12-05T00:00")
    assert [datetime.fromisoformat(each) for each in resumed.warnings] == [
        china("2026-12-03T00:00"),
        china("2026-12-04T20:00"),
    ]
    assert (resumed.state, resumed.next_at, resumed.paused_at) == ("running", china("2026-12-03T00:00"), None)
    assert told() == [("paused", "answer"), ("resumed", "answer")]


def test_a_pause_gives_back_the_hours_it_took(instance: str) -> None:
    with at(MONDAY):
        number = begin(limit="4 hours", warn=["1 hour"])
    with at("2026-11-23T11:00"), unit_of_work():
        clocks.pause(number, "系统维护")
    with at("2026-11-23T12:30"), unit_of_work():
        clocks.resume(number)

    assert seen(number).due_at == china("2026-11-23T15:30")
    assert seen(number).next_at == china("2026-11-23T14:30")


@pytest.mark.parametrize("kind", ["statutory", "bureau"])
def test_limits_of_law_and_centre_are_paused_only_with_the_right(instance: str, kind: str) -> None:
    number = begin(kind=kind)
    with pytest.raises(Refused), unit_of_work():
        clocks.pause(number, "等待材料")
    with unit_of_work():
        clocks.pause(number, "法院裁定中止", may_pause_statutory=True)
    with pytest.raises(Refused), unit_of_work():
        clocks.resume(number)
    with unit_of_work():
        clocks.resume(number, may_pause_statutory=True)
    assert seen(number).state == "running"


def test_only_what_runs_is_paused_and_only_what_is_paused_resumed(instance: str) -> None:
    with at(MONDAY):
        number = begin(limit="1 hour")
        for reason in ("", " ", "x" * 501):
            with pytest.raises(Invalid), unit_of_work():
                clocks.pause(number, reason)
        with pytest.raises(Conflict), unit_of_work():
            clocks.resume(number)
    with at("2026-11-23T11:00"), pytest.raises(Conflict), unit_of_work():
        clocks.pause(number, "已过期限")
    with pytest.raises(NotFound), unit_of_work():
        clocks.pause(999, "没有这个")


CLOCKS = {
    "whole": {"title": {"zh": "全程", "en": "All"}, "kind": "statutory", "from": "start", "within": "20 days"},
    "review": {
        "title": {"zh": "复核", "en": "Review"},
        "kind": "house",
        "from": "Review",
        "until": ["Review", "Skip"],
        "within": "2 working days",
        "warn": ["1 working day"],
        "escalate": "manager",
    },
}


def test_declared_clocks_follow_the_case(instance: str) -> None:
    def states() -> dict[str, list[str]]:
        with unit_of_work(reading=True) as session:
            rows = session.query(Clock).order_by(Clock.turn)
            return {name: [row.state for row in rows if row.name == name] for name in CLOCKS}

    def happen(act: Callable[..., None], *node: str) -> None:
        with unit_of_work() as session:
            act(session.get_one(ProcessInstance, "i1"), {"clocks": CLOCKS}, *node)

    happen(clocks.on_started)
    happen(clocks.on_entered, "Collect")
    happen(clocks.on_entered, "Review")
    assert states() == {"whole": ["running"], "review": ["running"]}
    happen(clocks.on_left, "Review")
    happen(clocks.on_entered, "Review")
    assert states() == {"whole": ["running"], "review": ["met", "running"]}
    happen(clocks.on_finished)
    assert states() == {"whole": ["met"], "review": ["met", "cancelled"]}


def test_a_process_without_clocks_asks_the_database_nothing(instance: str, database: Database) -> None:
    asked: list[str] = []

    with unit_of_work() as session:
        found = session.get_one(ProcessInstance, "i1")
        event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        for description in ({}, {"clocks": {}}, {"title": {"zh": "x", "en": "x"}}):
            clocks.on_started(found, description)
            clocks.on_entered(found, description, "A")
            clocks.on_left(found, description, "A")
            clocks.on_finished(found, description)
        assert asked == []


def test_a_sweep_warns_and_tells_what_was_missed_each_once(instance: str) -> None:
    with at(MONDAY):
        number = begin(warn=["2 working days", "1 working day"], escalate="manager")
        begin("later", "30 days")

    for moment, expected in (
        ("2026-11-24T23:59", 0),
        ("2026-11-25T00:00", 1),
        ("2026-11-26T08:00", 2),
        ("2026-11-27T00:00", 3),
        ("2026-12-01T00:00", 3),
    ):
        with at(moment):
            clocks.sweep(nothing)
            clocks.sweep(nothing)
        assert len(told()) == expected, moment
    assert told() == [("warned", "answer"), ("warned", "answer"), ("missed", "answer")]
    overdue = seen(number)
    assert (overdue.state, overdue.ended_at, overdue.next_at) == ("missed", None, None)

    with at("2026-12-01T09:00"), unit_of_work():
        clocks.end(instance, "answer")
    assert (seen(number).state, seen(number).ended_at) == ("missed", china("2026-12-01T09:00"))
    assert len(told()) == 3, "it was told already"
    with unit_of_work(reading=True) as session:
        payload = session.query(OutboxEvent).order_by(OutboxEvent.id.desc()).first().payload
    assert payload["escalate"] == "manager"
    assert not {"subject", "business_key"} & payload.keys()


def test_a_sweep_that_comes_late_loses_nothing(instance: str) -> None:
    with at(MONDAY):
        begin(warn=["2 working days", "1 working day"])
    with at("2026-12-20T00:00"):
        done = clocks.sweep(nothing)

    assert (done.warned, done.missed) == (2, 1)
    assert told() == [("warned", "answer"), ("warned", "answer"), ("missed", "answer")]


def test_timers_are_set_off_and_one_that_cannot_move_stops_no_other(instance: str) -> None:
    with at(MONDAY):
        numbers = {name: begin(f"clock:{name}", "1 hour", node=name) for name in ("Stuck", "Wait", "Last")}
        heard = begin("clock:Heard", "1 hour", node="Heard", escalate="manager")
    went: list[tuple[str, str]] = []
    stuck = {"Stuck"}

    def set_off(instance_id: str, node: str) -> bool:
        if node in stuck:
            raise Conflict("core.stale", Text("已被修改", "changed"))
        went.append((instance_id, node))
        return True

    with at("2026-11-23T11:00"):
        done = clocks.sweep(set_off)
        assert (done.set_off, done.stuck) == (3, 1)
        assert went == [("i1", "Wait"), ("i1", "Last"), ("i1", "Heard")]
        assert [seen(number).state for number in numbers.values()] == ["running", "met", "met"]
        assert seen(heard).state == "missed"
        assert told() == [("missed", "clock:Heard")], "only where somebody is to hear of it"

        stuck.clear()
        assert clocks.sweep(set_off).set_off == 1
        assert seen(numbers["Stuck"]).state == "met"
        assert clocks.sweep(set_off).set_off == 0


def test_a_timer_that_its_instance_ends_itself_is_left_as_it_is(instance: str) -> None:
    with at(MONDAY):
        number = begin("Wait", "1 hour", node="Wait", escalate="manager")
    with at("2026-11-23T11:00"):
        clocks.sweep(lambda instance_id, node: clocks.end(instance_id, node) is not None)

    assert seen(number).state == "missed"
    assert told() == [("missed", "Wait")]


def test_a_timer_of_a_case_that_rests_goes_off_when_it_goes_on(instance: str) -> None:
    def status(wanted: str) -> None:
        with unit_of_work() as session:
            session.get_one(ProcessInstance, "i1").status = wanted

    with at(MONDAY):
        number = begin("Wait", "1 hour", node="Wait")
    with at("2026-11-23T12:00"):
        status("suspended")
        assert clocks.sweep(lambda instance_id, node: False).stuck == 1
        assert seen(number).state == "running"
        status("waiting")
        assert clocks.sweep(lambda instance_id, node: True).set_off == 1
    assert seen(number).state == "met"


def test_a_timer_that_nobody_waits_for_any_more_is_dropped(instance: str) -> None:
    with at(MONDAY):
        number = begin("Wait", "1 hour", node="Wait")
    with at("2026-11-23T12:00"):
        done = clocks.sweep(lambda instance_id, node: False)
    assert (done.set_off, done.stuck, seen(number).state) == (0, 0, "cancelled")


def fill(count: int, *, node: str = "", due: datetime = MONDAY) -> None:
    with unit_of_work() as session:
        session.execute(
            insert(Clock),
            [
                {
                    "instance_id": "i1",
                    "name": f"c{number}",
                    "kind": "step",
                    "process": "test.case",
                    "business_key": "K1",
                    "title_zh": "答复",
                    "title_en": "Answer",
                    "node": node,
                    "state": "running",
                    "started_at": due - timedelta(days=3),
                    "due_at": due + timedelta(hours=number % 2),
                    "warnings": [(due - timedelta(hours=1)).isoformat()],
                    "next_at": due - timedelta(hours=1),
                }
                for number in range(count)
            ],
        )


def test_two_sweeps_at_once_tell_everything_once(instance: str) -> None:
    fill(BATCH * 2 + 50)
    problems: list[BaseException] = []

    def run() -> None:
        try:
            clocks.sweep(nothing)
        except BaseException as problem:
            problems.append(problem)

    with at(MONDAY + timedelta(hours=2)):
        threads = [threading.Thread(target=copy_context().run, args=(run,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        clocks.sweep(nothing)

    assert problems == []
    assert Counter(Counter(told()).values()) == {1: 2 * (BATCH * 2 + 50)}


def test_a_sweep_that_is_killed_is_made_up_for(instance: str) -> None:
    fill(BATCH + 50, node="Wait")
    with at(MONDAY + timedelta(hours=2)):
        child = os.fork()
        if child == 0:
            # Dies in the middle of setting off the tenth timer, its unit of work open.
            left = iter(range(9))
            clocks.sweep(lambda instance_id, node: next(left, None) is not None or os._exit(9))
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        with unit_of_work(reading=True) as session:
            assert session.query(Clock).filter_by(state="met").count() == 9

        done = clocks.sweep(lambda instance_id, node: True)

    assert done.set_off == BATCH + 50 - 9
    assert Counter(Counter(told()).values()) == {1: BATCH + 50}, "every warning once"


def test_the_job_sweeps(instance: str) -> None:
    registry = Registry()
    registry.room("workflow", clocks.register_clocks)
    registry.check()
    with at(MONDAY):
        number = begin(limit="1 hour")
        with unit_of_work():
            from app.core.jobs import enqueue

            enqueue(clocks.SWEEP, {}, "now")
    with at("2026-11-23T11:00"):
        Worker(registry).run_until_idle()

    assert registry.jobs[clocks.SWEEP].every_seconds == 15
    assert seen(number).state == "missed"


def test_what_is_due_is_found_by_the_index(instance: str, database: Database) -> None:
    fill(3_000, due=MONDAY)
    with unit_of_work() as session:
        session.execute(text("ANALYZE"))
    with unit_of_work(reading=True) as session:
        query = _due(MONDAY - timedelta(days=1), (MONDAY - timedelta(days=2), 5))
        compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN " if database.kind == "postgresql" else "EXPLAIN QUERY PLAN "
        plan = " ".join(str(row) for row in session.execute(text(explain + str(compiled).replace(":", r"\:"))))
    assert "ix_workflow_clock_next" in plan
    assert "SCAN workflow_clock " not in plan
    assert "Seq Scan" not in plan


TIMER = "<bpmn:timerEventDefinition><bpmn:timeDuration>2 working days</bpmn:timeDuration></bpmn:timerEventDefinition>"
DESCRIPTION = {
    "title": {"zh": "催办", "en": "Reminder"},
    "owner": {"zh": "合规", "en": "Compliance"},
    "purpose": {"zh": "试", "en": "test"},
    "clocks": {
        "whole": {"title": {"zh": "全程", "en": "All"}, "kind": "statutory", "from": "start", "within": "1 working day"}
    },
}


@pytest.fixture
def reminder(database: Database) -> str:
    """A running case: a question with a time limit of two working days on its edge, all to be done within one."""
    parts = [
        element("startEvent", "Begin"),
        element("userTask", "Ask", properties(form="test/ask", role="reviewer", result="said", within="1 hour")),
        element("boundaryEvent", "Late", TIMER, attachedToRef="Ask"),
        element("endEvent", "Done"),
        element("endEvent", "Dropped"),
        chain("Begin", "Ask", "Done"),
        chain("Late", "Dropped"),
    ]
    with at(MONDAY), unit_of_work() as session:
        content = Content("test.reminder", DESCRIPTION, diagram("reminder", parts), {"test/ask": {"components": []}})
        session.add(Process(name="test.reminder", live=remember(content, "console").version))
        session.flush()
        return host.start("test.reminder", "K1", {})


def clocks_of(case: str) -> dict[str, str]:
    """The state of each clock of a case: by its declared name, or by the element whose task it belongs to."""
    with unit_of_work(reading=True) as session:
        nodes = {task.id: task.node for task in session.query(ProcessTask).filter_by(instance_id=case)}
        return {nodes.get(row.name, row.name): row.state for row in session.query(Clock).filter_by(instance_id=case)}


def test_a_timer_of_a_diagram_moves_its_case_when_its_time_comes(reminder: str) -> None:
    assert clocks_of(reminder) == {"whole": "running", "Ask": "running", "Late": "running"}
    with at("2026-11-25T23:59"):
        assert clocks.sweep().missed == 2
    assert clocks_of(reminder) == {"whole": "missed", "Ask": "missed", "Late": "running"}
    with at("2026-11-26T00:00"):
        done = clocks.sweep()

    assert (done.set_off, done.stuck) == (1, 0)
    assert clocks_of(reminder) == {"whole": "missed", "Ask": "missed", "Late": "met"}
    with unit_of_work(reading=True) as session:
        case = session.get_one(ProcessInstance, reminder)
        assert (case.status, case.path[-1]) == ("done", "Dropped")
        assert session.query(Clock).filter_by(instance_id=reminder, ended_at=None).count() == 0


def test_an_answer_in_time_meets_the_clocks_of_its_case(reminder: str) -> None:
    with at("2026-11-23T10:30"), unit_of_work() as session:
        task = session.query(ProcessTask).filter_by(instance_id=reminder, kind="question").one()
        host.answer(task.id, {})

    assert clocks_of(reminder) == {"whole": "met", "Ask": "met", "Late": "cancelled"}
    with at("2026-12-23T10:00"):
        assert clocks.sweep() == clocks.sweep()
    assert told() == []


@pytest.mark.parametrize(
    ("limit", "due"),
    [
        ("15 working days", "2026-12-15T00:00"),
        ("10 days", "2026-12-04T00:00"),
        ("4 hours", "2026-11-23T14:00"),
    ],
)
def test_a_limit_that_began_ahead_ends_as_if_begun_now(instance: str, limit: str, due: str) -> None:
    with at(MONDAY):
        other = begin("other", limit)
    with at(AHEAD):
        number = begin("answer", limit, warn=("1 hours",))
    assert seen(number).due_at > china(due)
    with at(MONDAY):
        assert clocks_made_good() == 1
        assert clocks_made_good() == 0
    moved = seen(number)
    assert moved.due_at == seen(other).due_at == china(due)
    assert (
        [moved.next_at]
        == [datetime.fromisoformat(each) for each in moved.warnings]
        == [china(due) - timedelta(hours=1)]
    )


def test_what_was_told_ahead_is_not_told_again_and_what_was_not_is_told_in_time(instance: str) -> None:
    with at(MONDAY):
        begin("soon", "1 working days")
        late = begin("late", "10 working days", warn=("2 working days",))
    with at(AHEAD):
        assert clocks.sweep().missed == 1
    with at(MONDAY):
        clocks_made_good()
    for day in range(1, 20):
        with at(MONDAY + timedelta(days=day)):
            clocks.sweep()
    assert told() == [("missed", "soon"), ("warned", "late"), ("missed", "late")]
    assert seen(late).state == "missed"

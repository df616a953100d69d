"""Messages, time limits, interventions and taking instances over, through the real host, database and executor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from drawing import chain, diagram, element, properties, verb
from other_rooms import announce
from sqlalchemy import select

from app.core import clock
from app.core.actor import Actor, acting
from app.core.db import Database, unit_of_work
from app.core.errors import Conflict, Invalid
from app.core.jobs import Worker
from app.core.registry import Registry, Step
from app.core.text import Text
from app.workflow import capability, host, intervention, migration
from app.workflow.content import Content
from app.workflow.models import Act, Clock, Process, ProcessInstance, ProcessTask
from app.workflow.stepping import StepFailed
from app.workflow.versions import remember

PROCESS = "test.sample"
MANAGER, CLERK, OTHER = (Actor(name, name, "person") for name in ("manager", "clerk", "other"))
DESCRIPTION = {
    "process": PROCESS,
    "title": {"zh": "样例", "en": "Sample"},
    "purpose": {"zh": "测试", "en": "For tests"},
    "owner": {"zh": "测试岗", "en": "Tests"},
}


@dataclass(frozen=True)
class NoteParams:
    """What the step writes down."""

    text: str


@dataclass
class Desk:
    """A registry with one step, `test.note`, which does what the test says."""

    acts: list[Any] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    registry: Registry = field(default_factory=Registry)

    def __post_init__(self) -> None:
        self.registry.room("workflow", capability.register)
        announce(self.registry)
        self.registry.room(
            "test", lambda rooms: rooms.step(Step("test.note", Text("记", "Note"), self._note, NoteParams))
        )

    def _note(self, context: Any, params: NoteParams) -> Any:
        self.noted.append(params.text)
        act = self.acts.pop(0) if self.acts else None
        if isinstance(act, Exception):
            raise act
        return act

    def publish(self, *parts: str, before: str = "", **description: Any) -> str:
        content = Content(PROCESS, {**DESCRIPTION, **description}, diagram("sample", parts, before))
        with unit_of_work() as session:
            version = remember(content, "console").version
            known = session.get(Process, PROCESS)
            if known:
                known.live = version
            else:
                session.add(Process(name=PROCESS, live=version))
        return version

    def start(self, key: str = "K1", **data: Any) -> str:
        with unit_of_work():
            return host.start(PROCESS, key, data)

    def work(self) -> None:
        Worker(self.registry).run_until_idle()


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with acting(CLERK):
        yield Desk()


def tasks(instance: str, status: str = "open") -> dict[str, str]:
    with unit_of_work(reading=True) as session:
        rows = session.scalars(select(ProcessTask).filter_by(instance_id=instance, status=status))
        return {row.node: row.id for row in rows}


def instance_of(identity: str) -> ProcessInstance:
    with unit_of_work(reading=True) as session:
        found = session.get_one(ProcessInstance, identity)
        session.expunge(found)
        return found


ASK = properties(form="a/b", role="reviewer")
LINE = (
    element("startEvent", "Begin"),
    element("userTask", "One", ASK),
    element("userTask", "Two", properties(form="a/b", role="reviewer", not_by="One, start")),
    element("endEvent", "Done"),
    chain("Begin", "One", "Two", "Done"),
)
STEP = (
    element("startEvent", "Begin"),
    element("serviceTask", "Note", verb("test.note", "noted", text="text")),
    element("userTask", "After", ASK),
    element("endEvent", "Done"),
    chain("Begin", "Note", "After", "Done"),
)


def test_who_did_one_step_is_kept_from_the_other(desk: Desk) -> None:
    desk.publish(*LINE)
    instance = desk.start()
    with acting(OTHER), unit_of_work():
        host.answer(tasks(instance)["One"], {"ok": True})
    with unit_of_work(reading=True) as session:
        assert session.get_one(ProcessTask, tasks(instance)["Two"]).excluded == ["clerk", "other"]


def test_a_message_finds_its_case_and_no_other(desk: Desk) -> None:
    desk.publish(
        element("startEvent", "Begin"),
        element("intermediateCatchEvent", "Wait", '<bpmn:messageEventDefinition messageRef="M" />'),
        element("endEvent", "Done"),
        chain("Begin", "Wait", "Done"),
        before='<bpmn:message id="M" name="reply" />',
    )
    first, second = desk.start("K1"), desk.start("K2")
    with unit_of_work():
        assert host.send_message("reply", "K2", {"text": "好"}) == 1
    with unit_of_work():
        assert host.send_message("reply", "K2", {"text": "again"}) == 0
    assert (instance_of(first).status, instance_of(second).status) == ("waiting", "done")


def test_a_time_limit_that_comes_moves_the_case_on(desk: Desk) -> None:
    timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>2 hours</bpmn:timeDuration></bpmn:timerEventDefinition>"
    desk.publish(
        element("startEvent", "Begin"),
        element("userTask", "One", properties(form="a/b", role="reviewer", within="1 hour")),
        element("boundaryEvent", "Late", timer, attachedToRef="One"),
        element("userTask", "Two", ASK),
        element("endEvent", "Done"),
        element("endEvent", "Missed"),
        chain("Begin", "One", "Done"),
        chain("Late", "Two", "Missed"),
    )
    instance = desk.start()
    with unit_of_work(reading=True) as session:
        due = {row.node: row.due_at - row.started_at for row in session.scalars(select(Clock))}
    assert due == {"": timedelta(hours=1), "Late": timedelta(hours=2)}
    with unit_of_work():
        assert host.clock_due(instance, "Late")
    with unit_of_work():
        assert not host.clock_due(instance, "Late")
    assert set(tasks(instance)) == {"Two"}
    assert set(tasks(instance, "cancelled")) == {"One"}
    with unit_of_work(reading=True) as session:
        assert {row.ended_at is None for row in session.scalars(select(Clock))} == {False}


def test_a_declared_clock_runs_from_its_element_to_its_element(desk: Desk) -> None:
    limit = {
        "title": {"zh": "答复", "en": "Reply"},
        "kind": "house",
        "from": "start",
        "until": ["One"],
        "within": "3 days",
    }
    desk.publish(*LINE, clocks={"reply": limit})
    instance = desk.start()
    with unit_of_work():
        host.answer(tasks(instance)["One"], {})
    with unit_of_work(reading=True) as session:
        assert [(row.name, row.state) for row in session.scalars(select(Clock))] == [("reply", "met")]


def test_a_failed_step_is_repaired_skipped_or_tried_again(desk: Desk) -> None:
    desk.publish(*STEP)
    desk.acts += [StepFailed("NO", Text("不行", "no"))] * 3
    instances = [desk.start(key, text="x") for key in ("A", "B", "C")]
    desk.work()
    assert {instance_of(each).status for each in instances} == {"incident"}
    with unit_of_work():
        intervention.retry(tasks(instances[0], "failed")["Note"], "原因已排除")
    with unit_of_work():
        intervention.repair(tasks(instances[1], "failed")["Note"], {"text": "mended"}, "改正内容")
    with unit_of_work():
        intervention.skip(tasks(instances[2], "failed")["Note"], {"by": "hand"}, "线下已办")
    desk.work()
    assert desk.noted == ["x", "x", "x", "x", "mended"]
    assert {instance_of(each).status for each in instances} == {"waiting"}
    with unit_of_work(reading=True) as session:
        assert sorted(session.scalars(select(Act.kind))) == ["repair", "retry", "skip"]
    with pytest.raises(Conflict), unit_of_work():
        intervention.retry(tasks(instances[0], "done")["Note"], "再试一次")
    with pytest.raises(Invalid, match="reason"), unit_of_work():
        intervention.suspend(instances[0], " ")


def test_what_rests_is_neither_answered_nor_run(desk: Desk) -> None:
    desk.publish(*STEP)
    instance = desk.start(text="x")
    with unit_of_work():
        intervention.suspend(instance, "等待核实")
    desk.work()
    assert desk.noted == []
    with unit_of_work():
        intervention.resume(instance, "核实完毕")
    desk.work()
    assert desk.noted == ["x"]
    with unit_of_work():
        intervention.suspend(instance, "再等一等")
    with pytest.raises(Conflict, match="suspended"), unit_of_work():
        host.answer(tasks(instance)["After"], {})
    with unit_of_work():
        intervention.resume(instance, "继续办理")
    with unit_of_work():
        host.answer(tasks(instance)["After"], {})
    assert instance_of(instance).status == "done"


def test_a_cancelled_case_leaves_nothing_to_do(desk: Desk) -> None:
    desk.publish(
        *LINE, clocks={"c": {"title": {"zh": "限", "en": "c"}, "kind": "house", "from": "start", "within": "3 days"}}
    )
    instance = desk.start()
    with unit_of_work():
        intervention.cancel(instance, "客户撤回")
    assert tasks(instance) == {}
    assert instance_of(instance).status == "cancelled"
    with unit_of_work(reading=True) as session:
        assert [row.state for row in session.scalars(select(Clock))] == ["cancelled"]
    with pytest.raises(Conflict, match="over"), unit_of_work():
        intervention.cancel(instance, "再撤一次")


def test_a_case_is_moved_back(desk: Desk) -> None:
    desk.publish(*LINE)
    instance = desk.start()
    with acting(OTHER), unit_of_work():
        host.answer(tasks(instance)["One"], {"first": True})
    with unit_of_work():
        intervention.move(tasks(instance)["Two"], "One", "材料不全，退回")
    assert set(tasks(instance)) == {"One"}
    with acting(OTHER), unit_of_work():
        host.answer(tasks(instance)["One"], {"first": False})
    with acting(MANAGER), unit_of_work():
        host.answer(tasks(instance)["Two"], {})
    assert instance_of(instance).status == "done"
    assert instance_of(instance).path.count("One") == 2


def test_running_cases_are_taken_over_to_a_new_version(desk: Desk) -> None:
    old = desk.publish(*LINE)
    fork = (
        element("startEvent", "Begin"),
        element("userTask", "One", ASK),
        element("userTask", "Check", properties(form="a/b", role="manager"), name="Two"),
        element("userTask", "Three", ASK),
        element("endEvent", "Done"),
        chain("Begin", "One", "Check", "Three", "Done"),
    )
    at_one, at_two = desk.start("A", x=1), desk.start("B", x=2)
    with unit_of_work():
        host.answer(tasks(at_two)["One"], {"said": "yes"})
    task = tasks(at_two)["Two"]
    new = desk.publish(*fork)
    with unit_of_work():
        mapping = migration.suggested(migration.version(old), migration.version(new))
        assert mapping["Two"] == "Check"
        assert [each.problem for each in migration.prospects(old, new, mapping)] == [None, None]
        broken = {node: goal for node, goal in mapping.items() if node != "Two"}
        assert [each.problem is None for each in migration.prospects(old, new, broken)] == [True, False]
    outcome = dict(migration.migrate_all(old, new, broken, "第二版生效"))
    assert [outcome[at_one], outcome[at_two] is None] == [None, False]
    assert dict(migration.migrate_all(old, new, mapping, "第二版生效")) == {at_two: None}
    assert tasks(at_two) == {"Check": task}
    for node in ("Check", "Three"):
        with unit_of_work():
            host.answer(tasks(at_two)[node], {})
    found = instance_of(at_two)
    assert (found.status, found.version) == ("done", new)
    assert found.path[:2] == ["Begin", "One"]
    with unit_of_work(reading=True):
        assert migration.run_of(found).data["One"] == {"said": "yes"}


def test_a_case_is_seen_to_by_one_at_a_time(desk: Desk) -> None:
    desk.publish(*LINE)
    instance = desk.start()
    task = tasks(instance)["One"]
    with unit_of_work():
        host.answer(task, {})
    with pytest.raises(Conflict, match="answered"), unit_of_work():
        host.answer(task, {})
    assert clock.now() >= instance_of(instance).started_at

"""Processes that call others, through the real host, database and executor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sketch import content, sketch
from sqlalchemy import select

from app.core.actor import Actor, acting
from app.core.db import unit_of_work
from app.workflow import host, intervention
from app.workflow.models import Process, ProcessInstance, ProcessTask
from app.workflow.versions import remember

OUTER = """
    start S
    call C called=test.inner result=inner
    user Last role=reviewer form=t/check
    end E
    S > C > Last > E
"""
INNER = """
    start S
    user Ask role=reviewer form=t/check result=said not_by=start
    end E
    S > Ask > E
"""
ENDLESS = """
    start S
    call C called=test.endless
    end E
    S > C > E
"""
DOUBTING = """
    start S
    call C called=test.refusing
    edge No on=C error=refused
    user Why role=reviewer form=t/check
    end E
    S > C > E
    No > Why > E
"""
REFUSING = """
    start S
    user Ask role=reviewer form=t/check
    end E error=refused
    S > Ask > E
"""
REFUSED = (("doubting", DOUBTING), ("refusing", REFUSING))
CLERK = Actor("clerk", "clerk", "person")


@pytest.fixture
def processes(desk: Any) -> Any:
    with unit_of_work() as session:
        for name, text in (("outer", OUTER), ("inner", INNER), ("endless", ENDLESS), *REFUSED):
            written = replace(content(text, process=f"test.{name}"), process=f"test.{name}", xml=sketch(text, name))
            made = remember(written, "console")
            session.add(Process(name=f"test.{name}", live=made.version))
    return desk


def begin(desk: Any, process: str = "test.outer") -> str:
    with acting(CLERK), unit_of_work():
        made = host.start(process, "K1", {"n": 1}, subject="张*")
    desk.work()
    return made


def one(process: str) -> ProcessInstance:
    """The latest instance of a process."""
    with unit_of_work(reading=True) as session:
        query = select(ProcessInstance).filter_by(process=process).order_by(ProcessInstance.started_at.desc())
        return session.scalars(query).first()


def task(node: str, status: str = "open") -> ProcessTask:
    with unit_of_work(reading=True) as session:
        return session.scalars(select(ProcessTask).filter_by(node=node, status=status)).one()


def say(node: str, what: str) -> None:
    with unit_of_work():
        host.answer(task(node).id, {"what": what})


def test_the_caller_waits_for_the_end_and_takes_what_was_learnt(processes: Any) -> None:
    outer = begin(processes)
    inner = one("test.inner")
    assert (inner.subject, inner.started_by, inner.caller) == ("张*", "clerk", task("C").id)
    assert inner.business_key.startswith("K1/")
    assert task("Ask").excluded == ["clerk"], "who began the caller began this too"
    processes.work()
    say("Ask", "yes")
    processes.work()
    with unit_of_work(reading=True) as session:
        called = session.scalars(select(ProcessTask).filter_by(node="C")).one()
        assert called.result == {"said": {"what": "yes"}}, "what the caller knew already is not told again"
    say("Last", "done")
    assert one("test.outer").id == outer
    assert one("test.outer").status == "done"


def test_a_called_process_that_is_cancelled_is_an_incident_and_called_anew_when_retried(processes: Any) -> None:
    begin(processes)
    first = one("test.inner")
    with unit_of_work():
        intervention.cancel(first.id, "录入有误")
    processes.work()
    assert one("test.outer").status == "incident"
    with unit_of_work():
        intervention.retry(task("C", "failed").id, "重新发起")
    processes.work()
    second = one("test.inner")
    assert second.id != first.id
    say("Ask", "yes")
    processes.work()
    assert task("Last")


def test_an_error_at_the_end_is_caught_at_the_edge_of_the_call(processes: Any) -> None:
    begin(processes, "test.doubting")
    say("Ask", "no")
    processes.work()
    assert task("Why")
    assert task("C", "cancelled").error.startswith("refused:")


def test_who_is_not_waited_for_any_more_is_called_off(processes: Any) -> None:
    outer = begin(processes)
    with unit_of_work():
        intervention.cancel(outer, "客户撤回")
    processes.work()
    assert one("test.inner").status == "cancelled"


def test_an_end_while_the_caller_rests_is_found_when_it_is_resumed(processes: Any) -> None:
    outer = begin(processes)
    with unit_of_work():
        intervention.suspend(outer, "等待材料")
    say("Ask", "yes")
    processes.work()
    assert task("C")
    with unit_of_work():
        intervention.resume(outer, "材料已到")
    processes.work()
    assert task("Last")


def test_a_process_that_calls_itself_comes_to_an_incident(processes: Any) -> None:
    begin(processes, "test.endless")
    with unit_of_work(reading=True) as session:
        every = list(session.scalars(select(ProcessInstance.status).filter_by(process="test.endless")))
    assert every.count("incident") == 1
    assert len(every) == 9

"""Processes at work: steps, questions, errors, patience, restarts; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.core import clock
from app.core.actor import Actor, acting
from app.core.db import unit_of_work
from app.core.errors import Conflict, CreditLinkError, Invalid, NotFound, Unavailable
from app.core.jobs.models import TaskRow
from app.core.text import Text
from app.workflow import host
from app.workflow.definitions import definitions
from app.workflow.models import ProcessInstance, ProcessTask, ProcessVersion
from app.workflow.stepping import MOST_ATTEMPTS, Later, retry

STRAIGHT = ["collect", "standardise", "volume", "derive", "judge", "hold", "build", "send", "receive"]
ABOVE = {"share_above_limit": True, "blocked": 9, "due": 10}


def seen(key: str = "B1") -> ProcessInstance:
    with unit_of_work(reading=True) as session:
        return session.query(ProcessInstance).filter_by(business_key=key).one()


def task(node: str, key: str = "B1") -> ProcessTask:
    with unit_of_work(reading=True) as session:
        return session.query(ProcessTask).filter_by(instance_id=seen(key).id, node=node).one()


def raising(*problems: Exception | None) -> Callable[[], Any]:
    """Raises these one after the other; None stands for a good end."""
    left = list(problems)

    def act() -> Any:
        problem = left.pop(0) if len(left) > 1 else left[0]
        if problem is not None:
            raise problem
        return {}

    return act


def due_now() -> None:
    """Let no time pass until the next try."""
    with unit_of_work() as session:
        session.query(TaskRow).filter_by(state="waiting").update({"due_at": clock.now() - timedelta(minutes=1)})


def test_without_questions_a_process_runs_to_its_end(desk) -> None:
    first = desk.start()
    assert desk.start() == first

    desk.work()

    assert desk.verbs == STRAIGHT
    assert len({key for _, _, key in desk.calls}) == len(STRAIGHT)
    done = seen()
    assert (done.id, done.status, done.path[-1]) == (first, "done", "Done")
    assert done.finished_at is not None
    assert task("Receive").finished_by == "system"
    assert desk.start() == first, "a finished process is not begun again"


def test_two_processes_do_not_touch(desk) -> None:
    desk.start("B1")
    desk.start("B2")

    desk.work()

    assert {seen(key).status for key in ("B1", "B2")} == {"done"}
    assert [batch for verb, batch, _ in desk.calls if verb == "send"] == ["B1", "B2"]


def test_an_error_of_the_data_is_an_incident_at_once_and_can_be_retried(desk) -> None:
    desk.acts["derive"] = raising(Invalid("t.bad", Text("坏了", "broken")), None)
    desk.start()
    desk.work()

    assert (seen().status, task("Derive").status, task("Derive").error) == ("incident", "failed", "坏了 / broken")
    assert desk.verbs == ["collect", "standardise", "volume", "derive"]

    with unit_of_work():
        retry(task("Derive").id)
    assert seen().status == "running"
    desk.work()
    assert (seen().status, task("Derive").error) == ("done", None)
    assert desk.verbs == ["collect", "standardise", "volume", "derive", *STRAIGHT[3:]]
    keys = {key for verb, _, key in desk.calls if verb == "derive"}
    assert len(keys) == 1, "every try of a step has the same key"


def test_only_a_failed_step_can_be_retried(desk) -> None:
    desk.acts["judge"] = lambda: ABOVE
    desk.start()
    desk.work()

    for node, problem in (("Collect", Conflict), ("Release", NotFound)):
        with pytest.raises(problem), unit_of_work():
            retry(task(node).id)
    with pytest.raises(NotFound), unit_of_work():
        retry("no such task")


def test_what_a_try_that_failed_has_said_goes_when_the_next_one_succeeds(desk) -> None:
    desk.acts["send"] = raising(ConnectionError("gone"))
    desk.start()
    desk.work()
    assert task("Send").error == "ConnectionError('gone')"

    desk.acts.pop("send")
    due_now()
    desk.work()

    assert (task("Send").status, task("Send").error) == ("done", None)


def test_an_error_of_the_world_is_tried_again_until_it_becomes_an_incident(desk) -> None:
    desk.acts["send"] = raising(ConnectionError("gone"))
    desk.start()
    desk.work()

    assert (seen().status, task("Send").status, task("Send").error) == ("running", "open", "ConnectionError('gone')")
    for _ in range(MOST_ATTEMPTS - 1):
        due_now()
        desk.work()
    assert desk.verbs.count("send") == MOST_ATTEMPTS
    assert (seen().status, task("Send").status) == ("incident", "failed")

    due_now()
    desk.work()
    assert desk.verbs.count("send") == MOST_ATTEMPTS, "an incident waits for a person"

    desk.acts.pop("send")
    with unit_of_work():
        retry(task("Send").id)
    due_now()
    desk.work()
    assert desk.verbs.count("send") == MOST_ATTEMPTS + 1
    assert seen().status == "done"


def test_a_step_that_kills_its_worker_every_time_becomes_an_incident(desk) -> None:
    desk.start()
    with unit_of_work() as session:
        session.query(TaskRow).update({"attempts": MOST_ATTEMPTS})

    desk.work()

    assert desk.calls == []
    assert (seen().status, task("Collect").status) == ("incident", "failed")
    assert "every process that ran this step was lost" in str(task("Collect").error)
    with unit_of_work():
        retry(task("Collect").id)
    desk.work()
    assert seen().status == "done"


def test_a_step_that_is_not_known_any_more_is_an_incident_in_the_end(desk) -> None:
    desk.start()
    del desk.registry.steps["submission.collect"]
    for _ in range(MOST_ATTEMPTS):
        due_now()
        desk.work()

    assert (seen().status, task("Collect").status) == ("incident", "failed")


def test_later_asks_again(desk) -> None:
    answers: list[Any] = [Later(0.0), Later(0.0), {"waiting": 0}]
    desk.acts["receive"] = lambda: answers.pop(0)
    desk.start()

    desk.work()

    assert desk.verbs.count("receive") == 3
    assert (task("Receive").turn, task("Receive").result, seen().status) == (2, {"waiting": 0}, "done")


def test_later_means_not_before(desk) -> None:
    desk.acts["receive"] = lambda: Later(3600)
    desk.start()

    desk.work()

    assert desk.verbs.count("receive") == 1
    assert seen().status == "running"
    with unit_of_work(reading=True) as session:
        (row,) = session.query(TaskRow).filter_by(state="waiting")
        assert row.due_at > clock.now() + timedelta(minutes=59)


def test_patience_does_not_use_up_the_attempts(desk) -> None:
    answers: list[Any] = [Later(0.0)] * (MOST_ATTEMPTS * 2)
    desk.acts["receive"] = lambda: answers.pop() if answers else {}
    desk.start()

    desk.work()

    assert desk.verbs.count("receive") == MOST_ATTEMPTS * 2 + 1
    assert seen().status == "done"


@pytest.mark.parametrize(
    ("decision", "rest", "end"),
    [("release", ["hold", "build", "send", "receive"], "Done"), ("stop", ["stop"], "Stopped")],
)
def test_a_question_waits_for_its_answer(desk, decision: str, rest: list[str], end: str) -> None:
    desk.acts["judge"] = lambda: ABOVE
    desk.start()
    desk.work()

    question = task("Release")
    assert (seen().status, question.kind, question.status) == ("waiting", "question", "open")
    assert (question.name, question.role, question.permission) == (
        "submission/release",
        "reviewer",
        "submission.batch.release",
    )
    desk.work()
    assert desk.verbs == STRAIGHT[:5]

    definitions.cache_clear()  # as a process that has just started
    with unit_of_work():
        host.answer(question.id, {"decision": decision, "reason": "已核实"})
    assert task("Release").finished_by == "tester"
    desk.work()
    assert desk.verbs == [*STRAIGHT[:5], *rest]
    assert (seen().status, seen().path[-1]) == ("done", end)


def test_the_second_answer_comes_too_late(desk) -> None:
    desk.acts["judge"] = lambda: ABOVE
    desk.start()
    desk.work()
    question = task("Release").id

    with unit_of_work():
        host.answer(question, {"decision": "stop"})
    with pytest.raises(Conflict) as refused, unit_of_work():
        host.answer(question, {"decision": "release"})
    assert refused.value.code == "workflow.answered"
    with pytest.raises(NotFound), unit_of_work():
        host.answer(task("Collect").id, {})
    desk.work()
    assert desk.verbs[-1] == "stop"


def test_of_two_answers_at_the_same_moment_one_wins(desk) -> None:
    desk.acts["judge"] = lambda: ABOVE
    desk.start()
    desk.work()
    question = task("Release").id
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def give(decision: str) -> None:
        together.wait()
        try:
            with acting(Actor(decision, decision, "person")), unit_of_work():
                host.answer(question, {"decision": decision})
        except (Conflict, Unavailable) as problem:
            outcomes.append(problem.code)
        else:
            outcomes.append(decision)

    people = [threading.Thread(target=give, args=(decision,)) for decision in ("release", "stop")]
    for each in people:
        each.start()
    for each in people:
        each.join()

    won = [outcome for outcome in outcomes if outcome in ("release", "stop")]
    assert len(won) == 1, outcomes
    desk.work()
    assert task("Release").result == {"decision": won[0]}
    assert desk.verbs[5:] == (["stop"] if won == ["stop"] else ["hold", "build", "send", "receive"])


def test_state_and_work_are_saved_together_or_not_at_all(desk) -> None:
    desk.acts["judge"] = lambda: ABOVE
    desk.start()
    desk.work()
    before = seen().state

    question = task("Release").id

    def answer_and_fail() -> None:
        with unit_of_work():
            host.answer(question, {"decision": "release"})
            raise RuntimeError("the edge fails")

    with pytest.raises(RuntimeError):
        answer_and_fail()

    assert (seen().state, seen().status, task("Release").status) == (before, "waiting", "open")
    with unit_of_work(reading=True) as session:
        assert session.query(ProcessTask).filter_by(node="Hold").count() == 0
        assert session.query(TaskRow).filter_by(state="waiting").count() == 0


def test_the_version_that_an_instance_runs_on_is_kept(desk) -> None:
    desk.start("B1")
    desk.start("B2")

    defined = definitions()["submission.daily_batch"]
    with unit_of_work(reading=True) as session:
        (kept,) = session.query(ProcessVersion)
        assert (kept.version, kept.xml) == (defined.version, defined.xml)
    assert seen("B2").version == defined.version


def test_an_unknown_process_cannot_be_started(desk) -> None:
    with pytest.raises(CreditLinkError) as refused, unit_of_work():
        host.start("submission.nightly_dance", "B1", {})
    assert refused.value.code == "workflow.process"

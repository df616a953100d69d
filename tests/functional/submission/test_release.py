"""Four eyes: whoever began a batch cannot release it, the second person's word counts once; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from other_rooms import announce

from app.core.actor import Actor, acting
from app.core.config import override
from app.core.db import Database, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.jobs import Worker
from app.core.registry import Registry, Step
from app.core.text import Text
from app.submission.models import Batch
from app.submission.permissions import PERMISSIONS
from app.submission.service import batch_data, begin_batch, decide_release, find_batch, release_question
from app.submission.steps import BatchParams
from app.workflow import capability
from app.workflow.models import ProcessInstance

CLERK, REVIEWER = Actor("clerk", "经办", "person"), Actor("reviewer", "复核", "person")
DAY = date(2026, 10, 31)
VERBS = ("collect", "standardise", "volume", "derive", "judge", "hold", "build", "send", "receive", "stop")
OF_SUPPLEMENTS = ("approve_supplements", "return_supplements", "withdraw_supplements")


@pytest.fixture
def work(database: Database) -> Callable[[], list[str]]:
    """Runs what is due with steps that do nothing but note that they were called; the share of blocked is too high."""
    called: list[str] = []

    def step(verb: str) -> Callable[..., Any]:
        def run(context: Any, params: BatchParams) -> Any:
            called.append(verb)
            return {"share_above_limit": True, "blocked": 9, "due": 10} if verb == "judge" else {}

        return run

    def register(registry: Registry) -> None:
        for name, title in PERMISSIONS.items():
            registry.permission(name, title)
        for verb in (*VERBS, *OF_SUPPLEMENTS):
            registry.step(Step(f"submission.{verb}", Text(verb, verb), step(verb), BatchParams))

    registry = Registry()
    registry.room("workflow", capability.register)
    announce(registry)
    registry.room("submission", register)
    registry.check()

    def run() -> list[str]:
        Worker(registry).run_until_idle()
        return called

    return run


@pytest.fixture
def waiting(work: Callable[[], list[str]]) -> str:
    """A batch begun by the clerk that waits for its release."""
    with acting(CLERK), unit_of_work():
        batch = begin_batch(DAY)
    assert work() == list(VERBS[:5])
    return batch


def decide(batch: str, actor: Actor, decision: str = "release", reason: str = "已逐条核实") -> None:
    with acting(actor), unit_of_work():
        decide_release(batch, {"decision": decision, "reason": reason})


def test_the_beginner_may_not_release(waiting: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(waiting, CLERK)
    assert refused.value.code == "submission.four_eyes"
    with unit_of_work(reading=True):
        assert release_question(find_batch(waiting)) is not None


@pytest.mark.parametrize(("decision", "rest"), [("release", list(VERBS[5:9])), ("stop", ["stop"])])
def test_a_second_person_decides_once(
    waiting: str, work: Callable[[], list[str]], decision: str, rest: list[str]
) -> None:
    decide(waiting, REVIEWER, decision)

    with pytest.raises(Conflict) as refused:
        decide(waiting, REVIEWER, "stop")
    assert refused.value.code == "submission.decided"
    assert work()[5:] == rest
    with unit_of_work(reading=True) as session:
        instance = session.query(ProcessInstance).one()
        assert instance.status == "done"
        assert release_question(find_batch(waiting)) is None


@pytest.mark.parametrize(
    ("decision", "reason"),
    [("perhaps", "已逐条核实"), ("release", ""), ("release", "好"), ("release", "   好   "), ("release", "长" * 501)],
)
def test_a_decision_needs_a_choice_and_a_reason(waiting: str, decision: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        decide(waiting, REVIEWER, decision, reason)
    assert refused.value.code == "submission.decision"


def test_what_is_not_there_or_does_not_wait(waiting: str, work: Callable[[], list[str]]) -> None:
    with pytest.raises(NotFound):
        decide("no such batch", REVIEWER)
    with acting(CLERK), unit_of_work():
        other = begin_batch(date(2026, 11, 1))
    with pytest.raises(Conflict):
        decide(other, REVIEWER)


def test_a_day_is_begun_once(database: Database) -> None:
    with acting(CLERK), unit_of_work():
        first = begin_batch(DAY)
    with acting(REVIEWER), unit_of_work():
        again = begin_batch(DAY)

    assert again == first
    with unit_of_work(reading=True) as session:
        (batch,) = session.query(Batch)
        assert (batch.begun_by, batch_data(batch)["business_date"]) == ("clerk", "2026-10-31")
        assert session.query(ProcessInstance).count() == 1


def test_without_a_provider_nothing_is_begun(database: Database) -> None:
    with override(provider_code=""), pytest.raises(Invalid) as refused, unit_of_work():
        begin_batch(DAY)
    assert refused.value.code == "submission.provider"

"""Verdicts asked for in batches are there once, whatever is killed; what cannot be judged is told and holds up nothing."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.core import clock
from app.core.db import Database, unit_of_work
from app.core.errors import Invalid
from app.core.jobs import Worker, retry_task, task_state
from app.core.jobs.models import TaskRow
from app.core.registry import Registry
from app.rules.capability import register
from app.rules.inference import verdicts
from app.rules.inference.content import policy_of
from app.rules.inference.models import InferenceRequest, RuleVerdict
from app.rules.inference.supervision import Engine, engine

POLICY = "risk.five_level_floor"
INFERENCES = int(os.environ.get("INFER_INFERENCES", "1000"))
KILLS = int(os.environ.get("INFER_KILLS", "4"))
"""Small in every run; `make infer-crash` takes 10,000 inferences and 25 kills."""


@pytest.fixture
def worker() -> Iterator[Worker]:
    registry = Registry()
    registry.room("rules", register)
    yield Worker(registry, heartbeat=0.5)
    engine().close()


def customer(number: int) -> dict[str, Any]:
    """A company with one bad loan in three and a sound one, which the bad one lifts."""
    bad = 91 if number % 3 == 0 else 0
    return {
        "customer": [{"id": f"K{number}", "retail": False}],
        "loan": [
            {"account": f"A{number}", "customer": f"K{number}", "card": False, "balance": 100, "overdue_days": bad},
            {"account": f"B{number}", "customer": f"K{number}", "card": False, "balance": 9900, "overdue_days": 0},
        ],
    }


def due_now() -> None:
    """Let tasks that wait for another attempt be due."""
    with unit_of_work() as session:
        session.execute(update(TaskRow).values(due_at=clock.now()))


def found() -> dict[str, str | None]:
    with unit_of_work(reading=True) as session:
        rows = session.execute(select(RuleVerdict.subject, RuleVerdict.outcome)).all()
    assert len(rows) == len({subject for subject, _ in rows})
    return {str(subject): outcome for subject, outcome in rows}


def test_verdicts_are_written_with_reasons_and_sealed(database: Database, worker: Worker) -> None:
    with unit_of_work():
        first = verdicts.ask_for_verdicts(POLICY, "2026-09", {"K0": customer(0), "K1": customer(1)})
        again = verdicts.ask_for_verdicts(POLICY, "2026-09", {"K1": customer(1), "K0": customer(0)})

    worker.run_until_idle()

    assert first == again
    assert found() == {"A0": "3", "B0": "2", "A1": "1", "B1": "1"}
    with unit_of_work(reading=True) as session:
        assert task_state(first).state == "done"
        query = select(RuleVerdict).where(RuleVerdict.subject_mark == verdicts.mark_of("loan", "B0"))
        verdict = session.scalars(query).one()
        assert (verdict.key, verdict.rules, verdict.edition) == ("K0", ["FL-230"], policy_of(POLICY).edition)
        assert [each["rule"] for each in verdict.reasons] == ["FL-020", "FL-200", "FL-230"]
        sealed = session.connection().exec_driver_sql("SELECT subject, reasons FROM rule_verdict").all()
    assert not any(b"B0" in bytes(value) for row in sealed for value in row)


def test_facts_that_do_not_fit_are_refused_before_anything_is_kept(database: Database) -> None:
    with pytest.raises(Invalid, match="overdue_days"), unit_of_work():
        verdicts.ask_for_verdicts(POLICY, "b", {"K": {"loan": [{"account": "A", "overdue_days": "many"}]}})

    with unit_of_work(reading=True) as session:
        assert session.scalar(select(func.count()).select_from(TaskRow)) == 0


def test_a_request_that_fells_the_engine_holds_up_no_other_and_becomes_an_incident(
    sqlite_database: Database, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's process is killed whenever one certain request is asked."""
    with unit_of_work():
        task = verdicts.ask_for_verdicts(POLICY, "b", {f"K{number}": customer(number) for number in range(3)})
    frail = Engine()
    monkeypatch.setattr("app.rules.inference.inferring.engine", lambda: frail)
    ask = frail._exchange

    def felled(process: Any, name: str, rules: Any, cases: Any, most: int) -> dict[str, Any]:
        if any(fact.get("n_overdue_days") == 91 for case in cases for fact in case):
            process.child.kill()
        return ask(process, name, rules, cases, most)

    monkeypatch.setattr(frail, "_exchange", felled)

    for _ in range(5):
        worker.run_until_idle()
        due_now()

    with unit_of_work(reading=True):
        state = task_state(task)
    assert (state.state, state.attempts) == ("failed", 5)
    assert "the inference process failed 3 times" in (state.error or "")
    assert set(found()) == {"A1", "B1", "A2", "B2"}

    monkeypatch.undo()
    with unit_of_work():
        retry_task(task)
    worker.run_until_idle()
    frail.close()
    assert len(found()) == 6


@pytest.mark.slow
def test_every_verdict_is_there_once_though_the_engine_is_killed(database: Database, worker: Worker) -> None:
    for start in range(0, INFERENCES, 500):
        with unit_of_work():
            cases = {f"K{number}": customer(number) for number in range(start, min(start + 500, INFERENCES))}
            task = verdicts.ask_for_verdicts(POLICY, "all", cases)
    before, killed, chance, over = engine().restarts, 0, random.Random(20261123), threading.Event()

    def kill() -> None:
        nonlocal killed
        while killed < KILLS and not over.is_set():
            time.sleep(chance.uniform(0.05, 0.3))
            process = engine()._process
            if process is not None:
                process.child.kill()
                killed += 1

    killer = threading.Thread(target=kill)
    killer.start()
    deadline = time.monotonic() + 600
    while len(found()) < 2 * INFERENCES and time.monotonic() < deadline:
        worker.run_until_idle()
        due_now()
    over.set()
    killer.join()

    assert killed == KILLS
    assert engine().restarts > before + KILLS // 2
    with unit_of_work(reading=True) as session:
        assert task_state(task).state == "done"
        times = Counter(session.scalars(select(RuleVerdict.subject_mark)))
        undone = select(func.count()).select_from(InferenceRequest).where(InferenceRequest.judged_at.is_(None))
        assert session.scalar(undone) == 0
    assert len(times) == 2 * INFERENCES
    assert set(times.values()) == {1}
    assert Counter(found().values()) == {
        "3": len(range(0, INFERENCES, 3)),
        "2": len(range(0, INFERENCES, 3)),
        "1": 2 * INFERENCES - 2 * len(range(0, INFERENCES, 3)),
    }

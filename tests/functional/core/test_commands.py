"""The commands of the ground floor, run as a person would."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.core import clock, crypto
from app.core.actor import SYSTEM, acting
from app.core.capability import register
from app.core.commands import events, keys
from app.core.crypto import key_ring
from app.core.db import Database, unit_of_work
from app.core.errors import NotFound
from app.core.events import Event, Received, publish
from app.core.jobs import Worker, enqueue, forget_done, task_state
from app.core.outbox import Dispatcher
from app.core.registry import Registry


class BellRung(Event):
    name = "tower.bell_rung"
    aggregate = "bell"  # type: ignore[assignment] # there is only one


def _fail(_received: Received) -> None:
    raise ConnectionError("nobody listens")


def _tower(registry: Registry) -> None:
    registry.event(BellRung)
    registry.subscribe("tower.ear", BellRung, _fail)


@pytest.fixture
def dead_letter(database: Database) -> None:
    registry = Registry()
    registry.room("tower", _tower)
    with unit_of_work():
        publish(BellRung())
    Dispatcher(registry, max_attempts=1).run_until_idle()


def test_keys_are_shown_added_and_rotated(tmp_path: Path) -> None:
    run = CliRunner().invoke
    shown = run(keys, ["public", "lender"])
    assert shown.output.encode() == key_ring().public_key("lender", crypto.suite("gm"))
    partner = tmp_path / "centre.pem"
    partner.write_bytes(crypto.suite("gm").generate_keys().public)
    assert run(keys, ["add", "centre", str(partner)]).exit_code == 0
    assert key_ring().public_key("centre", crypto.suite("gm")) == partner.read_bytes()
    assert "1" in run(keys, ["rotate"]).output


def test_dead_letters_are_listed_retried_and_dismissed(dead_letter: None) -> None:
    run = CliRunner().invoke
    listed = run(events, ["dead", "--json"])
    assert listed.exit_code == 1
    (letter,) = json.loads(listed.output)
    assert (letter["event"], letter["subscriber"]) == ("tower.bell_rung", "tower.ear")
    assert letter["error"] == "ConnectionError: nobody listens"
    assert "tower.ear" in run(events, ["dead"]).output
    assert run(events, ["dismiss", letter["event_id"], "tower.ear"]).exit_code == 0
    assert run(events, ["dead"]).exit_code == 0
    assert isinstance(run(events, ["retry", letter["event_id"], "tower.ear"]).exception, NotFound)


@pytest.mark.parametrize("job", ["core.forget_events", "core.forget_tasks"])
def test_the_jobs_that_forget_what_is_old_run(database: Database, job: str) -> None:
    registry = Registry()
    registry.room("core", register)
    with acting(SYSTEM):
        task = enqueue(job, {}, "tonight")
    Worker(registry).run_until_idle()
    with unit_of_work(reading=True):
        assert task_state(task).state == "done"


def test_only_tasks_that_were_done_long_ago_are_forgotten(database: Database) -> None:
    registry = Registry()
    registry.room("core", register)
    with acting(SYSTEM):
        with clock.frozen(clock.now() - timedelta(days=31)):
            old = enqueue("core.forget_events", {}, "old")
            Worker(registry).run_until_idle()
            waiting = enqueue("core.nobody_runs_this", {}, "waiting")
        recent = enqueue("core.forget_events", {}, "recent")
        Worker(registry).run_until_idle()
        with unit_of_work():
            assert forget_done(timedelta(days=30)) == 1
        with unit_of_work(reading=True):
            assert task_state(recent).state == "done"
            assert task_state(waiting).state == "waiting"
            with pytest.raises(NotFound):
                task_state(old)

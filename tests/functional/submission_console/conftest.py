"""A lender with two reported days behind it and a third that waits for review; and the console over it, signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.audit.models import AuditEntry
from app.audit.record import detail_of
from app.core.actor import SYSTEM, Actor, acting
from app.core.config import Settings, override
from app.core.config import settings as current_settings
from app.core.db import database as current_database
from app.core.db import unit_of_work
from app.core.jobs import Worker
from app.core.registry import Registry
from app.demo.day import drive
from app.demo.stage import Stage, build_world, deliver, platform, running_centre
from app.factory import assemble, create_app
from app.security.accounts import create_user
from app.simulator.bank import DefectPlan
from app.submission.lake import forget
from app.submission.service import begin_batch
from app.web.console import Console
from app.workflow.models import ProcessInstance

DAYS = (date(2026, 10, 29), date(2026, 10, 30), date(2026, 10, 31))
SEED = 20_261_031
PASSWORD = "Harbour-Lamp-72"
PEOPLE = {
    "tang.jun": ("唐军", "compliance"),
    "xu.wen": ("许文", "reviewer"),
    "lin.hai": ("林海", "operator"),
    "qiao.yu": ("乔羽", "analyst"),
}
_CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass(frozen=True)
class World:
    """The installation as the tests find it. The first two batches are done, `waiting` is the third."""

    settings: Settings
    registry: Registry
    app: Console
    first: str
    second: str
    waiting: str


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """120 persons and 50 companies with defects: a first load, an ordinary day, and a day above the limit of blocked records."""
    stage = Stage(tmp_path_factory.mktemp("lender"))
    stage.clear()
    stage.write_sources()
    bank = build_world(stage, 120, 50, SEED, DAYS[0])
    registry = assemble()
    with ExitStack() as stack:
        stack.enter_context(acting(SYSTEM))
        stack.enter_context(platform(stage, blocked_share_limit=0.9))
        stack.callback(forget)
        stack.callback(lambda: current_database().dispose())
        settings = stack.enter_context(running_centre(stage, current_settings()))
        batches = []
        for day in DAYS[:2]:
            deliver(stage, bank, day, DefectPlan(seed=SEED))
            with unit_of_work():
                batches.append(begin_batch(day))
            drive(registry, batches[-1], lambda words: None)
        deliver(stage, bank, DAYS[2], DefectPlan(seed=SEED + 1))
        with override(settings.changed(blocked_share_limit=0.0)), acting(Actor("xu.wen", "许文", "person")):
            with unit_of_work():
                batches.append(begin_batch(DAYS[2]))
            _drive_to_review(registry, batches[-1])
        with unit_of_work():
            for username, (name, role) in PEOPLE.items():
                create_user(username, name, [role], PASSWORD, must_change=False)
        yield World(settings, registry, create_app(settings), *batches)


def _drive_to_review(registry: Registry, batch: str) -> None:
    worker = Worker(registry, heartbeat=1.0, pause=0.05)
    for _ in range(50):
        worker.run_until_idle()
        with unit_of_work(reading=True) as session:
            if session.query(ProcessInstance).filter_by(business_key=batch).one().status != "running":
                return
    raise AssertionError(f"{batch} did not come to its review")


@pytest.fixture
def settled(world: World, settings_in_force: Settings) -> Iterator[World]:
    """The world with its settings in force for one test."""
    with override(world.settings):
        yield world


@pytest.fixture
def app(settled: World) -> Console:
    return settled.app


@dataclass
class Visitor:
    """Somebody at a browser."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def page(self, path: str) -> str:
        answer = self.get(path, follow_redirects=True)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, **data: str) -> TestResponse:
        found = _CSRF.search(self.page("/account"))
        assert found
        return self.client.post(path, data={**data, "csrf_token": found[1]})

    def speak(self, language: str) -> None:
        self.client.set_cookie("creditlink_language", language)


@pytest.fixture
def visitor(app: Console) -> Callable[[str], Visitor]:
    """`visitor("xu.wen")`: a browser with that person signed in."""

    def enter(username: str) -> Visitor:
        client = app.test_client()
        found = _CSRF.search(client.get("/sign-in").text)
        assert found
        data = {"username": username, "password": PASSWORD, "csrf_token": found[1]}
        assert client.post("/sign-in", data=data).status_code == 302
        return Visitor(client)

    return enter


@dataclass(frozen=True)
class Noted:
    """An audit entry as tests compare it."""

    who: str
    action: str
    about: str
    outcome: str
    detail: dict[str, Any]


@pytest.fixture
def noted(settled: World) -> Callable[[], list[Noted]]:
    """The audit entries since the test began."""
    with unit_of_work(reading=True) as session:
        before = session.query(AuditEntry).count()

    def read() -> list[Noted]:
        with unit_of_work(reading=True) as session:
            entries = session.query(AuditEntry).order_by(AuditEntry.number).offset(before)
            return [
                Noted(each.actor_id, each.action, f"{each.object_type}:{each.object_id}", each.outcome, detail_of(each))
                for each in entries
            ]

    return read

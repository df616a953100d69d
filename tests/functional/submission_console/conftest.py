"""A lender with two reported days behind it and a third that waits for review; and the console over it, signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import reported_days
from flask.testing import FlaskClient
from moved_to_postgres import moved
from werkzeug.test import TestResponse

from app.audit.models import AuditEntry
from app.audit.record import detail_of
from app.core.actor import SYSTEM, acting
from app.core.config import Settings, override
from app.core.db import database, unit_of_work
from app.demo.postgres import PostgresServer
from app.factory import assemble, create_app
from app.security.accounts import create_user
from app.submission.lake import forget
from app.web.console import Console

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
    app: Console
    first: str
    second: str
    waiting: str


@pytest.fixture(scope="session")
def world(
    made_once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[World]:
    """A copy of the reported days, with people, on PostgreSQL; browser tests see the same pages on SQLite."""
    yield from _copied(made_once, tmp_path_factory, postgres_server, "console_of_submission")


@pytest.fixture(scope="module")
def own_world(
    made_once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[World]:
    """As `world`, for a module that changes what the others look at."""
    yield from _copied(made_once, tmp_path_factory, postgres_server, f"console_{uuid4().hex[:12]}")


def _copied(
    made_once: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
    name: str,
) -> Iterator[World]:
    days = reported_days.copied(made_once(reported_days.build), tmp_path_factory.mktemp("lender"))
    with override(days.settings):
        assemble()
        postgres_server.command(f"CREATE DATABASE {name}")
        moved(days.settings.database_url, postgres_server.url(name))
    with override(days.settings.changed(database_url=postgres_server.url(name))) as settings:
        with acting(SYSTEM), unit_of_work():
            for username, (name, role) in PEOPLE.items():
                create_user(username, name, [role], PASSWORD, must_change=False)
        found = World(settings, create_app(), days.first, days.second, days.waiting)
    yield found
    forget()
    with override(settings):
        database().dispose()


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

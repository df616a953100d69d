"""A console over a fresh database with deadlines of every nearness, on Monday, 23 November 2026, 10:00 in China."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.db import Database, unit_of_work
from app.factory import create_app
from app.security.accounts import create_user
from app.web.console import Console
from app.workflow.models import Clock, ProcessInstance, ProcessVersion

PASSWORD = "Harbour-Lamp-72"
_CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


def china(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=clock.CHINA)


NOW = china("2026-11-23T10:00")


@dataclass
class Visitor:
    """Somebody at a browser."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def page(self, path: str, language: str = "zh") -> str:
        self.client.set_cookie("creditlink_language", language)
        answer = self.get(path, follow_redirects=True)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, **data: str) -> TestResponse:
        found = _CSRF.search(self.page("/account"))
        assert found
        return self.client.post(path, data={**data, "csrf_token": found[1]})


@pytest.fixture
def monday() -> Iterator[datetime]:
    """The time stands still."""
    with clock.frozen(NOW):
        yield NOW


@pytest.fixture
def app(database: Database, monday: datetime) -> Console:
    return create_app()


@pytest.fixture
def visitor(app: Console) -> Callable[[str], Visitor]:
    """`visitor("manager")`: a browser with somebody of that role signed in."""

    def enter(role: str) -> Visitor:
        name = f"user.{role.replace('_', '-')}"
        with acting(SYSTEM), unit_of_work():
            create_user(name, "办事员", [role], PASSWORD, must_change=False)
        client = app.test_client()
        found = _CSRF.search(client.get("/sign-in").text)
        assert found
        data = {"username": name, "password": PASSWORD, "csrf_token": found[1]}
        assert client.post("/sign-in", data=data).status_code == 302
        return Visitor(client)

    return enter


def _clock(name: str, due: str, **given: Any) -> Clock:
    wanted: dict[str, Any] = {
        "instance_id": "i1",
        "name": name,
        "kind": "step",
        "process": "test.case",
        "business_key": "OBJ-2026-001",
        "subject": "张*",
        "title_zh": f"时限{name}",
        "title_en": f"Deadline {name}",
        "state": "running",
        "started_at": china("2026-11-16T09:30"),
        "due_at": china(due),
        "next_at": china(due),
        "days": "working",
        "warnings": [],
    }
    return Clock(**{**wanted, **given})


@pytest.fixture
def deadlines(app: Console) -> dict[str, int]:
    """Ids of deadlines by name."""
    with unit_of_work() as session:
        session.add(ProcessVersion(version="v1", process="test.case", number=1, xml=b"", created_at=NOW))
        session.flush()
        session.add(
            ProcessInstance(
                id="i1",
                process="test.case",
                version="v1",
                business_key="OBJ-2026-001",
                status="waiting",
                state="{}",
                started_at=NOW,
            )
        )
        session.flush()
        made = [
            _clock("gone", "2026-11-20T00:00", state="missed", next_at=None, kind="statutory"),
            _clock("unswept", "2026-11-23T09:59", days=""),
            _clock("today", "2026-11-24T00:00", business_key="OBJ-2026-002", kind="house"),
            _clock("near", "2026-11-26T00:00", kind="bureau", subject="李*"),
            _clock("edge", "2026-11-27T00:00", process="other.case"),
            _clock("far", "2027-02-27T00:00", certain=False, kind="statutory", basis="征信业管理条例第二十五条"),
            _clock("stopped", "2026-12-05T00:00", state="paused", paused_at=NOW, next_at=None, pause_reason="等待材料"),
            _clock("done", "2026-11-26T00:00", state="met", ended_at=NOW, next_at=None),
        ]
        session.add_all(made)
        session.flush()
        return {each.name: each.id for each in made}

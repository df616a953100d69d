"""A house with people and one process of two questions, spoken to as browsers do: for the tests of the inbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sketch import content
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.actor import SYSTEM, Actor, acting
from app.core.db import unit_of_work
from app.core.outbox import OutboxEvent
from app.factory import create_app
from app.security import sessions
from app.security.accounts import get_user
from app.security.models import RoleGrant, User
from app.web.console import Console
from app.workflow import host
from app.workflow.models import Process, ProcessTask
from app.workflow.versions import remember

PEOPLE = {
    "wu.fan": ("吴帆", "operator"),
    "lin.hai": ("林海", "operator"),
    "xu.wen": ("许文", "reviewer"),
    "he.lan": ("何岚", "reviewer"),
    "gao.yi": ("高毅", "manager"),
    "qiao.yu": ("乔羽", "analyst"),
}
DIAGRAM = """
    start S
    user A role=operator form=t/check result=first within=2_working_days
    user B role=reviewer form=t/check result=second not_by=start,A
    end E
    S > A > B > E
"""
FORM = {
    "id": "t_check",
    "type": "default",
    "schemaVersion": 17,
    "title": {"zh": "核对申请", "en": "Check the application"},
    "bulk": True,
    "components": [
        {
            "type": "select",
            "key": "decision",
            "label": "意见",
            "label_en": "Decision",
            "values": [
                {"label": "同意", "label_en": "Agree", "value": "yes"},
                {"label": "不同意", "label_en": "Disagree", "value": "no"},
            ],
            "validate": {"required": True},
        },
        {
            "type": "textarea",
            "key": "reason",
            "label": "理由",
            "label_en": "Reason",
            "validate": {"required": True, "minLength": 2, "maxLength": 200},
        },
    ],
}
_RAW = "0" * 40
"""What the cookie of every browser holds of the form token; pages sign it."""
GIVEN = {"decision": "yes", "reason": "已核对"}


@dataclass
class Window:
    """A browser with somebody signed in."""

    client: FlaskClient
    token: str

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        return self.client.post(path, data={**(data or {}), "csrf_token": self.token}, **options)

    def speak(self, language: str) -> None:
        self.client.set_cookie("creditlink_language", language)


@lru_cache
def _application() -> Console:
    """The same for all tests: it asks for the settings and the database in force at each request."""
    return create_app()


@dataclass
class Stage:
    """The house. `begin` starts a case as somebody; `window` signs somebody in."""

    app: Console = field(default_factory=_application)

    def __post_init__(self) -> None:
        with acting(SYSTEM), unit_of_work() as session:
            made = remember(content(DIAGRAM.replace("2_working_days", "P2D"), forms={"t/check": FORM}), "console")
            session.add(Process(name="test.p", live=made.version))

    def people(self, *names: str) -> None:
        self.persons({name: PEOPLE[name] for name in names})

    def persons(self, named: dict[str, tuple[str, str]]) -> None:
        """Accounts (name and role) without a password: hashing those would take most of the time."""
        now = clock.now()
        with unit_of_work() as session:
            for name, (shown, role) in named.items():
                made = User(
                    username=name,
                    display_name=shown,
                    password_hash="none",
                    password_changed_at=now,
                    must_change_password=False,
                    created_at=now,
                )
                made.grants = [RoleGrant(role=role, granted_by="system", granted_at=now)]
                session.add(made)

    def window(self, name: str) -> Window:
        return self.windows(name)[0]

    def windows(self, *names: str) -> list[Window]:
        """Browsers in which these people have just signed in."""
        with acting(SYSTEM), unit_of_work():
            tokens = [sessions.begin(get_user(name), "10.1.2.3", "a browser") for name in names]
        return [self._window(token) for token in tokens]

    def _window(self, token: str) -> Window:
        client = self.app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"], cookie["csrf_token"] = token, True, _RAW
        signed = URLSafeTimedSerializer(self.app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(_RAW)
        return Window(client, str(signed))

    def begin(self, key: str = "K1", by: str = "wu.fan", subject: str = "张*") -> str:
        with acting(Actor(by, by, "person")), unit_of_work():
            return host.start("test.p", key, {"case": {"key": key}}, subject=subject)

    def task(self, node: str = "A", key: str = "K1") -> ProcessTask:
        with unit_of_work(reading=True) as session:
            return session.scalars(select(ProcessTask).filter_by(node=node, business_key=key)).one()

    def events(self, name: str) -> list[dict[str, Any]]:
        with unit_of_work(reading=True) as session:
            query = select(OutboxEvent).filter_by(name=f"workflow.{name}").order_by(OutboxEvent.id)
            return [{**each.payload, "by": each.actor_id} for each in session.scalars(query)]

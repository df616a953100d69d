"""The whole console over a fresh database of each kind, spoken to as browsers do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.actor import SYSTEM, acting
from app.core.db import Database, unit_of_work
from app.factory import create_app
from app.security.accounts import create_user
from app.web.console import Console

PASSWORD = "Harbour-Lamp-72"
_CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass
class Browser:
    """A browser that fills in the form token as a page would."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def token(self) -> str:
        found = _CSRF.search(self.client.get("/sign-in", follow_redirects=True).text)
        assert found
        return found[1]

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        return self.client.post(path, data={**(data or {}), "csrf_token": self.token()}, **options)

    def sign_in(self, username: str, password: str = PASSWORD, address: str = "10.1.2.3") -> TestResponse:
        return self.post(
            "/sign-in",
            {"username": username, "password": password},
            environ_overrides={"REMOTE_ADDR": address},
        )

    def toasts(self) -> str:
        """What the next page tells in passing."""
        found = re.search(r'id="waiting-toasts"[^>]*>([^<]*)<', self.client.get("/account").text)
        return found[1].encode().decode("unicode_escape") if found else ""


@pytest.fixture
def app(database: Database) -> Console:
    return create_app()


@pytest.fixture
def browser(app: Console) -> Callable[[], Browser]:
    return lambda: Browser(app.test_client())


@pytest.fixture
def person() -> Callable[..., str]:
    """Make an account: `person("lin.hai", "operator")`; gives the user name."""

    def make(username: str, *roles: str, must_change: bool = False) -> str:
        with acting(SYSTEM), unit_of_work():
            create_user(username, username.title(), roles, PASSWORD, must_change=must_change)
        return username

    return make


@pytest.fixture
def signed_in(browser: Callable[[], Browser], person: Callable[..., str]) -> Callable[..., Browser]:
    """A browser signed in as somebody who holds the roles."""

    def enter(*roles: str, username: str = "") -> Browser:
        name = person(username or f"user.of.{'.'.join(roles) or 'nothing'}".replace("_", "-"), *roles)
        window = browser()
        assert window.sign_in(name).status_code == 302
        return window

    return enter

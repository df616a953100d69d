"""Denied by default: every endpoint asked by nobody and by every role; an undeclared endpoint stops the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.db import unit_of_work
from app.core.errors import Invalid
from app.core.registry import MenuEntry, Registry
from app.core.text import Text
from app.factory import ROOMS, create_app
from app.security.roles import Role
from app.web.access import access_problems, required_permission
from app.web.console import Console

OPEN = {"static", "security.sign_in", "security.sign_in_now", "security.sign_out", "web.preferences"}
BY_TOKEN = {f"submission_push.{name}" for name in ("open_delivery", "delivery_state", "add_chunk", "complete")}
"""Doors for source systems, which show a token of their own instead of a session."""


def every_request(app: Console) -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of all rules, places filled in with something that does not exist."""
    found = []
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values: dict[str, Any] = {
            name: 987_654 if type(rule._converters[name]).__name__ == "IntegerConverter" else "nobody"
            for name in rule.arguments
        }
        path = adapter.build(rule.endpoint, values)
        found += [(rule.endpoint, method, path) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return found


def test_only_these_endpoints_are_public(app: Console) -> None:
    public = {endpoint for endpoint in app.view_functions if required_permission(app, endpoint) == ""}
    assert public == OPEN | BY_TOKEN


def test_nobody_gets_past_the_door(app: Console, browser: Callable[..., Any]) -> None:
    window = browser()
    token = window.token()
    for endpoint, method, path in every_request(app):
        if endpoint in OPEN:
            continue
        answer = window.client.open(path, method=method, data={"csrf_token": token} if method != "GET" else None)
        if endpoint in BY_TOKEN:
            assert (answer.status_code, answer.json["error"]["code"]) == (403, "submission.push_token"), endpoint
            continue
        if "/api/" in path:
            assert answer.status_code == 401, endpoint
        else:
            assert answer.status_code == 302, endpoint
            assert answer.location.startswith("/sign-in"), endpoint
        program = window.client.open(path, method=method, headers={"Accept": "application/json", "X-CSRFToken": token})
        assert program.status_code == 401, endpoint
        assert program.json["error"]["code"] == "web.sign_in_needed"


_ALWAYS = (Role.COMPLIANCE,)
"""The role with most pages; all eight open hundreds of them each."""


# On PostgreSQL, since the tests in the browser open the same pages on SQLite.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "role",
    [pytest.param(each, marks=() if each in _ALWAYS else pytest.mark.whole) for each in Role],
)
def test_each_role_opens_what_it_was_granted_and_nothing_else(
    app: Console, signed_in: Callable[..., Any], role: Role
) -> None:
    window = signed_in(role.value)
    registry: Registry = app.extensions["creditlink.registry"]
    granted = registry.grants[role.value]
    token = window.token()
    for endpoint, method, path in every_request(app):
        needed = required_permission(app, endpoint)
        if endpoint in OPEN:
            continue
        answer = window.client.open(path, method=method, headers={"X-CSRFToken": token})
        if needed in granted:
            assert answer.status_code not in (401, 403, 500), endpoint
        else:
            assert answer.status_code == 403, endpoint


def test_a_refusal_is_recorded(app: Console, signed_in: Callable[..., Any]) -> None:
    window = signed_in("operator")
    assert window.get("/users").status_code == 403
    with unit_of_work(reading=True) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "security.access_refused")).one()
    assert (entry.actor_id, entry.object_id, entry.outcome) == ("user.of.operator", "security.user.read", "refused")


def test_an_account_without_roles_sees_nothing(signed_in: Callable[..., Any]) -> None:
    assert signed_in().get("/").status_code == 403


def test_an_endpoint_without_declaration_stops_the_start(app: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def register(registry: Registry) -> None:
        blueprint = Blueprint("silent", __name__)
        blueprint.add_url_rule("/silent", "page", lambda: "open to all")
        registry.blueprint(blueprint)
        registry.menu_entry(MenuEntry("silent.gone", Text("无", "None"), "silent.gone", "web.console.use"))

    monkeypatch.setattr("app.factory.ROOMS", (*ROOMS, ("silent", register)))
    with pytest.raises(Invalid, match=r"silent\.page declares no permission.*silent\.gone, which does not exist"):
        create_app()


def test_a_permission_nobody_announced_stops_the_start(app: Console) -> None:
    assert list(access_problems(app, app.extensions["creditlink.registry"])) == []
    problems = [each.en for each in access_problems(app, Registry())]
    assert "endpoint audit.entries needs the unknown permission audit.record.read" in problems

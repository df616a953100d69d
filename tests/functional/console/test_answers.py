"""What every answer has in common: headers, form tokens, errors in words or JSON, two languages, masked data."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import render_template_string
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core import clock
from app.core.clock import frozen
from app.core.config import DEFAULT_SECRET, Settings, override
from app.core.db import unit_of_work
from app.core.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from app.core.text import Text
from app.web.access import public
from app.web.console import Console
from app.web.toasts import toast

NOT_FOUND = "有误，或者该内容已被移走"


@pytest.fixture
def failing(app: Console) -> Console:
    """The console with an address that fails in each way."""
    ways: dict[str, Exception] = {
        "invalid": Invalid("test.invalid", Text("不能用", "cannot be used")),
        "missing": NotFound("test.missing", Text("没有", "is not there")),
        "refused": Refused("test.refused", Text("不可以", "may not")),
        "conflict": Conflict("test.conflict", Text("变了", "has changed")),
        "unavailable": Unavailable("test.unavailable", Text("不在", "is away")),
        "fault": ZeroDivisionError("secret inside"),
    }

    @public
    def fail(way: str) -> str:
        raise ways[way]

    @public
    def notice() -> str:
        toast(Text("好了", "done"))
        return "ok"

    app.add_url_rule("/fail/<way>", "fail", fail, methods=["GET", "POST"])
    app.add_url_rule("/notice", "notice", notice)
    return app


def test_a_nul_is_refused_wherever_it_is_sent(failing: Console) -> None:
    client = failing.test_client()
    token = re.search(r'csrf-token" content="([^"]+)', client.get("/sign-in").text)
    assert token
    words = {"Accept": "application/json", "X-CSRFToken": token[1]}
    form = client.post("/fail/conflict", data={"note": "a\x00b", "fine": "c"}, headers=words)
    posted = client.post("/fail/conflict", json={"note": ["a\x00b"]}, headers=words)
    for answer, name in ((form, "note"), (posted, "JSON")):
        assert answer.status_code in (400, 422), answer.text
        error = answer.json["error"]
        assert error["code"] == "web.nul"
        assert name in error["message"]
    assert client.post("/fail/conflict", data={"note": "ab"}, headers=words).status_code == 409


@pytest.mark.parametrize(
    ("way", "status", "code", "remedy"),
    [
        ("invalid", 422, "test.invalid", "返回上一页"),
        ("missing", 404, "test.missing", "从左侧导航"),
        ("refused", 403, "test.refused", "安全管理员"),
        ("conflict", 409, "test.conflict", "刷新页面"),
        ("unavailable", 503, "test.unavailable", "过几分钟"),
        ("fault", 500, "web.internal", "稍后重试"),
    ],
)
def test_errors_are_told_to_people_and_to_programs(
    failing: Console, way: str, status: int, code: str, remedy: str
) -> None:
    client = failing.test_client()
    page = client.get(f"/fail/{way}")
    assert page.status_code == status
    assert remedy in page.text
    assert code in page.text
    assert "secret inside" not in page.text
    answer = client.get(f"/fail/{way}", headers={"Accept": "application/json"})
    assert answer.status_code == status
    error = answer.json["error"]
    assert (sorted(error), error["code"]) == (["code", "details", "message"], code)
    assert error["details"]["reference"]
    notice = client.get(f"/fail/{way}", headers={"HX-Request": "true"})
    assert (notice.status_code, notice.data) == (status, b"")
    assert json.loads(notice.headers["HX-Trigger"])["toast"]["tone"] == "danger"


@pytest.mark.parametrize(("path", "method", "status"), [("/none", "GET", 404), ("/sign-in", "DELETE", 405)])
def test_errors_of_http_have_words_too(app: Console, path: str, method: str, status: int) -> None:
    client = app.test_client()
    token = re.search(r'csrf-token" content="([^"]+)', client.get("/sign-in").text)
    assert token
    headers = {"X-CSRFToken": token[1]}
    page = client.open(path, method=method, headers=headers)
    assert page.status_code == status
    assert "可以这样做" in page.text
    told = client.open(path, method=method, headers={**headers, "Accept": "application/json"})
    assert told.json["error"]["code"] == f"web.http_{status}"
    assert (status != 405) or "POST" in told.headers["Allow"]


def test_an_oversized_request_is_refused(app: Console) -> None:
    answer = app.test_client().post("/sign-in", data={"username": "x" * (17 * 1024 * 1024)})
    assert answer.status_code in (400, 413)


def test_every_answer_carries_the_security_headers(app: Console, signed_in: Callable[..., Any]) -> None:
    window = signed_in("operator")
    for path in ("/account", "/sign-in", "/none", "/static/mark.svg"):
        headers = window.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in headers
    assert window.get("/account").headers["Cache-Control"] == "no-store"


def test_the_nonce_is_new_each_time(app: Console) -> None:
    client = app.test_client()
    policies = {client.get("/sign-in").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


def test_production_adds_transport_security_and_secure_cookies(database: Any, settings_in_force: Settings) -> None:
    from app.factory import create_app

    with override(mode="production", secret_key="x" * 40, centre_pretend=False):
        client = create_app().test_client()
        answer = client.get("/sign-in", base_url="https://localhost")
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-creditlink=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert DEFAULT_SECRET not in answer.text


def test_pages_hold_no_inline_code(signed_in: Callable[..., Any], person: Callable[..., str]) -> None:
    window = signed_in("admin_security")
    for path in ("/users", "/users/new", "/users/rights", "/account", "/account/password", "/none"):
        page = window.get(path).text
        assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", page), path
        scripts = re.findall(r"<script([^>]*)>", page)
        assert all("src=" in each or "nonce=" in each for each in scripts), path


def test_forms_need_their_token(signed_in: Callable[..., Any]) -> None:
    window = signed_in("admin_security")
    for headers in ({}, {"HX-Request": "true"}, {"X-CSRFToken": "forged"}):
        answer = window.client.post("/users/new", data={"username": "lin.hai"}, headers=headers)
        assert answer.status_code == 400
    told = window.client.post("/users/new", headers={"Accept": "application/json"})
    assert told.json["error"]["code"] == "web.csrf"
    by_header = window.client.post(
        "/users/new", data={"username": "x"}, headers={"X-CSRFToken": window.token(), "HX-Request": "true"}
    )
    assert by_header.status_code == 422


def test_the_language_is_the_cookie_s_else_the_house_s(app: Console) -> None:
    client = app.test_client()
    assert '<html lang="zh-CN"' in client.get("/sign-in").text
    client.set_cookie("creditlink_language", "en")
    assert "Sign in" in client.get("/sign-in").text
    client.set_cookie("creditlink_language", "fr")
    assert '<html lang="zh-CN"' in client.get("/sign-in").text
    with override(language="en"):
        assert '<html lang="en"' in app.test_client().get("/sign-in").text


def test_a_choice_is_kept_and_only_local_addresses_are_returned_to(signed_in: Callable[..., Any]) -> None:
    window = signed_in("operator")
    answer = window.post("/preferences", {"language": "en", "theme": "dark", "back": "/account?x=1"})
    assert answer.location == "/account?x=1"
    page = window.get("/account").text
    assert 'lang="en"' in page
    assert 'data-theme="dark"' in page
    assert window.post("/preferences", {"theme": "light", "back": "//evil.example"}).location == "/"
    assert window.post("/preferences", {"theme": "plaid"}).status_code == 422


def test_a_notice_goes_with_the_event_or_waits_for_a_page(failing: Console) -> None:
    client = failing.test_client()
    trigger = json.loads(client.get("/notice", headers={"HX-Request": "true"}).headers["HX-Trigger"])
    assert trigger["toast"]["value"] == [{"text": "好了。", "tone": "success"}]
    client.get("/notice")
    assert "\\u597d\\u4e86" in client.get("/sign-in").text
    assert "\\u597d\\u4e86" not in client.get("/sign-in").text


def test_search_finds_only_pages_one_may_open(signed_in: Callable[..., Any]) -> None:
    assert "/users" in signed_in("admin_security").get("/search?q=岗位").text
    operator = signed_in("operator")
    assert "/users" not in operator.get("/search/hits?q=Users").text
    assert "没有找到" in operator.get("/search/hits?q=<script>").text
    assert "<script>alert" not in operator.get("/search?q=<script>alert").text


def _masked_page(app: Console) -> None:
    @public
    def person_page() -> str:
        return render_template_string("{{ masked('11010119900307803X', 'id_number', 'person', 7, 'IDNum') }}")

    app.add_url_rule("/person", "person_page", person_page)


def _token(page: str) -> str:
    found = re.search(r'hx-vals="([^"]+)"', page)
    assert found
    token: str = json.loads(html.unescape(found[1]))["token"]
    return token


def test_masked_data_is_revealed_to_who_may_and_it_is_recorded(app: Console, signed_in: Callable[..., Any]) -> None:
    _masked_page(app)
    analyst, operator, reviewer = signed_in("analyst"), signed_in("operator"), signed_in("reviewer")
    assert "hx-post" not in analyst.get("/person").text
    page = operator.get("/person").text
    assert "110***********803X" in html.unescape(page).replace("&#42;", "*")
    assert "19900307" not in page
    token = _token(page)
    assert analyst.post("/reveal", {"token": token}).status_code == 403
    assert reviewer.post("/reveal", {"token": token}).status_code == 422
    assert operator.post("/reveal", {"token": token[:-4] + "AAAA"}).status_code == 422
    shown = operator.post("/reveal", {"token": token})
    assert "11010119900307803X" in shown.text
    hidden = operator.post("/reveal/end", {"token": _token(shown.text)})
    assert "19900307" not in hidden.text
    with unit_of_work(reading=True) as session:
        looks = session.scalars(select(AuditEntry).where(AuditEntry.action == "audit.personal_data_seen")).all()
    assert [(each.actor_id, each.object_type, each.object_id) for each in looks] == [
        ("user.of.operator", "person", "7")
    ]


def test_a_page_left_open_reveals_nothing_later(app: Console, signed_in: Callable[..., Any]) -> None:
    _masked_page(app)
    now = clock.now()
    with frozen(now):
        operator = signed_in("operator")
        token = _token(operator.get("/person").text)
    with frozen(now + timedelta(minutes=10)):
        assert operator.get("/account").status_code == 200
    with frozen(now + timedelta(minutes=16)):
        assert operator.post("/reveal", {"token": token}).status_code == 422

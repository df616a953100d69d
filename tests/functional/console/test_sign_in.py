"""Signing in and staying in: wrong passwords, lockout, idle and absolute limits, fixation, first password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.actor import SYSTEM, acting
from app.core.clock import frozen
from app.core.db import unit_of_work
from app.security.accounts import get_user, lock_user
from app.security.models import SignedInSession

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def actions() -> list[str]:
    with unit_of_work(reading=True) as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))


def test_sign_in_leads_to_the_page_that_was_wanted(browser: Callable[..., Any], person: Callable[..., str]) -> None:
    window = browser()
    person("zhou.min", "admin_security")
    assert window.get("/users?role=operator").location == "/sign-in?next=/users?role%3Doperator"
    answer = window.post(
        "/sign-in", {"username": " Zhou.Min ", "password": "Harbour-Lamp-72", "next": "/users?role=operator"}
    )
    assert answer.location == "/users?role=operator"
    assert "security.signed_in" in actions()


@pytest.mark.parametrize(
    "wished", ["//evil.example/x", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_away(browser: Callable[..., Any], person: Callable[..., str], wished: str) -> None:
    window = browser()
    person("zhou.min", "admin_security")
    answer = window.post("/sign-in", {"username": "zhou.min", "password": "Harbour-Lamp-72", "next": wished})
    assert answer.location == "/"


def test_all_failures_read_the_same(browser: Callable[..., Any], person: Callable[..., str]) -> None:
    person("lin.hai", "operator")
    person("xu.wen", "reviewer")
    with acting(SYSTEM), unit_of_work():
        lock_user(get_user("xu.wen"), "left")
    window = browser()
    answers = [
        window.sign_in(*given) for given in (("lin.hai", "wrong"), ("nobody", "wrong"), ("xu.wen", "Harbour-Lamp-72"))
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert all("用户名或密码不正确" in answer.text for answer in answers)


def test_an_unknown_name_is_not_written_down(browser: Callable[..., Any]) -> None:
    browser().sign_in("My-Secret-Password1", "x")
    with unit_of_work(reading=True) as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert entry.action == "security.sign_in_failed"
    assert "secret" not in entry.object_id
    assert entry.object_id.startswith("?")
    assert entry.address == "10.1.2.3"


def test_five_failures_lock_the_name_for_a_quarter_of_an_hour(
    browser: Callable[..., Any], person: Callable[..., str]
) -> None:
    window = browser()
    with frozen(NOON):
        person("lin.hai", "operator")
        codes = [window.sign_in("lin.hai", "wrong", f"10.0.0.{n}").status_code for n in range(5)]
        assert codes == [401, 401, 401, 401, 429]
        answer = window.sign_in("lin.hai", address="10.0.0.9")
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "900"
    with frozen(NOON + timedelta(minutes=14, seconds=59)):
        assert window.sign_in("lin.hai", address="10.0.0.9").status_code == 429
    with frozen(NOON + timedelta(minutes=15)):
        assert window.sign_in("lin.hai", address="10.0.0.9").status_code == 302
    assert "security.locked_out" in actions()


def test_unknown_names_lock_alike(browser: Callable[..., Any]) -> None:
    window = browser()
    codes = [window.sign_in("nobody.here", "wrong", f"10.0.0.{n}").status_code for n in range(6)]
    assert codes == [401, 401, 401, 401, 429, 429]


def test_twenty_failures_lock_the_address(browser: Callable[..., Any], person: Callable[..., str]) -> None:
    person("lin.hai", "operator")
    window = browser()
    with frozen(NOON):
        codes = [window.sign_in(f"guess.{n}", "wrong").status_code for n in range(20)]
        assert codes[-2:] == [401, 429]
        assert window.sign_in("lin.hai").status_code == 429
        assert window.sign_in("lin.hai", address="10.9.9.9").status_code == 302


def test_a_success_forgets_the_failures(browser: Callable[..., Any], person: Callable[..., str]) -> None:
    person("lin.hai", "operator")
    for _ in range(2):
        window = browser()
        for _ in range(4):
            assert window.sign_in("lin.hai", "wrong").status_code == 401
        assert window.sign_in("lin.hai").status_code == 302


def test_a_session_ends_after_idle_time(signed_in: Callable[..., Any]) -> None:
    with frozen(NOON):
        window = signed_in("operator")
    with frozen(NOON + timedelta(minutes=14)):
        assert window.get("/account").status_code == 200
    with frozen(NOON + timedelta(minutes=28, seconds=59)):
        assert window.get("/account").status_code == 200
    with frozen(NOON + timedelta(minutes=44)):
        assert window.get("/account").location.startswith("/sign-in")
        assert "\\u957f\\u65f6\\u95f4" in window.get("/sign-in").text
        assert window.get("/account").location.startswith("/sign-in")
    assert actions()[-1] == "security.session_ended"


def test_background_requests_are_no_sign_of_life(signed_in: Callable[..., Any]) -> None:
    with frozen(NOON):
        window = signed_in("operator")
    with frozen(NOON + timedelta(minutes=14)):
        assert window.get("/account", headers={"X-Background": "yes"}).status_code == 200
    with frozen(NOON + timedelta(minutes=16)):
        answer = window.get("/account", headers={"X-Background": "yes", "HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")


def test_a_session_ends_after_twelve_hours_of_work(signed_in: Callable[..., Any]) -> None:
    with frozen(NOON):
        window = signed_in("operator")
    for minutes in range(10, 12 * 60, 10):
        with frozen(NOON + timedelta(minutes=minutes)):
            assert window.get("/account").status_code == 200
    with frozen(NOON + timedelta(hours=12)):
        assert window.get("/account").status_code == 302


def test_what_was_in_the_cookie_before_does_not_survive(
    browser: Callable[..., Any], person: Callable[..., str]
) -> None:
    person("lin.hai", "operator")
    window = browser()
    with window.client.session_transaction() as planted:
        planted["planted"] = "by another"
    before = window.token()
    window.sign_in("lin.hai")
    with window.client.session_transaction() as kept:
        assert "planted" not in kept
        assert kept["_user_id"] != "lin.hai"
    stale = window.client.post("/account/sessions/end", data={"csrf_token": before})
    assert stale.status_code == 400


def test_a_token_is_stored_as_digest_only(signed_in: Callable[..., Any]) -> None:
    window = signed_in("operator")
    with window.client.session_transaction() as kept:
        token = kept["_user_id"]
    with unit_of_work(reading=True) as session:
        assert token not in list(session.scalars(select(SignedInSession.token_digest)))


def test_signing_out_ends_the_session_for_a_stolen_cookie_too(signed_in: Callable[..., Any], app: Any) -> None:
    window = signed_in("operator")
    stolen = window.client.get_cookie("creditlink").value
    assert window.post("/sign-out").location == "/sign-in"
    thief = app.test_client()
    thief.set_cookie("creditlink", stolen)
    assert thief.get("/account").status_code == 302


def test_the_first_password_must_be_changed(browser: Callable[..., Any], person: Callable[..., str]) -> None:
    person("lin.hai", "operator", must_change=True)
    window = browser()
    assert window.sign_in("lin.hai").location == "/account/password"
    assert window.get("/account").location == "/account/password"
    given = {"present": "Harbour-Lamp-72", "new": "Quiet-River-48", "again": "Quiet-River-48"}
    assert window.post("/account/password", given).location == "/"
    assert window.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("present", "new", "again", "words"),
    [
        ("wrong", "Quiet-River-48", "Quiet-River-48", "当前密码不正确"),
        ("Harbour-Lamp-72", "Quiet-River-48", "Quiet-River-49", "两次输入的新密码不一致"),
        ("Harbour-Lamp-72", "short", "short", "至少 12 个字符"),
        ("Harbour-Lamp-72", "Harbour-Lamp-72", "Harbour-Lamp-72", "不得与最近 5 次使用的密码相同"),
    ],
)
def test_a_password_that_will_not_do_is_explained(
    signed_in: Callable[..., Any], present: str, new: str, again: str, words: str
) -> None:
    window = signed_in("operator")
    answer = window.post("/account/password", {"present": present, "new": new, "again": again})
    assert answer.status_code == 422
    assert words in answer.text


def test_changing_the_password_ends_the_other_sessions(
    signed_in: Callable[..., Any], browser: Callable[..., Any]
) -> None:
    here = signed_in("operator", username="lin.hai")
    there = browser()
    there.sign_in("lin.hai")
    here.post("/account/password", {"present": "Harbour-Lamp-72", "new": "Quiet-River-48", "again": "Quiet-River-48"})
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302

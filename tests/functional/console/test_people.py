"""The security administrator's work on accounts: made, granted, locked, reset; and the walls between administrators."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.audit.record import detail_of
from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.core.errors import Conflict, Invalid
from app.security.accounts import create_user, get_user, lock_user, set_roles
from app.security.roles import Role


@pytest.fixture
def administrator(signed_in: Callable[..., Any]) -> Any:
    return signed_in("admin_security", username="zhou.min")


def latest(action: str) -> AuditEntry:
    with unit_of_work(reading=True) as session:
        return session.scalars(
            select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.number.desc())
        ).first() or pytest.fail(f"no entry {action}")


def test_a_new_account_works_with_the_password_shown(administrator: Any, browser: Callable[..., Any]) -> None:
    answer = administrator.post("/users/new", {"username": "Lin.Hai", "name": "林海", "roles": ["operator", "analyst"]})
    assert answer.status_code == 200
    shown = re.search(r'user-select-all">([^<]+)<', answer.text)
    assert shown
    assert browser().sign_in("lin.hai", shown[1]).location == "/account/password"
    entry = latest("security.user_created")
    assert (entry.actor_id, entry.object_id) == ("zhou.min", "lin.hai")
    assert detail_of(entry) == {"name": "林海", "roles": ["analyst", "operator"]}


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"username": "1x", "name": "甲", "roles": []}, 422, "用户名须以字母开头"),
        ({"username": "lin.hai", "name": " ", "roles": []}, 422, "请填写姓名"),
        ({"username": "lin.hai", "name": "甲", "roles": ["king"]}, 422, "没有这些角色：king"),
        ({"username": "lin.hai", "name": "甲", "roles": ["admin_audit", "operator"]}, 422, "三权分立"),
        ({"username": "zhou.min", "name": "甲", "roles": []}, 409, "该用户名已被使用"),
    ],
)
def test_an_account_that_cannot_be_is_explained(
    administrator: Any, given: dict[str, Any], status: int, words: str
) -> None:
    answer = administrator.post("/users/new", given)
    assert answer.status_code == status
    assert words in answer.text


@pytest.mark.parametrize(
    "roles",
    [
        ("admin_system", "admin_security"),
        ("admin_security", "admin_audit"),
        ("admin_system", "admin_audit"),
        ("admin_system", "operator"),
        ("admin_security", "compliance"),
        ("admin_audit", "reviewer", "analyst"),
    ],
)
def test_administrators_hold_nothing_else(database: Any, roles: tuple[str, ...]) -> None:
    with unit_of_work(), pytest.raises(Invalid, match="roles_exclusive"):
        create_user("lin.hai", "林海", roles)


def test_new_roles_end_the_sessions_and_hold_at_once(administrator: Any, signed_in: Callable[..., Any]) -> None:
    worker = signed_in("operator", username="lin.hai")
    answer = administrator.post("/users/of/lin.hai/roles", {"roles": ["reviewer"]})
    assert answer.location == "/users/of/lin.hai"
    assert worker.get("/account").status_code == 302
    with unit_of_work(reading=True):
        assert get_user("lin.hai").roles == {Role.REVIEWER}
    assert detail_of(latest("security.roles_changed")) == {"added": ["reviewer"], "removed": ["operator"]}
    assert "岗位已更新" in administrator.toasts()


def test_nobody_changes_their_own_rights(administrator: Any) -> None:
    for path in ("roles", "lock", "reset"):
        assert administrator.post(f"/users/of/zhou.min/{path}", {"roles": ["admin_audit"]}).status_code == 403
    with unit_of_work(reading=True):
        assert get_user("zhou.min").roles == {Role.ADMIN_SECURITY}


def test_the_last_security_administrator_stays(database: Any) -> None:
    with acting(SYSTEM), unit_of_work():
        user, _ = create_user("zhou.min", "周敏", ["admin_security"])
        with pytest.raises(Conflict, match="last_administrator"):
            set_roles(user, [])
        with pytest.raises(Conflict, match="last_administrator"):
            lock_user(user, "")
        create_user("wei.lan", "魏岚", ["admin_security"])
        set_roles(user, [])


def test_a_locked_account_is_out_at_once_and_in_again_after_unlocking(
    administrator: Any, signed_in: Callable[..., Any], browser: Callable[..., Any]
) -> None:
    worker = signed_in("operator", username="lin.hai")
    assert administrator.post("/users/of/lin.hai/lock").status_code == 302
    assert worker.get("/account").status_code == 302
    assert browser().sign_in("lin.hai").status_code == 401
    assert "已锁定" in administrator.get("/users/of/lin.hai").text
    administrator.post("/users/of/lin.hai/unlock")
    assert browser().sign_in("lin.hai").status_code == 302


def test_unlocking_lifts_a_lockout(administrator: Any, person: Callable[..., str], browser: Callable[..., Any]) -> None:
    person("lin.hai", "operator")
    window = browser()
    for _ in range(5):
        window.sign_in("lin.hai", "wrong")
    assert "失败次数过多" in administrator.get("/users/of/lin.hai").text
    administrator.post("/users/of/lin.hai/unlock")
    assert window.sign_in("lin.hai").status_code == 302


def test_a_reset_password_replaces_the_old_one(
    administrator: Any, person: Callable[..., str], browser: Callable[..., Any]
) -> None:
    person("lin.hai", "operator")
    answer = administrator.post("/users/of/lin.hai/reset")
    shown = re.search(r'user-select-all">([^<]+)<', answer.text)
    assert shown
    assert browser().sign_in("lin.hai").status_code == 401
    assert browser().sign_in("lin.hai", shown[1]).location == "/account/password"


def test_the_list_is_filtered_sorted_and_paged(administrator: Any, person: Callable[..., str]) -> None:
    for number in range(28):
        person(f"worker.{number:02d}", "operator" if number % 2 else "analyst")

    def names(query: str) -> list[str]:
        return re.findall(r'/users/of/([\w.]+)"', administrator.get(f"/users?{query}").text)

    assert names("role=operator&sort=-username&size=25")[:2] == ["worker.27", "worker.25"]
    assert names("q=worker.03") == ["worker.03"]
    assert names("q=%25") == []
    assert len(names("size=25")) == 25
    assert len(names("size=25&page=2")) == 4
    assert names("size=25&page=99999999") == names("size=25")
    assert names("state=open") == ["zhou.min"]
    assert names("role=king&sort=password_hash") == names("")


def test_the_auditor_looks_and_cannot_touch(signed_in: Callable[..., Any], person: Callable[..., str]) -> None:
    person("lin.hai", "operator")
    auditor = signed_in("admin_audit")
    page = auditor.get("/users/of/lin.hai").text
    assert "重置密码" not in page
    assert auditor.post("/users/of/lin.hai/lock").status_code == 403
    assert "security.personal_data.reveal" in auditor.get("/users/rights").text

"""The security administrator's pages: people, their roles, locks and first passwords; what each role may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, or_, select

from app.core.db import current_session
from app.core.entities import all_entities
from app.core.errors import Conflict, Invalid
from app.core.registry import Permission, Registry
from app.core.text import Text
from app.security import attempts, permissions, sessions
from app.security.accounts import (
    create_user,
    get_user,
    limit_role,
    lock_user,
    reset_password,
    set_roles,
    unlock_user,
)
from app.security.models import RoleGrant, User
from app.security.roles import ADMINISTRATORS, WORDS, Role
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, ListQuery, database_page, like_pattern
from app.web.toasts import toast

STATES: Final = {"open": Text("正常", "Open"), "locked": Text("已锁定", "Locked"), "first": Text("待首次登录", "New")}
LISTING: Final = Listing(
    columns=(
        Column("username", Text("用户名", "User name"), sortable=True),
        Column("name", Text("姓名", "Name"), sortable=True),
        Column("roles", Text("岗位", "Roles")),
        Column("state", Text("状态", "State")),
        Column("signed_in", Text("最近登录", "Last sign-in"), sortable=True),
        Column("created", Text("开立日期", "Created"), sortable=True),
    ),
    order="username",
    filters=(
        Filter("q", Text("搜索", "Search"), hint=Text("用户名或姓名", "user name or name")),
        Filter("role", Text("岗位", "Role"), options=tuple((role.value, WORDS[role].title) for role in Role)),
        Filter("state", Text("状态", "State"), options=tuple(STATES.items())),
    ),
)
_SORTS: Final = {
    "username": User.username,
    "name": User.display_name,
    "signed_in": User.signed_in_at,
    "created": User.created_at,
}


def state_of(user: User) -> str:
    """The key of the account's state in STATES."""
    if user.locked:
        return "locked"
    return "first" if user.signed_in_at is None else "open"


def _selected(query: ListQuery) -> Select[User]:
    statement = select(User)
    if wanted := query.filters.get("q"):
        pattern = like_pattern(wanted)
        statement = statement.where(
            or_(User.username.ilike(pattern, escape="\\"), User.display_name.ilike(pattern, escape="\\"))
        )
    if role := query.filters.get("role"):
        statement = statement.where(User.id.in_(select(RoleGrant.user_id).where(RoleGrant.role == role)))
    state = query.filters.get("state")
    if state == "locked":
        statement = statement.where(User.locked)
    elif state == "first":
        statement = statement.where(~User.locked, User.signed_in_at.is_(None))
    elif state == "open":
        statement = statement.where(~User.locked, User.signed_in_at.is_not(None))
    return statement


@permission(permissions.READ_USERS)
def users() -> ResponseReturnValue:
    """All people who have an account."""
    query = LISTING.read()
    page = database_page(current_session(), _selected(query), query, _SORTS, User.id)
    return render_template("security/users.html", page=page, states=STATES, state_of=state_of, words=WORDS, roles=Role)


@permission(permissions.READ_USERS)
def user(username: str) -> ResponseReturnValue:
    """One person: what is known, roles, sessions, and what the administrator can do."""
    return _user_page(get_user(username))


def _user_page(shown: User, problem: Text | None = None, first_password: str | None = None) -> str:
    return render_template(
        "security/user.html",
        user=shown,
        state=state_of(shown),
        states=STATES,
        words=WORDS,
        roles=Role,
        administrators=ADMINISTRATORS,
        waiting=attempts.name_locked(shown.username),
        open_sessions=[(each, False) for each in sessions.live_sessions(shown)],
        problem=problem,
        first_password=first_password,
        entities=all_entities(),
    )


@permission(permissions.MANAGE_USERS)
def new_user() -> ResponseReturnValue:
    """The form for a new account."""
    return _new_form()


def _new_form(problem: Text | None = None) -> str:
    return render_template(
        "security/user_new.html",
        problem=problem,
        typed=request.form,
        chosen=set(request.form.getlist("roles")),
        words=WORDS,
        roles=Role,
        administrators=ADMINISTRATORS,
    )


@permission(permissions.MANAGE_USERS)
def new_user_now() -> ResponseReturnValue:
    """Make the account and show its first password, this once."""
    try:
        made, first = create_user(
            request.form.get("username", ""), request.form.get("name", ""), request.form.getlist("roles")
        )
    except (Invalid, Conflict) as error:
        return _new_form(error.message), error.status
    return _user_page(made, first_password=first)


@permission(permissions.MANAGE_USERS)
def roles_now(username: str) -> ResponseReturnValue:
    """Let the person hold exactly the roles that were ticked."""
    shown = get_user(username)
    try:
        set_roles(shown, request.form.getlist("roles"))
    except (Invalid, Conflict) as error:
        return _user_page(shown, problem=error.message), error.status
    toast(Text("岗位已更新，该用户须重新登录", "Roles changed; the person must sign in again"))
    return redirect(url_for("security.users_one", username=username))


@permission(permissions.MANAGE_USERS)
def entities_now(username: str) -> ResponseReturnValue:
    """Let the person hold a role for the legal entities that were ticked; for all of them where none was."""
    shown = get_user(username)
    try:
        limit_role(shown, request.form.get("role", ""), request.form.getlist("entities"))
    except Invalid as error:
        return _user_page(shown, problem=error.message), error.status
    toast(Text("所及机构已更新，该用户须重新登录", "Legal entities changed; the person must sign in again"))
    return redirect(url_for("security.users_one", username=username))


@permission(permissions.MANAGE_USERS)
def lock_now(username: str) -> ResponseReturnValue:
    """Lock the account."""
    shown = get_user(username)
    return _changed(shown, lambda: lock_user(shown, request.form.get("reason", "").strip()[:200]), _LOCKED)


@permission(permissions.MANAGE_USERS)
def unlock_now(username: str) -> ResponseReturnValue:
    """Unlock the account."""
    shown = get_user(username)
    return _changed(shown, lambda: unlock_user(shown), _UNLOCKED)


_LOCKED: Final = Text("账户已锁定", "Account locked")
_UNLOCKED: Final = Text("账户已解锁", "Account unlocked")


def _changed(shown: User, change: Callable[[], None], words: Text) -> ResponseReturnValue:
    try:
        change()
    except Conflict as error:
        return _user_page(shown, problem=error.message), error.status
    toast(words)
    return redirect(url_for("security.users_one", username=shown.username))


@permission(permissions.MANAGE_USERS)
def reset_now(username: str) -> ResponseReturnValue:
    """Give a new first password and show it, this once."""
    shown = get_user(username)
    return _user_page(shown, first_password=reset_password(shown))


@permission(permissions.READ_USERS)
def rights() -> ResponseReturnValue:
    """Which role may do what, as the rooms have declared it."""
    registry: Registry = current_app.extensions["creditlink.registry"]
    by_room: dict[str, list[Permission]] = {}
    for each in registry.permissions.values():
        by_room.setdefault(each.name.partition(".")[0], []).append(each)
    return render_template(
        "security/rights.html", by_room=by_room, grants=registry.grants, roles=Role, words=WORDS, rooms=ROOMS
    )


ROOMS: Final = {
    "web": Text("控制台", "Console"),
    "security": Text("用户与安全", "People and security"),
    "audit": Text("审计", "Audit"),
    "submission": Text("征信报送", "Submission"),
    "rules": Text("规则", "Rules"),
    "workflow": Text("流程", "Workflow"),
    "operations": Text("运行", "Operation"),
    "lake": Text("数据湖", "Lake"),
    "standard": Text("接口标准", "Interface standard"),
}


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    one = "/users/of/<username>"
    blueprint.add_url_rule("/users", "users", users, methods=["GET"])
    blueprint.add_url_rule("/users/rights", "users_rights", rights, methods=["GET"])
    blueprint.add_url_rule("/users/new", "users_new", new_user, methods=["GET"])
    blueprint.add_url_rule("/users/new", "users_new_now", new_user_now, methods=["POST"])
    blueprint.add_url_rule(one, "users_one", user, methods=["GET"])
    blueprint.add_url_rule(f"{one}/roles", "users_roles_now", roles_now, methods=["POST"])
    blueprint.add_url_rule(f"{one}/entities", "users_entities_now", entities_now, methods=["POST"])
    blueprint.add_url_rule(f"{one}/lock", "users_lock_now", lock_now, methods=["POST"])
    blueprint.add_url_rule(f"{one}/unlock", "users_unlock_now", unlock_now, methods=["POST"])
    blueprint.add_url_rule(f"{one}/reset", "users_reset_now", reset_now, methods=["POST"])

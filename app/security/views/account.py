"""One's own account: password, sessions, preferences."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.actor import current_actor
from app.core.errors import Invalid
from app.core.registry import Registry
from app.core.text import Text
from app.security import permissions, sessions
from app.security.accounts import PasswordRefused, change_password, get_user
from app.security.login import present_person, roles_text
from app.security.models import User
from app.web.access import permission
from app.web.toasts import toast


def _own() -> User:
    return get_user(current_actor().id)


def _token() -> str:
    person = present_person()
    return person.token if person else ""


@permission(permissions.OWN_ACCOUNT)
def account() -> ResponseReturnValue:
    """Who one is here, and where one is signed in."""
    user = _own()
    open_sessions = [(each, sessions.is_of(each, _token())) for each in sessions.live_sessions(user)]
    return render_template(
        "security/account.html", user=user, roles=roles_text(user.roles), open_sessions=open_sessions
    )


@permission(permissions.OWN_ACCOUNT)
def end_other_sessions() -> ResponseReturnValue:
    """Sign out everywhere else."""
    count = sessions.end_all(_own(), "replaced", but=_token())
    toast(Text(f"已退出其他 {count} 处登录", f"Signed out in {count} other places"))
    return redirect(url_for("security.account"))


@permission(permissions.OWN_ACCOUNT)
def password() -> ResponseReturnValue:
    """The form for a new password."""
    return _form(_own())


@permission(permissions.OWN_ACCOUNT)
def password_now() -> ResponseReturnValue:
    """Change it, or say everything that is wrong with it (422)."""
    user = _own()
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _form(user, again=Text("两次输入的新密码不一致", "the two new passwords differ")), 422
    try:
        change_password(user, request.form.get("present", ""), new, _token())
    except PasswordRefused as refused:
        return _form(user, new=refused.problems), 422
    except Invalid as invalid:
        return _form(user, present=invalid.message), 422
    toast(Text("密码已修改，其他登录已退出", "Password changed; other sessions were ended"))
    return redirect(url_for("web.home"))


def _form(user: User, present: Text | None = None, new: tuple[Text, ...] = (), again: Text | None = None) -> str:
    return render_template("security/password.html", user=user, present=present, new=new, again=again)


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    blueprint.add_url_rule("/account", "account", account, methods=["GET"])
    blueprint.add_url_rule("/account/sessions/end", "account_end_sessions", end_other_sessions, methods=["POST"])
    blueprint.add_url_rule("/account/password", "password", password, methods=["GET"])
    blueprint.add_url_rule("/account/password", "password_now", password_now, methods=["POST"])

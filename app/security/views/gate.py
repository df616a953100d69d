"""The way in and the way out."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.config import settings
from app.core.registry import Registry
from app.security.login import close_door, open_door
from app.security.models import User
from app.security.sign_in import SignedIn, TurnedAway, sign_in
from app.web.access import public, signed_in
from app.web.console import address
from app.web.shell import THEME_COOKIE
from app.web.views import local_path
from app.web.words import LANGUAGE_COOKIE

_YEAR = 365 * 24 * 3600


@public
def sign_in_page() -> ResponseReturnValue:
    """The form."""
    if signed_in():
        return redirect(url_for("web.home"))
    return _form(request.args.get("next"))


@public
def sign_in_now() -> ResponseReturnValue:
    """Check the form's name and password; 401 when they do not fit, 429 when locked out."""
    wished = request.form.get("next")
    result = sign_in(
        request.form.get("username", ""),
        request.form.get("password", ""),
        address(),
        request.user_agent.string,
    )
    if isinstance(result, TurnedAway):
        answer = make_response(_form(wished, result), 429 if result.until else 401)
        if result.until:
            answer.headers["Retry-After"] = str(max(1, int((result.until - clock.now()).total_seconds())))
        return answer
    return _welcome(result, wished)


def _form(wished: str | None, turned_away: TurnedAway | None = None) -> str:
    typed = request.form.get("username", "")[:64]
    return render_template(
        "security/sign_in.html", wished=local_path(wished) or "", typed=typed, turned_away=turned_away
    )


def _welcome(result: SignedIn, wished: str | None) -> ResponseReturnValue:
    open_door(result)
    target = url_for("security.password") if result.user.must_change_password else local_path(wished)
    answer = redirect(target or url_for("web.home"))
    for name, value in _preferences(result.user).items():
        answer.set_cookie(name, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=settings().production)
    return answer


def _preferences(user: User) -> dict[str, str]:
    chosen = {LANGUAGE_COOKIE: user.language, THEME_COOKIE: user.theme}
    return {name: value for name, value in chosen.items() if value}


@public
def sign_out() -> ResponseReturnValue:
    """End the session; harmless for who has none."""
    close_door()
    return redirect(url_for("security.sign_in"))


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    blueprint.add_url_rule("/sign-in", "sign_in", sign_in_page, methods=["GET"])
    blueprint.add_url_rule("/sign-in", "sign_in_now", sign_in_now, methods=["POST"])
    blueprint.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])

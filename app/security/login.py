"""Who makes a request: Flask-Login over our own sessions, told to the web room as a `Visitor`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, request
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from app.audit import Thing, record, record_alone
from app.core.actor import Actor, acting
from app.core.db import unit_of_work
from app.core.registry import Registry
from app.core.text import Text
from app.security import sessions
from app.security.accounts import get_user, keep_preference
from app.security.models import SignedInSession, User
from app.security.roles import WORDS, Role
from app.security.sign_in import SignedIn, actor_of
from app.web.access import Visitor, forget_visitor, recognise_with
from app.web.shell import AccountLink, AccountPages, use_account_pages
from app.web.toasts import toast

BACKGROUND: str = "X-Background"
_WHILE_PASSWORD_IS_DUE = ("security.password", "security.password_now", "security.sign_out", "web.preferences")
_ENDED: dict[str, Text] = {
    "idle": Text("长时间未操作，已自动退出登录", "You were signed out after a time without activity"),
    "aged": Text("登录已满 12 小时，请重新登录", "Your session has lasted 12 hours; please sign in again"),
}


@dataclass(frozen=True)
class Person(UserMixin):  # type: ignore[misc] # Flask-Login has no types
    """The signed-in person of one request, as they were when it began."""

    token: str
    actor: Actor
    roles: frozenset[Role]
    must_change_password: bool
    limits: Mapping[str, frozenset[str]]
    """of roles held for some legal entities only, for which"""

    def get_id(self) -> str:
        """What the cookie carries: the session's token, never the user's own number."""
        return self.token


def _load(token: str) -> Person | None:
    with unit_of_work(reading=True):
        found = sessions.live(token)
        person = _person(found, token) if found else None
        stale = found is not None and sessions.wants_touch(found)
    if person is None:
        _close(token)
    elif stale and BACKGROUND not in request.headers:
        with unit_of_work():
            sessions.touch(token)
    return person


def _person(session: SignedInSession, token: str) -> Person:
    user = session.user
    return person_of(user, token)


def person_of(user: User, token: str) -> Person:
    """A user as the person of a request."""
    return Person(token, actor_of(user), user.roles, user.must_change_password, user.limits)


def _close(token: str) -> None:
    """Put an end to a session whose time is up, and say so once."""
    with unit_of_work() as database_session:
        found = database_session.get(SignedInSession, sessions.digest(token))
        if found is None or found.ended_at is not None:
            return
        reason = sessions.overdue(found)
        if reason is None:
            return
        sessions.end(token, reason)
        with acting(actor_of(found.user)):
            record("security.session_ended", Thing("user", found.user.username), detail={"reason": reason})
    cookie.clear()
    toast(_ENDED[reason], "info")


class PeopleRecognition:
    """Tells the web room who is there."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def visitor(self) -> Visitor | None:
        person = present_person()
        if person is None:
            return None
        return Visitor(
            actor=person.actor,
            permissions=self.permissions_of(person.roles),
            detail=roles_text(person.roles),
            confined_to=_WHILE_PASSWORD_IS_DUE if person.must_change_password else (),
            limits=self.limits_of(person.roles, person.limits),
        )

    def limits_of(self, roles: frozenset[Role], limits: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
        """Of the permissions that are held by limited roles alone, for which legal entities they are held."""
        by_role = {role.value: frozenset(self._registry.grants.get(role.value, ())) for role in roles}
        unlimited = frozenset[str]().union(*(names for role, names in by_role.items() if role not in limits))
        found: dict[str, frozenset[str]] = {}
        for role, names in by_role.items():
            for name in names - unlimited:
                found[name] = found.get(name, frozenset()) | limits[role]
        return found

    def permissions_of(self, roles: frozenset[Role]) -> frozenset[str]:
        return frozenset().union(*(self._registry.grants.get(role.value, ()) for role in roles))

    def note_refusal(self, actor: Actor, permission: str) -> None:
        with acting(actor):
            record_alone("security.access_refused", Thing("permission", permission), "refused", {"path": request.path})


def roles_text(roles: frozenset[Role]) -> Text:
    """The titles of the roles in one line."""
    titles = [WORDS[role].title for role in Role if role in roles]
    if not titles:
        return Text("未分配岗位", "no role yet")
    return Text("、".join(each.zh for each in titles), ", ".join(each.en for each in titles))


def present_person() -> Person | None:
    """The person of the present request."""
    person = current_user._get_current_object()
    return person if isinstance(person, Person) else None


def open_door(signed_in: SignedIn) -> None:
    """Bind the browser to the new session; nothing that was in its cookie before survives, so none can be planted."""
    cookie.clear()
    user = signed_in.user
    login_user(person_of(user, signed_in.token))
    forget_visitor()


def close_door() -> None:
    """End the session of the present request."""
    person = present_person()
    if person is not None:
        sessions.end(person.token, "signed_out")
        record("security.signed_out", Thing("user", person.actor.id))
    logout_user()
    cookie.clear()
    forget_visitor()


def _keep(name: str, value: str) -> None:
    person = present_person()
    if person is not None:
        keep_preference(get_user(person.actor.id), name, value)


def install(app: Flask, registry: Registry) -> None:
    """Fit sign-in to `app`."""
    manager = LoginManager(app)
    # Flask-Login's own guess at a stolen cookie signs people out behind changing proxies; our sessions are on our side.
    manager.session_protection = None
    manager.user_loader(_load)
    recognise_with(app, PeopleRecognition(registry))
    links = (
        AccountLink(Text("我的账户", "My account"), "security.account", "user"),
        AccountLink(Text("我的权限", "My access"), "security.access", "key"),
    )
    use_account_pages(app, AccountPages("security.sign_in", "security.sign_out", links, _keep))

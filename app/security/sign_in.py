"""Signing in: one answer and one duration for every way it can fail, and a record of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.audit import Thing, record
from app.core import clock
from app.core.actor import Actor, acting
from app.core.db import current_session
from app.security import attempts, sessions
from app.security.models import User
from app.security.passwords import LONGEST, hash_password, outdated, password_matches, spend_the_same_time


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Success: `token` is for the browser."""

    user: User
    token: str


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Failure, without saying of what. `until`: no attempt counts before then."""

    until: datetime | None


def normal_username(typed: str) -> str:
    """The form in which user names are kept and compared."""
    return typed.strip().lower()[:64]


def find_user(username: str) -> User | None:
    return current_session().scalars(select(User).where(User.username == normal_username(username))).one_or_none()


def actor_of(user: User) -> Actor:
    """The actor that a person is, in the audit record and elsewhere."""
    return Actor(user.username, user.display_name, "person")


def sign_in(typed_name: str, password: str, address: str, agent: str) -> SignedIn | TurnedAway:
    """Check name and password and begin a session. A failure is counted and recorded in the running unit of work."""
    username = normal_username(typed_name)
    until = attempts.locked_until(username, address)
    if until is not None:
        # Not even a right password counts now, and no time is spent on it: the lock is no secret to whoever caused it.
        record("security.sign_in_locked_out", _thing(username), "refused")
        return TurnedAway(until)
    user = find_user(username)
    if len(password) > LONGEST or user is None:
        spend_the_same_time(password[:LONGEST])
        matches = False
    else:
        matches = password_matches(user.password_hash, password)
    if user is None or not matches or user.locked:
        return _turn_away(username, address, user)
    attempts.forget(username)
    if outdated(user.password_hash):
        user.password_hash = hash_password(password)
    user.signed_in_at = clock.now()
    token = sessions.begin(user, address, agent)
    with acting(actor_of(user)):
        record("security.signed_in", Thing("user", user.username))
    return SignedIn(user, token)


def _turn_away(username: str, address: str, user: User | None) -> TurnedAway:
    failures = attempts.note_failure(username, address)
    detail: dict[str, object] = {"failures": failures}
    if user is not None and user.locked:
        detail["locked"] = True
    record("security.sign_in_failed", _thing(username), "refused", detail)
    if failures == attempts.NAME_LIMIT:
        record("security.locked_out", _thing(username), "refused")
    return TurnedAway(attempts.locked_until(username, address))


def _thing(username: str) -> Thing:
    """Known names are recorded as they are, unknown ones as a mark: people type passwords into the wrong field."""
    known = find_user(username) is not None
    return Thing("user", username if known else f"?{attempts.name_mark(username)[:16]}")

"""Sessions: begun at sign-in, ended by the person, by idle time, by age, or by an administrator's hand.

The browser holds a random token, the database its digest; a stolen copy of the database opens no session.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy import select, update

from app.core import clock
from app.core.config import settings
from app.core.db import current_session
from app.security.models import SignedInSession, User

EndReason = Literal["signed_out", "idle", "aged", "replaced", "locked", "password", "roles"]

LONGEST: Final = timedelta(hours=12)
_SEEN_EVERY: Final = timedelta(seconds=20)
_AGENT_LENGTH: Final = 200


def digest(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def idle_limit() -> timedelta:
    return timedelta(minutes=settings().session_idle_minutes)


def begin(user: User, address: str, agent: str) -> str:
    """Begin a session for `user`; the token for the browser, which is nowhere else."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    session = SignedInSession(
        token_digest=digest(token),
        user=user,
        address=address,
        agent=agent[:_AGENT_LENGTH],
        started_at=now,
        seen_at=now,
    )
    current_session().add(session)
    current_session().flush()
    return token


def live(token: str) -> SignedInSession | None:
    """The session of that token while it lasts; None once it is over, by whatever cause."""
    found = current_session().get(SignedInSession, digest(token))
    if found is None or found.ended_at is not None or found.user.locked or overdue(found) is not None:
        return None
    return found


def overdue(session: SignedInSession) -> EndReason | None:
    """Why the session's time is up; None while it is not."""
    now = clock.now()
    if now - session.seen_at >= idle_limit():
        return "idle"
    return "aged" if now - session.started_at >= LONGEST else None


def wants_touch(session: SignedInSession) -> bool:
    """Whether the last sign of life is old enough to be worth a write."""
    return clock.now() - session.seen_at >= _SEEN_EVERY


def touch(token: str) -> None:
    """Note a sign of life: the idle time starts anew."""
    found = live(token)
    if found is not None:
        found.seen_at = clock.now()


def end(token: str, reason: EndReason) -> None:
    """End the session of that token, if it has not ended."""
    found = current_session().get(SignedInSession, digest(token))
    if found is not None and found.ended_at is None:
        found.ended_at, found.end_reason = clock.now(), reason


def end_all(user: User, reason: EndReason, but: str | None = None) -> int:
    """End all sessions of `user`, save the one of the token `but`; how many."""
    statement = (
        update(SignedInSession)
        .where(SignedInSession.user_id == user.id, SignedInSession.ended_at.is_(None))
        .values(ended_at=clock.now(), end_reason=reason)
    )
    if but is not None:
        statement = statement.where(SignedInSession.token_digest != digest(but))
    result = current_session().execute(statement)
    return int(result.rowcount)  # type: ignore[attr-defined] # an UPDATE always has one


def live_sessions(user: User) -> list[SignedInSession]:
    """The sessions of `user` that last, newest first."""
    rows = current_session().scalars(
        select(SignedInSession)
        .where(SignedInSession.user_id == user.id, SignedInSession.ended_at.is_(None))
        .order_by(SignedInSession.started_at.desc())
    )
    return [each for each in rows if overdue(each) is None]


def is_of(session: SignedInSession, token: str) -> bool:
    """Whether that is the session of the token."""
    return secrets.compare_digest(session.token_digest, digest(token))

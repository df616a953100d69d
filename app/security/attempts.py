"""Lockout: after five failures a user name, after twenty an address, waits a quarter of an hour from the last of them.

It counts names that do not exist like those that do, so that lockout does not tell which exist. An address gets more,
for a branch may stand behind one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, func, select

from app.core import clock
from app.core.crypto import key_ring
from app.core.db import current_session
from app.security.models import FailedSignIn

NAME_LIMIT: Final = 5
ADDRESS_LIMIT: Final = 20
WINDOW: Final = timedelta(minutes=15)
_KEPT: Final = timedelta(days=1)


def name_mark(username: str) -> str:
    """The fingerprint under which attempts for that name are counted."""
    return key_ring().fingerprint("security_failed_sign_in.name_mark", username)


def locked_until(username: str, address: str) -> datetime | None:
    """Until when neither name nor address may try again; None when they may now."""
    of_name = _full_until(FailedSignIn.name_mark == name_mark(username), NAME_LIMIT)
    of_address = _full_until(FailedSignIn.address == address, ADDRESS_LIMIT)
    return max((each for each in (of_name, of_address) if each), default=None)


def name_locked(username: str) -> bool:
    """Whether that name alone is locked out at present."""
    return _full_until(FailedSignIn.name_mark == name_mark(username), NAME_LIMIT) is not None


def _full_until(whose: ColumnElement[bool], limit: int) -> datetime | None:
    now = clock.now()
    count, last = (
        current_session()
        .execute(select(func.count(), func.max(FailedSignIn.at)).where(whose, FailedSignIn.at > now - WINDOW))
        .one()
    )
    return last + WINDOW if count >= limit else None


def note_failure(username: str, address: str) -> int:
    """Count one failure; how many the name now has within the window."""
    session, now = current_session(), clock.now()
    session.execute(delete(FailedSignIn).where(FailedSignIn.at < now - _KEPT))
    session.add(FailedSignIn(at=now, name_mark=name_mark(username), address=address))
    session.flush()
    return (
        session.scalar(
            select(func.count()).where(FailedSignIn.name_mark == name_mark(username), FailedSignIn.at > now - WINDOW)
        )
        or 0
    )


def forget(username: str) -> None:
    """After a success, or by an administrator's hand, the name starts anew."""
    current_session().execute(delete(FailedSignIn).where(FailedSignIn.name_mark == name_mark(username)))

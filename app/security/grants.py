"""Roles that are held for a time: granted at a request, prolonged, and taken back when the time is over.

A role given by hand has no end and belongs to no request: what a request does never touches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from app.core import clock
from app.core.clock import CHINA
from app.core.db import current_session
from app.security.accounts import set_roles
from app.security.models import AccessRequest, RoleGrant, User
from app.security.roles import Role

LONGEST_DAYS: Final = 180
"""So long at most a role is held before somebody must confirm it (house rule)."""
REVIEW_DAYS: Final = 14
"""So many days before its end a manager is asked whether the role is still needed."""
_HOUR: Final = time(9)


@dataclass(frozen=True, slots=True)
class Term:
    """How long a role is held: through the day `until`, with a review from `review_at`, if the term is long enough."""

    until: date
    held: bool

    @property
    def review_at(self) -> datetime:
        return datetime.combine(self.until - timedelta(days=REVIEW_DAYS), _HOUR, CHINA)

    @property
    def to_review(self) -> bool:
        return self.held and self.review_at > clock.now()

    def as_result(self) -> dict[str, Any]:
        """What diagrams know it by; dates as text."""
        return {
            "until": self.until.isoformat(),
            "review_at": self.review_at.isoformat(),
            "to_review": self.to_review,
            "held": self.held,
        }


def user_of(request: AccessRequest) -> User:
    """Who asked."""
    return current_session().get_one(User, request.user_id)


def grant_of(request: AccessRequest) -> RoleGrant | None:
    """The grant that came of the request; None where there is none, or none any more."""
    return next((each for each in user_of(request).grants if each.request == request.id), None)


def grant_role(request: AccessRequest, by: str) -> Term:
    """Let the asker hold the role until the day that was asked for; once, however often it is called.

    `by` is whose decision it is. Raises Invalid (`security.roles_exclusive`). A role that was given by hand meanwhile stays as it is.
    """
    user, role = user_of(request), Role(request.role)
    if role not in user.roles:
        set_roles(user, {*(each.value for each in user.roles), role.value})
        made = next(each for each in user.grants if each.role == role.value)
        made.until, made.request, made.granted_by = request.until, request.id, by
        current_session().flush()
    found = grant_of(request)
    return Term(found.until or request.until if found else request.until, found is not None)


def extend_role(request: AccessRequest, until: date) -> Term:
    """Let the role be held until a later day. A role that was taken away by hand meanwhile does not come back."""
    found = grant_of(request)
    if found is None:
        return Term(request.until, False)
    found.until = request.until = until
    current_session().flush()
    return Term(until, True)


def revoke_role(request: AccessRequest) -> bool:
    """Take the role back; whether it was still held. Raises Conflict (`security.last_administrator`)."""
    found = grant_of(request)
    if found is None:
        return False
    user = user_of(request)
    set_roles(user, {each.value for each in user.roles if each.value != found.role})
    return True

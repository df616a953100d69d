"""Secrets by name: the list of sources says which one, the database keeps it sealed, nobody is ever shown it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select

from app.audit import Thing, record
from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session, unit_of_work
from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.submission.sources.models import SourceCredential

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,79}")


@dataclass(frozen=True, slots=True)
class Credential:
    """User and secret; neither stands in its representation."""

    name: str
    user: str = field(repr=False)
    secret: str = field(repr=False)


def keep(name: str, user: str, secret: str) -> None:
    """Keep a secret under a name, in place of the one before. Raises Invalid (`submission.credential`)."""
    if not NAME.fullmatch(name) or not secret or "\0" in user + secret:
        raise Invalid(
            "submission.credential",
            Text("凭据须有小写名称和内容", "A credential needs a name in small letters and a secret"),
        )
    session = current_session()
    found = session.get(SourceCredential, name) or SourceCredential(name=name)
    found.user, found.secret = user, secret
    found.set_by, found.set_at = current_actor().id, clock.now()
    session.add(found)
    session.flush()
    record("submission.credential_set", Thing("credential", name))


def remove(name: str) -> None:
    """Forget a secret. Raises NotFound."""
    session = current_session()
    session.delete(_row(name))
    session.flush()
    record("submission.credential_removed", Thing("credential", name))


def credential(name: str) -> Credential:
    """The secret of that name. Raises NotFound (`submission.credential_missing`)."""
    with unit_of_work(reading=True):
        row = _row(name)
        return Credential(name, row.user, row.secret)


def names() -> tuple[str, ...]:
    """The names under which something is kept."""
    return tuple(current_session().scalars(select(SourceCredential.name).order_by(SourceCredential.name)))


def _row(name: str) -> SourceCredential:
    found = current_session().get(SourceCredential, name)
    if found is None:
        raise NotFound(
            "submission.credential_missing",
            Text("没有名为 {name} 的凭据", "There is no credential named {name}").format(name=name),
        )
    return found

"""What is said about a case by who works on it; `@name` says it to somebody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from app.core import clock
from app.core.db import current_session
from app.core.errors import Invalid
from app.core.events import publish
from app.core.people import Person, directory
from app.core.text import Text
from app.workflow.inbox.events import CommentMade
from app.workflow.models import Comment, Mention

MOST: int = 2_000


def add_comment(author: str, instance_id: str, text: str, task_id: str | None = None) -> Comment:
    """Say something about a case. Raises Invalid (`workflow.comment`) for nothing and for more than 2,000 characters."""
    said = text.strip()
    if not said or len(said) > MOST or "\x00" in said:
        raise Invalid(
            "workflow.comment", Text(f"请填写备注，至多 {MOST} 字", f"Say something, in at most {MOST} characters")
        )
    mentioned = mentions(said, directory().everyone())
    made = Comment(
        instance_id=instance_id, task_id=task_id, at=clock.now(), author=author, text=said, mentions=mentioned
    )
    session = current_session()
    session.add(made)
    session.flush()
    session.add_all(Mention(comment_id=made.id, person=person) for person in mentioned if person != author)
    session.flush()
    publish(CommentMade(instance_id, made.id, task_id, tuple(mentioned)))
    return made


def comments_of(instance_id: str) -> Sequence[Comment]:
    """Everything that was said about a case, earliest first."""
    return current_session().scalars(select(Comment).filter_by(instance_id=instance_id).order_by(Comment.id)).all()


def mentions(text: str, people: Iterable[Person]) -> list[str]:
    """The ids of everybody who is named after an `@`, by id or by name, the longest fitting name each time.

    Chinese words may follow a name without a space; an id or a name in Latin letters ends where its letters end.
    """
    known: dict[str, list[str]] = {}
    for each in people:
        for called in {each.id.casefold(), each.name.casefold()} - {""}:
            known.setdefault(called, []).append(each.id)
    names = sorted(known, key=len, reverse=True)
    found: list[str] = []
    for part in text.casefold().replace("＠", "@").split("@")[1:]:
        named = next((name for name in names if part.startswith(name) and _ends(name, part)), None)
        found += [each for each in known.get(named or "", ()) if each not in found]
    return found


def _ends(name: str, part: str) -> bool:
    following = part[len(name) : len(name) + 2]
    if not name[-1].isascii() or not following or not following[0].isascii():
        return True
    # A full stop after a name ends the sentence; within an id it goes on.
    return not (
        following[0].isalnum() or (following[0] in "._-" and following[1:].isalnum() and following[1:].isascii())
    )

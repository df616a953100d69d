"""The history of held records: who did or said what, when. Lines are added and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import insert, select

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.text import Text
from app.submission.models import HeldNote, HeldRecord

EVENTS: Final = {
    "opened": Text("登记", "Opened"),
    "judged": Text("再次判定", "Judged again"),
    "assigned": Text("分派", "Assigned"),
    "chosen": Text("选定处理方式", "Way to mend chosen"),
    "comment": Text("说明", "Comment"),
    "asked": Text("申请操作", "Operation asked for"),
    "approved": Text("申请已复核同意", "Request approved"),
    "refused": Text("申请未获同意", "Request refused"),
    "withdrawn": Text("申请已撤回", "Request taken back"),
    "sent": Text("更正已报出", "Correction sent"),
    "returned": Text("更正被退回", "Correction came back"),
    "released": Text("允许原样重报", "May be sent again unchanged"),
    "closed": Text("办结", "Closed"),
}
"""What can stand in a history, in words."""
_STANDING: Final = ("opened", "judged", "sent", "returned", "released")


def note(held: HeldRecord, what: str, text: str) -> None:
    """Add a line."""
    current_session().add(HeldNote(held_id=held.id, at=clock.now(), actor=current_actor().id, what=what, text=text))


def note_all(numbers: Sequence[int], what: str, text: str) -> None:
    """Add the same line to many."""
    if numbers:
        line = {"at": clock.now(), "actor": current_actor().id, "what": what, "text": text}
        current_session().execute(insert(HeldNote), [line | {"held_id": number} for number in numbers])


def history_of(held: HeldRecord) -> list[HeldNote]:
    """The lines of a held record, the newest first."""
    query = select(HeldNote).filter_by(held_id=held.id).order_by(HeldNote.id.desc())
    return list(current_session().scalars(query))


def released(held: Sequence[HeldRecord]) -> set[int]:
    """The numbers of those that were let go unchanged and have not gone out, nor been judged again, since."""
    newest: dict[int, str] = {}
    numbers = [each.id for each in held]
    for start in range(0, len(numbers), 500):
        chosen = HeldNote.held_id.in_(numbers[start : start + 500]), HeldNote.what.in_(_STANDING)
        query = select(HeldNote.held_id, HeldNote.what).where(*chosen).order_by(HeldNote.id)
        newest |= {row.held_id: row.what for row in current_session().execute(query)}
    return {number for number, what in newest.items() if what == "released"}

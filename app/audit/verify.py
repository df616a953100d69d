"""Checking the chain: that no entry was changed, put in, taken out or cut off at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from app.audit.models import AuditEntry, AuditHead
from app.audit.record import START, digest_of
from app.core.db import current_session
from app.core.text import Text

_CHUNK: Final = 2_000
_MOST_BREAKS: Final = 100


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the chain does not hold. `number` is the entry's; for the end of the chain, the last one's."""

    number: int
    what: Text


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. `last_digest`, noted outside the system, later proves that the record has only grown."""

    entries: int
    last_number: int
    last_digest: str
    breaks: tuple[Break, ...]

    @property
    def whole(self) -> bool:
        return not self.breaks


def count_entries() -> int:
    """How many entries there are; for showing progress."""
    return current_session().scalar(select(func.count()).select_from(AuditEntry)) or 0


def verify(progress: Callable[[int], None] | None = None) -> Verdict:
    """Check every entry, oldest first; `progress` is told how many have been read. At most 100 breaks are given."""
    breaks: list[Break] = []
    read, number, digest = 0, 0, START
    for entry in _entries():
        read += 1
        if len(breaks) < _MOST_BREAKS:
            breaks.extend(_breaks_at(entry, number, digest))
        number, digest = entry.number, entry.digest
        if progress is not None and read % _CHUNK == 0:
            progress(read)
    head = current_session().scalars(select(AuditHead).execution_options(populate_existing=True)).one_or_none()
    known = (head.number, head.digest) if head else (0, START)
    if known != (number, digest):
        breaks.append(
            Break(
                number,
                Text(
                    f"链尾应为第 {known[0]} 条，实际到第 {number} 条：末尾有记录被删除或替换",
                    f"the chain should end at entry {known[0]} and ends at {number}: its end was removed or replaced",
                ),
            )
        )
    if progress is not None:
        progress(read)
    return Verdict(read, number, digest, tuple(breaks))


def _breaks_at(entry: AuditEntry, number: int, digest: str) -> Iterator[Break]:
    if entry.number != number + 1:
        yield Break(
            entry.number,
            Text(
                f"第 {number} 条之后缺少记录，下一条是第 {entry.number} 条",
                f"entries are missing between {number} and {entry.number}",
            ),
        )
    elif entry.previous_digest != digest:
        yield Break(entry.number, Text("与上一条记录的衔接不符", "it does not follow from the entry before it"))
    if entry.digest != digest_of(entry):
        yield Break(
            entry.number, Text("内容与其摘要不符，已被改动", "its content does not fit its digest: it was changed")
        )


def _entries() -> Iterator[AuditEntry]:
    session, last = current_session(), 0
    while True:
        chunk = session.scalars(
            select(AuditEntry).where(AuditEntry.number > last).order_by(AuditEntry.number).limit(_CHUNK)
        ).all()
        yield from chunk
        session.expunge_all()
        if len(chunk) < _CHUNK:
            return
        last = chunk[-1].number

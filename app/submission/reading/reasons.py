"""Why records of a batch were due or not: counts by reason, the subjects behind each, and one subject's answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select

from app.core.db import current_session
from app.core.text import Text
from app.submission.derive.reasons import REASONS, reasons_select, scopes_of
from app.submission.derive.scope import Scope
from app.submission.lake import lake
from app.submission.models import Batch, StageRun
from app.submission.reading.days import item_title
from app.submission.rulings import condition_sql
from app.submission.tables import record_type

_KEPT = 64


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many subjects of a record type have a reason; `changed` names the segments or items that differ."""

    reason: str
    changed: tuple[str, ...]
    subjects: int

    @property
    def title(self) -> Text:
        return REASONS[self.reason].title

    @property
    def due(self) -> bool:
        return REASONS[self.reason].due


def reasons_of(batch: Batch, code: str, key: str = "") -> str | None:
    """SELECT of key, reason, changed and point; None where the type was not derived, or before this was noted.

    `key` asks for one business key alone.
    """
    query = select(StageRun.part, StageRun.detail).filter_by(batch_id=batch.id, stage="derive")
    found = current_session().execute(query.where(StageRun.part.startswith(f"{code}/")).order_by(StageRun.part)).all()
    parts = {part: detail for part, detail in found if "snapshot" in detail}
    if not parts or len(parts) < len(found):
        return None
    scope = Scope(batch.id, batch.business_date, batch.provider, 0, 1, (), condition_sql)
    return reasons_select(code, scopes_of(scope, parts, key))


def reason_counts(batch: Batch, code: str) -> tuple[ReasonCount, ...]:
    """Subjects by reason and by what has changed, those due first and then the most frequent."""
    chosen = reasons_of(batch, code)
    return _counted(chosen) if chosen else ()


@lru_cache(maxsize=_KEPT)
def _counted(chosen: str) -> tuple[ReasonCount, ...]:
    # What a snapshot says does not change any more, so it is asked once.
    rows = lake().rows(
        f"SELECT reason, CASE WHEN reason = 'changed' THEN changed ELSE [] END AS differs, count(*) FROM ({chosen}) GROUP BY ALL"
    )
    counts = [ReasonCount(reason, tuple(changed), int(number)) for reason, changed, number in rows]
    return tuple(sorted(counts, key=lambda each: (not each.due, -each.subjects, each.reason, each.changed)))


@dataclass(frozen=True, slots=True)
class Why:
    """The answer for one subject."""

    reason: str
    changed: tuple[str, ...]
    point: str

    @property
    def title(self) -> Text:
        return REASONS[self.reason].title


def why(batch: Batch, code: str, key: str) -> Why | None:
    """Why one subject's record was due or not; None where the day knew no such subject."""
    chosen = reasons_of(batch, code, key)
    rows = lake().rows(f"SELECT reason, changed, point FROM ({chosen}) WHERE key = ?", [key]) if chosen else []
    return Why(rows[0][0], tuple(rows[0][1]), rows[0][2] or "") if rows else None


def changed_title(code: str, name: str) -> Text:
    """What a changed segment, or an item of a record without segments, is called."""
    found = next((segment.title for segment in record_type(code).segments if segment.code == name), None)
    return found or item_title(name)

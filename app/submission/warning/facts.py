"""What early-warning rules may see: the reporting day of a legal entity, each of its sources, each of its record types.

Beside a figure stands what is usual: the median of the ten reporting days before. Where there are fewer than three of them
nothing is usual yet, and rules that ask it stay silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, Final, Literal

from sqlalchemy import select

from app.core import clock
from app.core.db import current_session, database
from app.core.db.rows import inserting_if_new
from app.submission.counts import standardised_by_entity
from app.submission.lake import lake
from app.submission.models import Batch, ReportFile, StageRun
from app.submission.reading.batches import BatchView, deadline_of, view_batch
from app.submission.tables import MAIN_ENTITY, RECORD_TYPES, standard_tables

EARLIER: Final = 10
_LEAST: Final = 3
_BALANCES: Final = {"210": "personal_performance", "410": "corporate_performance"}
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something of a reporting day that is judged. `kind`: the day itself (`name` empty), a source, or a record type.

    A rule is about what it blames: one that blames `day.…` says nothing of a source, though it could be asked of it.
    """

    kind: Literal["day", "source", "type"]
    name: str
    fact: Mapping[str, Any]


def things_of(provider: str, day: date) -> tuple[Thing, ...]:
    """All that is to be judged of a legal entity's reporting day, as it stands now."""
    batch = current_session().scalar(select(Batch).filter_by(provider=provider, business_date=day))
    if batch is None:
        left = _hours(clock.now(), deadline_of(day).moment)
        return (Thing("day", "", {"day": {"begun": False, "status": "none", "sent": False, "hours_left": left}}),)
    view = view_batch(batch)
    whole = _day(view)
    earlier = _earlier(batch)
    return (
        Thing("day", "", {"day": whole}),
        *(Thing("source", name, {"day": whole, "source": fact}) for name, fact in _sources(view, earlier)),
        *(Thing("type", code, {"day": whole, "type": fact}) for code, fact in _types(view, earlier)),
    )


def _hours(start: datetime, end: datetime) -> int:
    """Whole hours from one moment to another; below nought when it is past."""
    return int((end - start) // _HOUR)


def _day(view: BatchView) -> dict[str, Any]:
    now, batch = clock.now(), view.batch
    query = select(ReportFile.sent_at, ReportFile.status).filter_by(batch_id=batch.id)
    files = current_session().execute(query).all()
    unanswered = [sent for sent, status in files if sent is not None and status != "answered"]
    fact: dict[str, Any] = {
        "begun": True,
        "status": view.status,
        "sent": view.deadline.met_at is not None or view.status in ("done", "stopped"),
        "hours_left": _hours(now, view.deadline.moment),
        "hours_begun": _hours(batch.created_at, now),
    }
    if unanswered:
        fact["feedback_hours"] = _hours(max(unanswered), now)
    return fact


def _earlier(batch: Batch) -> list[Batch]:
    query = select(Batch).where(
        Batch.provider == batch.provider, Batch.business_date < batch.business_date, Batch.status == "done"
    )
    return list(current_session().scalars(query.order_by(Batch.business_date.desc()).limit(EARLIER)))


def _usual(figures: Sequence[int]) -> int | None:
    return int(median(figures)) if len(figures) >= _LEAST else None


def _known(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _sources(view: BatchView, earlier: Sequence[Batch]) -> Iterator[tuple[str, dict[str, Any]]]:
    query = select(StageRun.part, StageRun.rows).where(
        StageRun.stage == "collect", StageRun.batch_id.in_([each.id for each in earlier])
    )
    before: dict[str, list[int]] = {}
    for name, rows in current_session().execute(query):
        before.setdefault(name, []).append(rows)
    for source in view.sources:
        usual = _usual(before.get(source.name, []))
        yield source.name, _known(name=source.name, state=source.state, rows=source.rows, usual_rows=usual)


def _types(view: BatchView, earlier: Sequence[Batch]) -> Iterator[tuple[str, dict[str, Any]]]:
    entities = standardised_by_entity(view.batch.id)
    if not entities:
        return
    balances = _balances(view.batch)
    previous = _balances(earlier[0]) if earlier else {}
    for code in RECORD_TYPES:
        counts = view.counts.get(code, {})
        before = [each.counts[code] for each in earlier if code in each.counts]
        yield (
            code,
            _known(
                code=code,
                due=counts.get("due", 0),
                usual_due=_usual([each.get("due", 0) for each in before]),
                sent=counts.get("sent", 0),
                blocked_permille=_permille(counts, "blocked", "due"),
                usual_blocked_permille=_usual(
                    [_permille(each, "blocked", "due") for each in before if each.get("due")]
                ),
                rejected_permille=_permille(counts, "rejected", "sent"),
                usual_rejected_permille=_usual(
                    [_permille(each, "rejected", "sent") for each in before if each.get("sent")]
                ),
                entities=entities.get(MAIN_ENTITY.get(code, ""), 0),
                usual_entities=_usual([each.get("standardised", 0) for each in before]),
                balance=balances.get(code),
                previous_balance=previous.get(code),
            ),
        )


def _permille(counts: Mapping[str, int], part: str, whole: str) -> int:
    return counts.get(part, 0) * 1000 // counts[whole] if counts.get(whole) else 0


def _balances(batch: Batch) -> dict[str, int]:
    """Total balances in whole yuan by record type; once records have been derived from them they are kept with the batch."""
    session = current_session()
    query = select(StageRun.part, StageRun.detail).filter_by(batch_id=batch.id, stage=_KEPT)
    kept = session.execute(query).first()
    if kept is not None:
        return dict(kept[1])
    found = summed_balances(batch.provider, batch.business_date)
    derived = select(StageRun.id).filter_by(batch_id=batch.id, stage="derive").limit(1)
    if session.scalar(derived) is not None:
        values = {"batch_id": batch.id, "stage": _KEPT, "part": "all", "rows": 0, "seconds": 0.0, "detail": found}
        into = inserting_if_new(database().kind, StageRun)
        session.execute(into.values(**values, finished_at=clock.now()))
    return found


_KEPT: Final = "balance"


def summed_balances(provider: str, day: date) -> dict[str, int]:
    """Total balances of a legal entity's accounts on a business day, as the sources have them."""
    found = {}
    for code, entity in _BALANCES.items():
        kind = " AND kind = 'D'" if code == "210" else ""
        total = lake().value(
            f'SELECT sum(TRY_CAST("AcctBal" AS HUGEINT)) FROM {standard_tables()[entity].path}'
            f" WHERE business_date = ? AND _provider = ?{kind}",
            [day, provider],
        )
        found[code] = int(total or 0)
    return found

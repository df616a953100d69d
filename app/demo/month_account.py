"""What became of each trouble of a month, as our own books tell it: how it was met, not whether all is well in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.core.db import unit_of_work
from app.demo.month_lenders import Lender
from app.simulator.centre.dump import dump
from app.simulator.troubles import CENTRE, Trouble
from app.submission.models import Batch, FeedbackDelivery, HeldRecord
from app.submission.service import standing
from app.submission.sources.models import MappingEdition, SourceLoad

_HAPPENINGS = {
    "rebooked_loan": ("loan_rebook", "211"),
    "merged_customer": ("cust_merge", "114"),
    "void_account": ("loan_void", "214"),
    "restated_settlement": ("restated", "212"),
}
"""What befalls accounts and customers: the bank's table of it, and the operation by which the centre hears of it."""


def account_of_troubles(
    troubles: Sequence[Trouble], lenders: Sequence[Lender], centre: Path, last: date
) -> list[dict[str, Any]]:
    """One entry a trouble: kind, entity, source, day, whether it needs a person, and `handled`."""
    told = []
    for each in troubles:
        entity = "" if each.bank == CENTRE else lenders[each.bank].section
        known = {"kind": each.kind, "entity": entity, "source": each.source, "day": each.day.isoformat()}
        told.append(known | {"needs_person": bool(each.acts), "handled": _handled(each, entity)})
    carried_out = dump(centre)["operations"]
    happened: Counter[str] = Counter()
    for lender in lenders:
        with lender.world.standing(last) as (bank, _):
            for kind, (table, _) in _HAPPENINGS.items():
                counted = bank.execute(f"SELECT count(*) FROM {table}").fetchone()
                happened[kind] += int(counted[0]) if counted else 0
    for kind, (_, operation) in _HAPPENINGS.items():
        handled = {"operation": operation, "carried_out": carried_out.get(operation, 0)}
        told.append({"kind": kind, "number": happened[kind], "needs_person": False, "handled": handled})
    return told


def _handled(trouble: Trouble, entity: str) -> Any:
    if trouble.kind in ("late", "repeated", "garbage"):
        return _loads(entity, trouble)
    if trouble.kind == "drift":
        return _drift(entity, trouble)
    if trouble.kind == "wrong_code":
        return _new_code(entity, trouble)
    if trouble.kind == "centre_away":
        return _caught_up(trouble)
    outcome = "unreadable" if trouble.kind == "garbled_feedback" else "repeated"
    with unit_of_work(reading=True) as session:
        query = select(func.count()).select_from(FeedbackDelivery).where(FeedbackDelivery.outcome == outcome)
        return {outcome: session.scalar(query)}


def _loads(entity: str, trouble: Trouble) -> list[dict[str, str]]:
    """What was noted of the source's delivery of that day, in order."""
    with unit_of_work(reading=True) as session:
        query = select(SourceLoad).filter_by(provider=entity, source=trouble.source, business_date=trouble.day)
        return [
            {"state": load.state, "reason": load.reason_code, "at": load.at.isoformat()}
            for load in session.scalars(query.order_by(SourceLoad.id))
        ]


def _drift(entity: str, trouble: Trouble) -> list[dict[str, Any]]:
    with unit_of_work(reading=True) as session:
        query = select(SourceLoad).filter_by(provider=entity, source=trouble.source, business_date=trouble.day)
        return [{"state": load.state, **each} for load in session.scalars(query) for each in load.drift]


def _new_code(entity: str, trouble: Trouble) -> dict[str, Any]:
    with unit_of_work(reading=True) as session:
        held = session.scalars(select(HeldRecord).filter_by(provider=entity, cause_tag="RepayFreqcy")).all()
        edition = session.scalar(select(MappingEdition).filter_by(source=trouble.source, state="approved"))
        return {
            "held": len(held),
            "closed": sum(each.status == "closed" for each in held),
            "mapping_in_force_from": edition.effective_from.isoformat() if edition and edition.effective_from else None,
        }


def _caught_up(trouble: Trouble) -> list[dict[str, Any]]:
    """The batches that found the centre away, and when each was done."""
    days = [trouble.day + timedelta(days=number) for number in range(trouble.days)]
    with unit_of_work(reading=True) as session:
        query = select(Batch).where(Batch.business_date.in_(days)).order_by(Batch.id)
        return [
            {
                "batch": batch.id,
                "begun": batch.created_at.isoformat(),
                "done": batch.finished_at.isoformat() if batch.finished_at else None,
            }
            for batch in session.scalars(query)
        ]


def standing_batches() -> list[dict[str, str]]:
    """Batches that have not come to their end, and where they stand."""
    with unit_of_work(reading=True) as session:
        query = select(Batch).where(Batch.status != "done").order_by(Batch.id)
        return [{"batch": batch.id, "stands": standing(batch)} for batch in session.scalars(query)]


def held_records() -> dict[str, Any]:
    """Exceptions of the month: how many there were, how many are open, and why these."""
    with unit_of_work(reading=True) as session:
        held = session.scalars(select(HeldRecord)).all()
        open_now = [each for each in held if each.status != "closed"]
        why = Counter(
            f"{each.record_type} {each.kind} {each.cause_rule or each.cause_code} {each.cause_tag}" for each in open_now
        )
        return {"opened": len(held), "open": len(open_now), "why": dict(sorted(why.items()))}

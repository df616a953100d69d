"""The ledger of loads: what became of every delivery, and what that means for the next.

The same bytes are taken once; other bytes under the same serial are refused. A load rests on the last one that landed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.errors import CreditLinkError, Invalid
from app.core.events import publish
from app.core.text import Text
from app.submission.mapping import SourceMapping
from app.submission.sources.events import DeliveryLate, SourceDrifted, SourceStopped
from app.submission.sources.landing import Base, Landed
from app.submission.sources.models import SourceLoad

TAKEN: Final = ("landed", "late")
"""States of loads whose rows are in the lake."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery that has been brought: what identifies it, and where it lay."""

    provider: str
    source: str
    business_date: date
    place: str
    digest: str = ""
    size: int = 0
    serial: str = ""
    stamps: Mapping[str, str] = field(default_factory=dict)
    watermarks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Before:
    """The newest load of a source before a day that is in the lake."""

    base: Base
    stamps: Mapping[str, str]
    watermarks: Mapping[str, str]
    serial: str


def before(provider: str, source: str, day: date) -> Before | None:
    """What a load of a legal entity's source for `day` rests on; None where there is nothing yet."""
    with unit_of_work(reading=True) as session:
        query = select(SourceLoad).filter_by(provider=provider, source=source)
        query = query.where(SourceLoad.business_date < day, SourceLoad.state.in_(TAKEN))
        found = session.scalar(query.order_by(SourceLoad.business_date.desc(), SourceLoad.id.desc()).limit(1))
        if found is None:
            return None
        rows = {table: int(count) for table, count in found.rows.items()}
        rows |= {table: int(counts["state"]) for table, counts in found.applied.items()}
        shapes = {table: dict(pairs) for table, pairs in found.columns.items()}
        base = Base(found.business_date, shapes, rows)
        return Before(base, dict(found.stamps), dict(found.watermarks), found.serial)


def refuse_repeated(arrival: Arrival, *, changes: bool) -> None:
    """Raises Invalid where a delivery's serial was used for other bytes (`submission.delivery_serial`), or where it has been
    taken for another day (`submission.delivery_repeated`): told by its serial, or for changes by its bytes.

    A full delivery without a serial may well be the same on two days, when nothing has happened.
    """
    with unit_of_work(reading=True) as session:
        earlier = select(SourceLoad).filter_by(provider=arrival.provider, source=arrival.source)
        earlier = earlier.where(SourceLoad.state.in_(TAKEN))
        if arrival.serial:
            used = session.scalars(earlier.where(SourceLoad.serial == arrival.serial)).all()
            other = next((load for load in used if load.digest != arrival.digest), None)
            if other is not None:
                raise Invalid(
                    "submission.delivery_serial",
                    Text(
                        "{source} 的批号 {serial} 已于 {day} 收过，内容不同，不予接收",
                        "{source} has delivered other content under the serial {serial}, taken for {day}; this is refused",
                    ).format(source=arrival.source, serial=arrival.serial, day=other.business_date),
                )
            again = next((load for load in used if load.business_date != arrival.business_date), None)
        else:
            again = session.scalar(
                earlier.where(
                    SourceLoad.digest == arrival.digest, SourceLoad.business_date != arrival.business_date
                ).limit(1)
            )
            again = again if changes else None
        if again is not None:
            raise Invalid(
                "submission.delivery_repeated",
                Text(
                    "{source} 重复送达了 {day} 的数据，当日的数据尚未送达",
                    "{source} has delivered the data of {day} again; those of the day have not come",
                ).format(source=arrival.source, day=again.business_date),
            )


def note_landed(arrival: Arrival, mapping: SourceMapping, landed: Landed, *, late: bool = False) -> None:
    """Write down that a delivery is in the lake; drift and lateness are told. Safe to repeat."""
    with unit_of_work() as session:
        # What was taken for the day before has been replaced in the lake by this.
        for other in session.scalars(
            select(SourceLoad).filter_by(
                provider=arrival.provider, source=arrival.source, business_date=arrival.business_date
            )
        ):
            if other.digest != arrival.digest and other.state in TAKEN:
                other.state = "replaced"
        known = _row(arrival)
        told = known.state in TAKEN
        known.state = "late" if late else "landed"
        known.kind = _kind(mapping)
        known.rows, known.applied, known.columns = landed.rows, landed.applied, _ordered(landed.columns)
        known.drift = [each.as_data() for each in landed.drift]
        known.reconciled = [each.as_data() for each in landed.figures]
        known.watermarks, known.stamps = dict(arrival.watermarks), dict(arrival.stamps)
        known.mapping = mapping.edition
        known.reason_code, known.reason = "", {}
        session.flush()
        if landed.drift and not told:
            needed = sum(each.needed for each in landed.drift)
            publish(SourceDrifted(arrival.provider, arrival.source, arrival.business_date, len(landed.drift), needed))
        if late and not told:
            publish(DeliveryLate(arrival.provider, arrival.source, arrival.business_date))


def note_stopped(arrival: Arrival, mapping: SourceMapping | None, problem: CreditLinkError) -> None:
    """Write down why a delivery was not taken, and tell it once. What is in the lake stays as it was."""
    with unit_of_work() as session:
        known = _row(arrival)
        if known.state in TAKEN:
            return
        state = "missing" if problem.code == "submission.delivery_missing" else "stopped"
        told = (known.state, known.reason_code) == (state, problem.code)
        known.state, known.reason_code = state, problem.code
        known.reason = {"zh": problem.message.zh, "en": problem.message.en}
        if mapping is not None:
            known.kind, known.mapping = _kind(mapping), mapping.edition
        session.flush()
        if not told:
            message = problem.message
            publish(
                SourceStopped(
                    arrival.provider, arrival.source, arrival.business_date, problem.code, message.zh, message.en
                )
            )


def _kind(mapping: SourceMapping) -> str:
    kinds = {table.load.kind for table in mapping.tables.values() if table.load}
    return "changes" if "changes" in kinds else "watermark" if kinds else "full"


def _row(arrival: Arrival) -> SourceLoad:
    session = current_session()
    key: dict[str, Any] = {
        "provider": arrival.provider,
        "source": arrival.source,
        "business_date": arrival.business_date,
        "digest": arrival.digest,
    }
    found = session.scalar(select(SourceLoad).filter_by(**key))
    if found is None:
        found = SourceLoad(**key, state="")
        session.add(found)
    found.serial, found.place, found.size = arrival.serial, arrival.place[:500], arrival.size
    found.at = clock.now()
    return found


def _ordered(columns: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Columns as pairs: JSONB does not keep the order of names."""
    return {table: [[name, kind] for name, kind in shape.items()] for table, shape in columns.items()}

"""Deliveries that come after the batch of their day has gone on without them.

They are taken into landing under their own day and told. What they change is reported by the next batch: a full delivery of the
next day holds it, and changes are built on it in their order.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sqlalchemy import select

from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import CreditLinkError
from app.core.jobs import TaskContext
from app.submission.content import mappings
from app.submission.lake import lake
from app.submission.models import Batch, StageRun
from app.submission.sources.listing import Listed, sources_of
from app.submission.sources.loads import TAKEN
from app.submission.sources.models import SourceLoad
from app.submission.sources.push import remove_old
from app.submission.sources.taking import take

_DAYS: Final = 7


def take_late(context: TaskContext) -> None:
    """Look for what is missing from the batches of the last week and take what has come; the rest stays missing."""
    with unit_of_work(reading=True) as session:
        if session.scalar(select(Batch.id).limit(1)) is None:
            return
    for number, (listed, day) in enumerate(missing_parts(), start=1):
        context.progress(number, number)
        mapping = mappings(day).get(listed.source)
        if mapping is None:
            continue
        try:
            take(lake(), mapping, listed, day, late=True)
        except CreditLinkError:
            continue  # it stands in the ledger, as before


def missing_parts() -> list[tuple[Listed, date]]:
    """Sources and days that a batch has gone on without, oldest first; those that have come meanwhile are left out."""
    since = clock.today() - timedelta(days=_DAYS)
    gone_on = select(StageRun.batch_id).filter_by(stage="standardise").distinct()
    with unit_of_work(reading=True) as session:
        batches = session.execute(
            select(Batch.id, Batch.provider, Batch.business_date)
            .where(Batch.business_date >= since, Batch.id.in_(gone_on))
            .order_by(Batch.business_date)
        ).all()
        done = session.execute(select(StageRun.batch_id, StageRun.part).filter_by(stage="collect"))
        collected = {(batch, part) for batch, part in done}
        loads = session.execute(
            select(SourceLoad.provider, SourceLoad.source, SourceLoad.business_date).where(
                SourceLoad.business_date >= since, SourceLoad.state.in_(TAKEN)
            )
        )
        taken = {(provider, source, day) for provider, source, day in loads}
    expected = {provider: sources_of(provider) for provider in {provider for _, provider, _ in batches}}
    return [
        (listed, day)
        for batch, provider, day in batches
        for source, listed in expected[provider].items()
        if (batch, source) not in collected and (provider, source, day) not in taken
    ]


def remove_pushed(context: TaskContext) -> None:
    """Remove what was pushed more than a week ago."""
    del context
    remove_old()

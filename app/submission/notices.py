"""What reporting has to tell people: early warnings, and sources that were not taken, came late or changed their shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, cast

from sqlalchemy import select

from app.core.db import current_session
from app.core.events import Received
from app.core.notices import Cause, NoticeKind, Severity
from app.core.registry import Registry
from app.core.text import Text
from app.submission.sources.events import DeliveryLate, SourceDrifted, SourceStopped
from app.submission.sources.loads import TAKEN
from app.submission.sources.models import SourceLoad
from app.submission.warning.events import WarningOpened
from app.submission.warning.models import Warning

_SEVERITY: Final[Mapping[str, Severity]] = {"block": "high", "warn": "normal"}


def register_notices(registry: Registry) -> None:
    """Announce the kinds; for the room's `register`."""
    registry.event(WarningOpened)
    registry.notice_kind(
        NoticeKind("submission.warning", Text("预警", "Early warnings"), {WarningOpened: warned}, still_open)
    )
    registry.notice_kind(
        NoticeKind(
            "submission.source_stopped", Text("来源停收", "Sources not taken"), {SourceStopped: stopped}, still_stopped
        )
    )
    registry.notice_kind(
        NoticeKind(
            "submission.delivery",
            Text("来源迟到或变了结构", "Deliveries late or of another shape"),
            {SourceDrifted: drifted, DeliveryLate: late},
        )
    )


def warned(received: Received) -> Cause | None:
    """An early warning is open."""
    event = cast(WarningOpened, received.event)
    return Cause(
        mark=str(event.warning),
        severity=_SEVERITY.get(event.severity, "low"),
        title=Text(event.zh, event.en),
        provider=event.provider,
        day=event.business_date,
        link=f"/operations/warnings/{event.warning}?entity={event.provider}",
    )


def still_open(marks: Collection[str]) -> set[str]:
    """Of warnings those that nobody sees to, has silenced, and that are not closed."""
    numbers = [int(mark) for mark in marks]
    query = select(Warning.id).where(Warning.id.in_(numbers), Warning.state == "open")
    return {str(number) for number in current_session().scalars(query)}


def stopped(received: Received) -> Cause | None:
    """A source could not be taken for a day."""
    event = cast(SourceStopped, received.event)
    title = Text("来源 {name} 未能接收", "Source {name} was not taken").format(name=event.source)
    return _of_source(event, f"{event.provider}|{event.source}|{event.business_date}", "normal", title)


def drifted(received: Received) -> Cause | None:
    """A delivery has another shape; in what the mapping reads that matters."""
    event = cast(SourceDrifted, received.event)
    title = Text("来源 {name} 的表结构有变", "The tables of source {name} have changed").format(name=event.source)
    mark = f"drift|{event.provider}|{event.source}|{event.business_date}"
    return _of_source(event, mark, "normal" if event.needed else "low", title)


def late(received: Received) -> Cause | None:
    """A delivery came after its batch had gone on."""
    event = cast(DeliveryLate, received.event)
    title = Text("来源 {name} 迟到", "Source {name} came late").format(name=event.source)
    return _of_source(event, f"late|{event.provider}|{event.source}|{event.business_date}", "normal", title)


def _of_source(
    event: SourceStopped | SourceDrifted | DeliveryLate, mark: str, severity: Severity, title: Text
) -> Cause:
    return Cause(
        mark=mark,
        severity=severity,
        title=title,
        provider=event.provider,
        day=event.business_date,
        link=f"/submission/sources?day={event.business_date}&entity={event.provider}",
    )


def still_stopped(marks: Collection[str]) -> set[str]:
    """Of stopped sources those of whose day nothing has been taken yet."""
    query = select(SourceLoad.provider, SourceLoad.source, SourceLoad.business_date)
    sources = {mark.split("|")[1] for mark in marks}
    taken = current_session().execute(query.where(SourceLoad.source.in_(sources), SourceLoad.state.in_(TAKEN)))
    return set(marks) - {f"{provider}|{source}|{day}" for provider, source, day in taken}

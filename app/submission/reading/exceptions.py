"""The worklist of exceptions: records that did not get in, until their correction is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Select, String, cast, func, select

from app.core import clock
from app.core.db import current_session
from app.core.errors import NotFound
from app.core.text import Text
from app.submission.models import HeldRecord
from app.submission.prints import key_print
from app.submission.tables import reported_types
from app.web.listing import like_pattern

AGES: Final[Mapping[str, tuple[int, Text]]] = {
    "1": (1, Text("1 天以上", "over 1 day")),
    "3": (3, Text("3 天以上", "over 3 days")),
    "7": (7, Text("7 天以上", "over 7 days")),
    "30": (30, Text("30 天以上", "over 30 days")),
}

SORTS: Final = {
    "opened_on": HeldRecord.opened_on,
    "type": HeldRecord.record_type,
    "kind": HeldRecord.kind,
    "status": HeldRecord.status,
    "closed_on": HeldRecord.closed_on,
}


def selected_exceptions(filters: Mapping[str, str]) -> Select[HeldRecord]:
    """Exceptions that fit the filters. Keys are stored sealed, so one is found only by its whole."""
    statement = select(HeldRecord)
    for name, column in (
        ("kind", HeldRecord.kind),
        ("status", HeldRecord.status),
        ("type", HeldRecord.record_type),
        ("batch", HeldRecord.last_batch_id),
    ):
        if value := filters.get(name):
            statement = statement.where(column == value)
    for name in ("rule", "code"):
        if value := filters.get(name):
            listed = cast(HeldRecord.findings, String)
            statement = statement.where(listed.ilike(like_pattern(f'"{value}"'), escape="\\"))
    if (value := filters.get("age", "")) in AGES:
        statement = statement.where(HeldRecord.opened_on <= clock.today() - timedelta(days=AGES[value][0]))
    if day := _day(filters.get("closed")):
        statement = statement.where(HeldRecord.closed_on == day)
    if value := filters.get("key"):
        statement = statement.where(HeldRecord.key_print.in_([key_print(code, value) for code in reported_types()]))
    return statement


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def find_exception(number: int) -> HeldRecord:
    """Raises NotFound."""
    found = current_session().get(HeldRecord, number)
    if found is None:
        raise NotFound("submission.exception", Text("没有这条例外", "There is no such exception"))
    return found


def exception_of(provider: str, record_type: str, key: str) -> HeldRecord | None:
    """The newest exception of a legal entity's business key."""
    mark = key_print(record_type, key)
    query = select(HeldRecord).filter_by(provider=provider, record_type=record_type, key_print=mark)
    return current_session().scalar(query.order_by(HeldRecord.opened_on.desc()).limit(1))


def exception_totals(provider: str | None = None) -> Mapping[tuple[str, str], int]:
    """Number of exceptions by kind and status, of one legal entity or of all that are seen."""
    query = select(HeldRecord.kind, HeldRecord.status, func.count()).group_by(HeldRecord.kind, HeldRecord.status)
    if provider is not None:
        query = query.filter_by(provider=provider)
    return {(kind, status): number for kind, status, number in current_session().execute(query)}


def age_days(held: HeldRecord) -> int:
    """Calendar days since it was opened, until it was closed."""
    return max(0, ((held.closed_on or clock.today()) - held.opened_on).days)

"""The corrections desk as its pages read it: groups of the same kind, ages, and the requests that wait for a second person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Select, func, select

from app.core import clock
from app.core.db import current_session
from app.core.text import Text
from app.submission.corrections.suggestions import Suggestion, suggestion_for
from app.submission.models import HeldRecord, OperationRequest
from app.submission.reading.findings import error_title, rule_title

AGES: Final = (
    ("d1", 0, 1, Text("1 天以内", "up to 1 day")),
    ("d3", 2, 3, Text("2–3 天", "2 to 3 days")),
    ("d7", 4, 7, Text("4–7 天", "4 to 7 days")),
    ("d30", 8, 30, Text("8–30 天", "8 to 30 days")),
    ("older", 31, None, Text("30 天以上", "over 30 days")),
)
"""Ageing buckets: name, first and last day of age."""

SORTS: Final = {
    "opened_on": HeldRecord.opened_on,
    "owner": HeldRecord.owner,
    "status": HeldRecord.status,
    "house_due": HeldRecord.house_due,
}
CAUSE: Final = ("type", "kind", "rule", "code", "tag")


@dataclass(frozen=True, slots=True)
class Group:
    """Held records of the same kind: the same rule or error code blames the same item of the same record type."""

    record_type: str
    kind: str
    rule: str
    code: str
    tag: str
    records: int
    travelling: int
    unassigned: int
    overdue: int
    oldest: date
    share: float

    @property
    def title(self) -> Text:
        return cause_title(self.record_type, self.rule, self.code)

    @property
    def suggestion(self) -> Suggestion:
        return suggestion_for(self.record_type, self.rule, self.code, self.tag)

    @property
    def days(self) -> int:
        return max(0, (clock.today() - self.oldest).days)

    @property
    def address(self) -> dict[str, str]:
        """The arguments by which the rows of the group are found."""
        values = (self.record_type, self.kind, self.rule or "-", self.code or "-", self.tag or "-")
        return dict(zip(CAUSE, values, strict=True))


def cause_title(code: str, rule: str, error: str) -> Text:
    """What a rule or an error code says."""
    return rule_title(code, rule, error) if rule else error_title(code, error)


def selected(filters: Mapping[str, str]) -> Select[HeldRecord]:
    """Held records that are not closed and fit the filters; `-` stands for what is empty."""
    statement = select(HeldRecord).where(HeldRecord.status != "closed")
    columns = {
        "type": HeldRecord.record_type,
        "kind": HeldRecord.kind,
        "rule": HeldRecord.cause_rule,
        "code": HeldRecord.cause_code,
        "tag": HeldRecord.cause_tag,
        "status": HeldRecord.status,
        "owner": HeldRecord.owner,
        "fix": HeldRecord.fix,
    }
    for name, column in columns.items():
        if value := filters.get(name):
            statement = statement.where(column == ("" if value == "-" else value))
    bucket = next((each for each in AGES if each[0] == filters.get("age")), None)
    if bucket is not None:
        _, first, last, _ = bucket
        statement = statement.where(HeldRecord.opened_on <= clock.today() - timedelta(days=first))
        if last is not None:
            statement = statement.where(HeldRecord.opened_on >= clock.today() - timedelta(days=last))
    return statement


def groups(filters: Mapping[str, str]) -> tuple[Group, ...]:
    """The groups, the largest first."""
    now = clock.now()
    found = selected(filters).subquery()
    cause = (found.c.record_type, found.c.kind, found.c.cause_rule, found.c.cause_code, found.c.cause_tag)
    query = (
        select(
            *cause,
            func.count(),
            func.count().filter(found.c.status == "travelling"),
            func.count().filter(found.c.owner == ""),
            func.count().filter(found.c.house_due < now),
            func.min(found.c.opened_on),
        )
        .group_by(*cause)
        .order_by(func.count().desc(), *cause)
    )
    rows = current_session().execute(query).all()
    total = sum(row[5] for row in rows) or 1
    return tuple(
        Group(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[5] / total)
        for row in rows
    )


def ages(filters: Mapping[str, str]) -> dict[str, int]:
    """Number of held records by ageing bucket."""
    rows = current_session().execute(
        select(HeldRecord.opened_on, func.count())
        .where(HeldRecord.id.in_(selected(filters).with_only_columns(HeldRecord.id)))
        .group_by(HeldRecord.opened_on)
    )
    counted = dict.fromkeys((name for name, *_ in AGES), 0)
    for opened, number in rows:
        days = max(0, (clock.today() - opened).days)
        name = next(name for name, first, last, _ in AGES if days >= first and (last is None or days <= last))
        counted[name] += number
    return counted


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was asked for in one go."""

    bundle: str
    record_type: str
    records: int
    segment: str
    reason: str
    status: str
    asked_by: str
    asked_at: datetime


def bundles(status: str) -> tuple[Bundle, ...]:
    """Requests in a state, the oldest first."""
    query = (
        select(OperationRequest.bundle, func.count(), func.min(OperationRequest.id))
        .where(OperationRequest.status == status)
        .group_by(OperationRequest.bundle)
        .order_by(func.min(OperationRequest.id))
    )
    session = current_session()
    found = []
    for bundle, number, first in session.execute(query):
        one = session.get_one(OperationRequest, first)
        found.append(
            Bundle(bundle, one.record_type, number, one.segment, one.reason, status, one.asked_by, one.asked_at)
        )
    return tuple(found)


def requests_for(held: HeldRecord) -> Sequence[OperationRequest]:
    """The operations asked for to mend a held record, the newest first."""
    query = select(OperationRequest).filter_by(held_id=held.id).order_by(OperationRequest.id.desc())
    return current_session().scalars(query).all()

"""The audit administrator's pages: the record, filtered and searched, each entry in full, and its export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, or_, select

from app.audit.models import AuditEntry
from app.audit.record import Thing, detail_of, record_alone
from app.audit.wording import actions_matching, title_of
from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.errors import NotFound
from app.core.text import Text
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, ListQuery, csv_answer, database_page, like_pattern
from app.web.words import datetime_text, say

blueprint = Blueprint("audit", __name__, url_prefix="/audit", template_folder="templates")

OUTCOMES: Final[dict[str, Text]] = {
    "done": Text("完成", "Done"),
    "refused": Text("被拒绝", "Refused"),
    "failed": Text("失败", "Failed"),
}
TONES: Final = {"done": "success", "refused": "danger", "failed": "warning"}
_EXPORT_CHUNK: Final = 1_000
_EXPORT_MOST: Final = 100_000

LISTING: Final = Listing(
    columns=(
        Column("number", Text("序号", "No."), sortable=True, number=True),
        Column("at", Text("时间", "Time"), sortable=True),
        Column("actor", Text("操作人", "Who")),
        Column("action", Text("事项", "What")),
        Column("object", Text("对象", "Object")),
        Column("outcome", Text("结果", "Outcome")),
        Column("address", Text("来源地址", "From")),
    ),
    order="-number",
    filters=(
        Filter("q", Text("搜索", "Search"), hint=Text("操作人、事项、对象", "who, what, object")),
        Filter("outcome", Text("结果", "Outcome"), options=tuple(OUTCOMES.items())),
        Filter("from", Text("从", "From"), kind="date"),
        Filter("until", Text("至", "Until"), kind="date"),
    ),
)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _selected(query: ListQuery) -> Select[AuditEntry]:
    statement = select(AuditEntry)
    if wanted := query.filters.get("q"):
        pattern = like_pattern(wanted)
        columns = (AuditEntry.actor_name, AuditEntry.actor_id, AuditEntry.action, AuditEntry.object_id)
        known = or_(AuditEntry.object_type == wanted, AuditEntry.action.in_(actions_matching(wanted)))
        statement = statement.where(or_(known, *(each.ilike(pattern, escape="\\") for each in columns)))
    if outcome := query.filters.get("outcome"):
        statement = statement.where(AuditEntry.outcome == outcome)
    # Days are the reader's, in China; moments are stored in UTC.
    if first := _day(query.filters.get("from")):
        statement = statement.where(AuditEntry.at >= datetime.combine(first, time(), clock.CHINA))
    if last := _day(query.filters.get("until")):
        statement = statement.where(AuditEntry.at < datetime.combine(last + timedelta(days=1), time(), clock.CHINA))
    return statement


@blueprint.get("/")
@permission("audit.record.read")
def entries() -> ResponseReturnValue:
    """The record, newest first."""
    query = LISTING.read()
    sorts = {"number": AuditEntry.number, "at": AuditEntry.at}
    page = database_page(current_session(), _selected(query), query, sorts, AuditEntry.number)
    export = query.at(url_for("audit.entries_csv"))
    return render_template(
        "audit/entries.html", page=page, outcomes=OUTCOMES, tones=TONES, title_of=title_of, export=export
    )


@blueprint.get("/<int:number>")
@permission("audit.record.read")
def entries_one(number: int) -> ResponseReturnValue:
    """One entry with its detail and its neighbours in the chain. Reading a detail is itself recorded."""
    entry = current_session().get(AuditEntry, number)
    if entry is None:
        raise NotFound("audit.entry", Text("没有这条审计记录", "there is no such audit entry"))
    detail = detail_of(entry)
    has_next = current_session().get(AuditEntry, number + 1) is not None
    if detail:
        record_alone("audit.detail_read", Thing("audit_entry", str(number)))
    return render_template(
        "audit/entry.html",
        entry=entry,
        detail=detail,
        has_next=has_next,
        outcomes=OUTCOMES,
        tones=TONES,
        title_of=title_of,
    )


@blueprint.get("/export.csv")
@permission("audit.record.export")
def entries_csv() -> ResponseReturnValue:
    """The filtered record as CSV, without details; the export is itself recorded."""
    query = LISTING.read()
    record_alone("audit.exported", Thing("audit_entry", "*"), detail=dict(query.filters))
    columns = [column.title for column in LISTING.columns]
    titles = (*columns[:4], Text("事项代码", "Code"), *columns[4:], Text("摘要", "Digest"))
    return csv_answer("audit", titles, _exported(query), _cells, told=True)


def _exported(query: ListQuery) -> Iterator[AuditEntry]:
    """In chunks, each in a unit of its own: the answer streams after the request's own unit has ended."""
    last: int | None = None
    given = 0
    while given < _EXPORT_MOST:
        statement = _selected(query).order_by(AuditEntry.number.desc()).limit(_EXPORT_CHUNK)
        if last is not None:
            statement = statement.where(AuditEntry.number < last)
        with unit_of_work(reading=True) as session:
            chunk = session.scalars(statement).all()
        yield from chunk
        given += len(chunk)
        if len(chunk) < _EXPORT_CHUNK:
            return
        last = chunk[-1].number


def _cells(entry: AuditEntry) -> tuple[object, ...]:
    return (
        entry.number,
        datetime_text(entry.at, seconds=True),
        f"{entry.actor_name} ({entry.actor_kind}:{entry.actor_id})",
        say(title_of(entry.action)),
        entry.action,
        f"{entry.object_type}:{entry.object_id}",
        say(OUTCOMES[entry.outcome]),
        entry.address,
        entry.digest,
    )

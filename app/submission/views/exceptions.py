"""The worklist of exceptions and one exception with its history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, looked_at, record
from app.core.db import current_session, unit_of_work
from app.core.text import Text
from app.submission.models import HeldRecord
from app.submission.permissions import RECORDS
from app.submission.reading import exceptions as reading
from app.submission.reading import terms
from app.submission.reading.batches import batch_options
from app.submission.reading.files import days_of
from app.submission.reading.findings import error_title, rule_title, tag_title
from app.submission.reading.personal import shown_key
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, ListQuery, csv_answer, database_page, ordered
from app.web.words import say

COLUMNS: Final = (
    Column("opened_on", Text("发生日", "Opened"), sortable=True),
    Column("age", Text("天数", "Days"), number=True),
    Column("type", Text("记录", "Record"), sortable=True),
    Column("key", Text("业务标识", "Business key")),
    Column("kind", Text("类别", "Kind"), sortable=True),
    Column("findings", Text("规则或错误代码", "Rules or error codes")),
    Column("batch", Text("最近批次", "Latest batch")),
    Column("status", Text("状态", "State"), sortable=True),
)
_EXPORT_CHUNK: Final = 1_000


def listing() -> Listing:
    """The worklist, oldest first."""
    return Listing(
        columns=COLUMNS,
        order="opened_on",
        filters=(
            Filter("status", Text("状态", "State"), options=terms.options(terms.HELD)),
            Filter("kind", Text("类别", "Kind"), options=terms.options(terms.HELD_KIND)),
            Filter("type", Text("记录类型", "Record type"), options=terms.type_options()),
            Filter("batch", Text("最近批次", "Latest batch"), options=batch_options()),
            Filter(
                "age", Text("时长", "Age"), options=tuple((name, title) for name, (_, title) in reading.AGES.items())
            ),
            Filter("rule", Text("规则", "Rule"), hint=Text("P210-050", "P210-050")),
            Filter("code", Text("错误代码", "Error code"), hint=Text("BLE001", "BLE001")),
            Filter("closed", Text("办结日", "Closed on"), kind="date"),
            Filter("key", Text("完整业务标识", "Whole business key"), hint=Text("精确匹配", "exact match")),
        ),
    )


@permission(RECORDS)
def exceptions() -> ResponseReturnValue:
    """Records that did not get in and wait for a correction."""
    query = listing().read()
    statement = reading.selected_exceptions(query.filters)
    page = database_page(current_session(), statement, query, reading.SORTS, HeldRecord.id)
    return render_template(
        "submission/exceptions.html",
        page=page,
        terms=terms,
        totals=reading.exception_totals(),
        days=days_of([held.last_batch_id for held in page.rows]),
        age_days=reading.age_days,
        shown_key=shown_key,
        title_of=_title_of,
        export=query.at(url_for("submission.exceptions_csv")),
    )


def _title_of(held: HeldRecord, finding: list[str]) -> Text:
    rule, code = finding[0], finding[1]
    return rule_title(held.record_type, rule, code) if rule else error_title(held.record_type, code)


@permission(RECORDS)
def exceptions_one(number: int) -> ResponseReturnValue:
    """One exception: what is wrong, since when, and where its correction stands."""
    held = reading.find_exception(number)
    looked_at(Thing("exception", str(held.id)), what="exception", view="masked")
    return render_template(
        "submission/exception.html",
        held=held,
        terms=terms,
        days=days_of([held.batch_id, held.last_batch_id]),
        age=reading.age_days(held),
        shown_key=shown_key,
        title_of=_title_of,
        tag_title=tag_title,
    )


@permission(RECORDS)
def exceptions_csv() -> ResponseReturnValue:
    """The filtered worklist, keys masked; the export is recorded."""
    query = listing().read()
    record(
        "submission.exception.export",
        Thing("exception", "*"),
        detail={k: v for k, v in query.filters.items() if k != "key"},
    )
    return csv_answer("exceptions", [column.title for column in COLUMNS], _exported(query), _cells)


def _exported(query: ListQuery) -> Iterator[HeldRecord]:
    """In chunks, each in a unit of its own: the answer streams after the request's own unit has ended."""
    start = 0
    while True:
        statement = ordered(reading.selected_exceptions(query.filters), query, reading.SORTS, HeldRecord.id)
        with unit_of_work(reading=True) as session:
            chunk = session.scalars(statement.offset(start).limit(_EXPORT_CHUNK)).all()
        yield from chunk
        start += len(chunk)
        if len(chunk) < _EXPORT_CHUNK:
            return


def _cells(held: HeldRecord) -> tuple[object, ...]:
    return (
        held.opened_on.isoformat(),
        reading.age_days(held),
        held.record_type,
        shown_key(held.record_type, held.key),
        say(terms.HELD_KIND[held.kind].title),
        " ".join(dict.fromkeys(rule or code for rule, code, *_ in held.findings)),
        held.last_batch_id,
        say(terms.HELD[held.status].title),
    )


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/exceptions", "exceptions", exceptions)
    blueprint.add_url_rule("/exceptions.csv", "exceptions_csv", exceptions_csv)
    blueprint.add_url_rule("/exceptions/<int:number>", "exceptions_one", exceptions_one)

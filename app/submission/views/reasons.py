"""Why records of a batch were due or not, by record type: the counts, the subjects behind them, and one subject's answer."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, looked_at, record
from app.core.errors import Invalid
from app.core.text import Text
from app.submission.derive.reasons import REASONS
from app.submission.lake import lake
from app.submission.models import Batch
from app.submission.permissions import RECORDS, VIEW
from app.submission.reading import reasons, terms
from app.submission.reading.lake_rows import Row, lake_page, lake_stream
from app.submission.reading.personal import shown_key
from app.submission.reading.records import checked_type, point_title
from app.submission.service import find_batch
from app.submission.tables import record_table
from app.web.access import may, permission
from app.web.listing import Column, Filter, Listing, ListQuery, csv_answer
from app.web.words import say

LISTING: Final = Listing(
    columns=(
        Column("key", Text("业务标识", "Business key"), sortable=True),
        Column("reason", Text("原因", "Reason"), sortable=True),
        Column("changed", Text("有变化的信息", "What has changed")),
        Column("point", Text("报告时点", "Reporting point"), sortable=True),
    ),
    order="key",
    filters=(
        Filter("reason", Text("原因", "Reason"), options=tuple((name, each.title) for name, each in REASONS.items())),
        Filter("changed", Text("变化的信息段", "Changed segment"), hint=Text("如 D", "such as D")),
        Filter("key", Text("业务标识", "Business key"), hint=Text("完整的标识", "the whole key")),
    ),
)
_SORTS: Final = {"key": "key", "reason": "reason", "point": "point"}


@permission(VIEW)
def of_type(batch_id: str, code: str) -> ResponseReturnValue:
    """The counts by reason; below them, for those who may look at records, the subjects."""
    batch = find_batch(batch_id)
    counts = reasons.reason_counts(batch, checked_type(code))
    query = LISTING.read()
    page = None
    if counts and may(RECORDS):
        chosen, parameters = _selected(batch, code, query)
        page = lake_page(query, chosen, parameters, _SORTS, "key", _total(counts, query))
        page = type(page)(query, _linked(batch, code, page.rows), page.total)
        looked_at(Thing("batch", batch.id), what="reasons", record_type=code)
    return render_template(
        "submission/reasons.html",
        batch=batch,
        code=code,
        counts=counts,
        page=page,
        query=query,
        terms=terms,
        reasons=REASONS,
        shown_key=shown_key,
        point_title=point_title,
        changed_title=reasons.changed_title,
        export=query.at(url_for("submission.batches_reasons_csv", batch_id=batch.id, code=code)),
    )


def _selected(batch: Batch, code: str, query: ListQuery) -> tuple[str, list[str]]:
    key = query.filters.get("key", "")
    chosen = reasons.reasons_of(batch, code, key)
    if chosen is None:
        raise Invalid("submission.reasons", Text("该批次没有留存原因", "This batch has kept no reasons"))
    conditions = {"reason = ?": "reason", "list_contains(changed, ?)": "changed", "key = ?": "key"}
    wanted = {condition: query.filters[name] for condition, name in conditions.items() if name in query.filters}
    return f"SELECT * FROM ({chosen}) WHERE {' AND '.join(wanted) or 'TRUE'}", list(wanted.values())


def _total(counts: tuple[reasons.ReasonCount, ...], query: ListQuery) -> int | None:
    """The number of rows where the counts know it already."""
    if query.filters.keys() - {"reason"}:
        return None
    wanted = query.filters.get("reason")
    return sum(each.subjects for each in counts if wanted in (None, each.reason))


def _linked(batch: Batch, code: str, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows with the record that was derived of each, if one was."""
    keys = [row["key"] for row in rows]
    found = lake().rows(
        f"SELECT key, any_value(record_id) FROM {record_table(code).path} WHERE batch = ?"
        " AND list_contains(?::VARCHAR[], key) GROUP BY key",
        [batch.id, keys],
    )
    known = dict(found)
    return tuple({**row, "record_id": known.get(row["key"])} for row in rows)


@permission(RECORDS)
def of_type_csv(batch_id: str, code: str) -> ResponseReturnValue:
    """The same subjects as CSV, keys masked; the export is recorded."""
    batch, query = find_batch(batch_id), LISTING.read()
    chosen, parameters = _selected(batch, checked_type(code), query)
    asked = {name: value for name, value in query.filters.items() if name != "key"}
    record("submission.record.export", Thing("batch", batch.id), detail={"record_type": code, "reasons": asked})
    return csv_answer(
        f"reasons-{code}",
        [column.title for column in LISTING.columns],
        lake_stream(f"{chosen} ORDER BY key", parameters),
        lambda row: (
            shown_key(code, row["key"]),
            say(REASONS[row["reason"]].title),
            "、".join(say(reasons.changed_title(code, name)) for name in row["changed"]),
            row["point"] or "",
        ),
    )


def add_to(blueprint: Blueprint) -> None:
    address = "/batches/<batch_id>/reasons/<code>"
    blueprint.add_url_rule(address, "batches_reasons", of_type)
    blueprint.add_url_rule(f"{address}.csv", "batches_reasons_csv", of_type_csv)

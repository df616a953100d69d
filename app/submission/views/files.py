"""Report files with their lines, the feedback that came for them, and the centre's errors by code down to each record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, record
from app.core.db import current_session, unit_of_work
from app.core.text import Text
from app.submission.models import FeedbackDelivery, ReportFile
from app.submission.permissions import RECORDS, VIEW
from app.submission.reading import files as reading
from app.submission.reading import findings, terms
from app.submission.reading.batches import batch_options
from app.submission.reading.lake_rows import Row, lake_page, lake_stream
from app.submission.reading.personal import shown_key
from app.submission.service import find_batch
from app.web.access import may, permission
from app.web.listing import Column, Filter, Listing, ListQuery, csv_answer, database_page, ordered
from app.web.words import datetime_text, say

FILES: Final = (
    Column("prefix", Text("报文名", "File"), sortable=True),
    Column("date", Text("业务日", "Business day"), sortable=True),
    Column("type", Text("记录", "Record"), sortable=True),
    Column("records", Text("记录数", "Records"), sortable=True, number=True),
    Column("accepted", Text("入库", "Accepted"), number=True),
    Column("rejected", Text("退回", "Rejected"), sortable=True, number=True),
    Column("size", Text("大小", "Size"), number=True),
    Column("sent_at", Text("发送", "Sent"), sortable=True),
    Column("answered_at", Text("反馈", "Answered"), sortable=True),
    Column("status", Text("状态", "State")),
)
DELIVERIES: Final = Listing(
    columns=(
        Column("received_at", Text("收到", "Received"), sortable=True),
        Column("name", Text("反馈文件", "Feedback file"), sortable=True),
        Column("outcome", Text("处理结果", "Outcome")),
        Column("findings", Text("说明", "What was wrong")),
    ),
    order="-received_at",
    filters=(
        Filter("outcome", Text("处理结果", "Outcome"), options=terms.options(terms.DELIVERY)),
        Filter("name", Text("文件名", "Name")),
    ),
    size=25,
    prefix="d_",
)
LINES: Final = Listing(
    columns=(
        Column("line", Text("行", "Line"), sortable=True, number=True),
        Column("key", Text("业务标识", "Business key"), sortable=True),
        Column("report_date", Text("信息报告日期", "Report date")),
        Column("outcome", Text("结果", "Outcome")),
        Column("errors", Text("错误代码", "Error codes")),
    ),
    order="line",
    filters=(
        Filter(
            "outcome",
            Text("结果", "Outcome"),
            options=tuple((name, terms.RECORD[name].title) for name in ("accepted", "rejected", "awaiting")),
        ),
        Filter("line", Text("行号", "Line"), hint=Text("文件头为第 1 行", "the header is line 1")),
    ),
)
ERRORS: Final = (
    Column("date", Text("业务日", "Business day"), sortable=True),
    Column("code", Text("错误代码", "Error code"), sortable=True),
    Column("tag", Text("数据项", "Item"), sortable=True),
    Column("type", Text("记录", "Record"), sortable=True),
    Column("key", Text("业务标识", "Business key")),
    Column("file", Text("报文与行", "File and line"), sortable=True),
    Column("rules", Text("对应规则", "Our rules")),
)


def _files_listing() -> Listing:
    return Listing(
        columns=FILES,
        order="-date",
        filters=(
            Filter("batch", Text("业务日", "Business day"), options=batch_options()),
            Filter("type", Text("记录类型", "Record type"), options=terms.type_options()),
            Filter("status", Text("状态", "State"), options=terms.options(terms.FILE)),
            Filter("flag", Text("反馈结论", "Verdict"), options=tuple(terms.FLAG.items())),
            Filter("prefix", Text("报文名", "Name")),
        ),
    )


@permission(VIEW)
def files() -> ResponseReturnValue:
    """All report files, the newest day first."""
    query = _files_listing().read()
    page = database_page(
        current_session(), reading.selected_files(query.filters), query, reading.FILE_SORTS, ReportFile.prefix
    )
    return render_template(
        "submission/files.html",
        page=page,
        terms=terms,
        days=reading.days_of([file.batch_id for file in page.rows]),
        totals=reading.file_totals(),
        export=query.at(url_for("submission.files_csv")),
    )


@permission(VIEW)
def files_csv() -> ResponseReturnValue:
    """The filtered files."""
    query = _files_listing().read()
    return csv_answer("files", [column.title for column in FILES], _exported(query), _file_cells)


def _exported(query: ListQuery) -> Iterator[tuple[ReportFile, str]]:
    start, size = 0, 1_000
    while True:
        statement = ordered(reading.selected_files(query.filters), query, reading.FILE_SORTS, ReportFile.prefix)
        with unit_of_work(reading=True) as session:
            chunk = session.scalars(statement.offset(start).limit(size)).all()
            days = reading.days_of([file.batch_id for file in chunk])
        yield from ((file, days[file.batch_id].isoformat()) for file in chunk)
        start += len(chunk)
        if len(chunk) < size:
            return


def _file_cells(row: tuple[ReportFile, str]) -> tuple[object, ...]:
    file, day = row
    status = say(terms.FILE[file.status].title)
    counts = (file.records, file.accepted, file.rejected, file.size)
    return (
        file.prefix,
        day,
        file.record_type,
        *counts,
        datetime_text(file.sent_at),
        datetime_text(file.answered_at),
        status,
    )


@permission(VIEW)
def files_one(prefix: str) -> ResponseReturnValue:
    """One file: how it went, its errors by code, and its lines for those who may see records."""
    file = reading.find_file(prefix)
    query = LINES.read()
    page = None
    errors: Mapping[int, tuple[tuple[str, str], ...]] = {}
    if may(RECORDS):
        lines = reading.lines_of(file, query.filters)
        page = lake_page(query, lines.select, lines.parameters, reading.LINE_SORTS, "line")
        errors = findings.errors_of_lines(prefix, [row["line"] for row in page.rows])
    groups: tuple[findings.ErrorGroup, ...] = ()
    if file.status == "answered" and file.rejected:
        groups = findings.group_by_code(findings.selected_errors({"batch": file.batch_id, "file": prefix}))
    return render_template(
        "submission/file.html",
        file=file,
        batch=find_batch(file.batch_id),
        terms=terms,
        page=page,
        errors=errors,
        groups=groups,
        deliveries=reading.deliveries_of(prefix),
        error_title=findings.error_title,
        tag_title=findings.tag_title,
        shown_key=shown_key,
    )


@permission(VIEW)
def files_feedback() -> ResponseReturnValue:
    """Feedback files as they came, the unreadable and the repeated ones among them."""
    query = DELIVERIES.read()
    statement = reading.selected_deliveries(query.filters)
    page = database_page(current_session(), statement, query, reading.DELIVERY_SORTS, FeedbackDelivery.id)
    return render_template("submission/feedback.html", page=page, terms=terms)


def _errors_listing() -> Listing:
    return Listing(
        columns=ERRORS,
        order="code",
        filters=(
            Filter("batch", Text("业务日", "Business day"), options=batch_options()),
            Filter("type", Text("记录类型", "Record type"), options=terms.type_options()),
            Filter("code", Text("错误代码", "Error code")),
            Filter("tag", Text("数据项", "Item")),
            Filter("file", Text("报文名", "File"), hint=Text("完整名称", "the whole name")),
        ),
    )


@permission(VIEW)
def files_errors() -> ResponseReturnValue:
    """What the centre rejected, by code, and each error with the record, our rule and the source rows behind it."""
    query = _errors_listing().read()
    chosen = findings.selected_errors(query.filters)
    groups = findings.group_by_code(chosen)
    page = None
    if may(RECORDS):
        total = sum(group.errors for group in groups)
        page = lake_page(query, chosen.select, chosen.parameters, findings.ERROR_SORTS, findings.ERROR_TIE, total)
    return render_template(
        "submission/errors.html",
        query=query,
        groups=groups,
        page=page,
        terms=terms,
        shown_key=shown_key,
        tag_title=findings.tag_title,
        error_title=findings.error_title,
        rules_with_code=findings.rules_with_code,
        export=query.at(url_for("submission.files_errors_csv")),
    )


@permission(RECORDS)
def files_errors_csv() -> ResponseReturnValue:
    """The filtered errors, keys masked; the export is recorded."""
    query = _errors_listing().read()
    record("submission.feedback.export", Thing("feedback", request.args.get("file", "*")), detail=dict(query.filters))
    chosen = findings.selected_errors(query.filters)
    rows = lake_stream(f"{chosen.select} ORDER BY e.file, l.line, e.code", chosen.parameters)
    titles = (*(column.title for column in ERRORS), Text("说明", "Meaning"))
    return csv_answer("feedback-errors", titles, rows, _error_cells)


def _error_cells(row: Row) -> tuple[object, ...]:
    code = row["record_type"]
    return (
        row["received_on"].isoformat(),
        row["code"],
        row["tag"],
        code,
        shown_key(code, row["key"]),
        f"{row['file']}:{row['line']}",
        " ".join(findings.rules_with_code(code, row["code"])),
        say(findings.error_title(code, row["code"])),
    )


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/files", "files", files)
    blueprint.add_url_rule("/files.csv", "files_csv", files_csv)
    blueprint.add_url_rule("/files/feedback", "files_feedback", files_feedback)
    blueprint.add_url_rule("/files/errors", "files_errors", files_errors)
    blueprint.add_url_rule("/files/errors.csv", "files_errors_csv", files_errors_csv)
    blueprint.add_url_rule("/files/<prefix>", "files_one", files_one)

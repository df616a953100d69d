"""Pages of the two-end check: history, one check while it runs and after, and the differences found."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.audit import Thing, record
from app.core.db import current_session
from app.core.entities import visible_entities
from app.core.errors import Invalid
from app.core.jobs import task_state
from app.core.text import Text
from app.submission.checking import differences
from app.submission.checking import reading as checks
from app.submission.checking.models import EndCheck
from app.submission.checking.two_end import REPLAY, TWO_END, begin_check
from app.submission.models import ReportFile
from app.submission.permissions import CHECK, CORRECT, RECORDS, VIEW
from app.submission.reading import terms
from app.submission.reading.lake_rows import Row, lake_page, lake_stream
from app.submission.tables import RECORD_TYPES
from app.submission.views.day import shown_entity
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, csv_answer, database_page
from app.web.toasts import toast
from app.web.words import say

CHECKS: Final = Listing(
    columns=(
        Column("created_at", Text("发起", "Begun"), sortable=True),
        Column("entity", Text("法人机构", "Legal entity")),
        Column("kind", Text("方式", "Kind")),
        Column("as_of", Text("中心数据截至", "Centre as of")),
        Column("same", Text("一致", "Same"), number=True),
        Column("apart", Text("差异", "Differences"), number=True),
        Column("new", Text("新发现", "New"), number=True),
        Column("status", Text("状态", "State")),
    ),
    order="-created_at",
    filters=(
        Filter("kind", Text("方式", "Kind"), options=terms.options(terms.CHECK_KIND)),
        Filter("status", Text("状态", "State"), options=terms.options(terms.CHECK)),
    ),
    size=25,
)
DIFFERENCES: Final = (
    Column("subject", Text("标识", "Subject")),
    Column("entity", Text("法人机构", "Legal entity"), sortable=True),
    Column("type", Text("记录", "Record"), sortable=True),
    Column("report_date", Text("信息报告日期", "Report date"), sortable=True),
    Column("outcome", Text("差异", "Difference"), sortable=True),
    Column("items", Text("信息段与数据项", "Segments and items")),
    Column("found_on", Text("发现", "Found"), sortable=True),
    Column("state", Text("状态", "State"), sortable=True),
)
_UNSETTLED: Final = (("unsettled", Text("未消除", "not settled")), *terms.options(terms.DIFFERENCE))
_MOST_AT_ONCE: Final = 200


def _differences() -> Listing:
    return Listing(
        columns=DIFFERENCES,
        order="-found_on",
        filters=(
            Filter("state", Text("状态", "State"), options=_UNSETTLED),
            Filter("outcome", Text("差异", "Difference"), options=terms.options(terms.APART)),
            Filter("type", Text("记录类型", "Record type"), options=terms.type_options()),
            Filter("kind", Text("方式", "Kind"), options=terms.options(terms.CHECK_KIND)),
            Filter("item", Text("段或数据项", "Segment or item"), hint=Text("H 或 H.AcctBal", "H or H.AcctBal")),
            Filter("check", Text("核对编号", "Check")),
        ),
    )


@permission(VIEW)
def checks_all() -> ResponseReturnValue:
    """All checks, the newest first."""
    query = CHECKS.read()
    page = database_page(
        current_session(), checks.selected_checks(query.filters), query, checks.CHECK_SORTS, EndCheck.id
    )
    sums = {check.id: _sums(check) for check in page.rows}
    return render_template(
        "submission/checks.html", page=page, terms=terms, sums=sums, entities=visible_entities(), own=shown_entity()
    )


def _sums(check: EndCheck) -> dict[str, int]:
    sums = {name: sum(int(each.get(name, 0)) for each in check.counts.values()) for name in checks.COUNTS}
    return sums | {"apart": sums["only_ours"] + sums["only_theirs"] + sums["differs"]}


@permission(VIEW)
def checks_one(check_id: str) -> ResponseReturnValue:
    """One check; it fetches itself anew while it runs."""
    check = checks.find_check(check_id)
    moving = check.status in ("waiting", "running")
    return render_template(
        "submission/check.html",
        check=check,
        codes=[code for code in RECORD_TYPES if code in check.counts],
        sums=_sums(check),
        counts=checks.COUNTS,
        titles=checks.COUNT_TITLES,
        terms=terms,
        moving=moving,
        task=task_state(check.task_id) if moving and check.task_id else None,
    )


@permission(CHECK)
def checks_begin() -> ResponseReturnValue:
    """Begin a check: of the centre's statement, of files uploaded, or by our own replay."""
    kind = request.form.get("kind", TWO_END)
    if kind not in (TWO_END, REPLAY):
        raise Invalid("submission.check_kind", Text("没有这种核对方式", "There is no such kind of check"))
    given = [each for each in request.files.getlist("files") if each.filename]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, each in enumerate(given):
            path = Path(folder) / str(number)
            each.save(path)
            files.append((Path(str(each.filename)).name, path))
        check = begin_check(kind, files, provider=request.form.get("provider") or shown_entity() or None)
    record("submission.check.begin", Thing("check", check), detail={"kind": kind, "files": len(files)})
    toast(Text("核对已发起，后台随即执行", "The check has begun in the background"))
    return redirect(url_for("submission.checks_one", check_id=check))


@permission(RECORDS)
def differences_all() -> ResponseReturnValue:
    """The differences that fit the filters; without any, those that are not settled."""
    if not request.args:
        return redirect(url_for("submission.differences", state="unsettled"))
    query = _differences().read()
    chosen = checks.selected_differences(query.filters)
    page = lake_page(query, chosen.select, chosen.parameters, checks.DIFFERENCE_SORTS, "id")
    return render_template(
        "submission/differences.html",
        page=page,
        terms=terms,
        shown_subject=checks.shown_subject,
        batches=_batches(page.rows),
        correction_address=differences.correction_address,
        export=query.at(url_for("submission.differences_csv")),
    )


def _batches(rows: tuple[Row, ...]) -> Mapping[str, str]:
    """The batches of the files in which the records went out."""
    files = {row["file"] for row in rows if row["file"]}
    query = select(ReportFile.prefix, ReportFile.batch_id).where(ReportFile.prefix.in_(files))
    return dict(current_session().execute(query).all())


@permission(RECORDS)
def differences_csv() -> ResponseReturnValue:
    """The filtered differences, subjects masked; the export is recorded."""
    query = _differences().read()
    record("submission.check.export", Thing("difference", "*"), detail=dict(query.filters))
    chosen = checks.selected_differences(query.filters)
    rows = lake_stream(f"{chosen.select} ORDER BY record_type, id", chosen.parameters)
    titles = (Text("编号", "Id"), *(column.title for column in DIFFERENCES), Text("报文与行", "File and line"))
    return csv_answer("differences", titles, rows, _cells)


def _cells(row: Row) -> tuple[object, ...]:
    return (
        row["id"],
        checks.shown_subject(row),
        row["provider"],
        row["record_type"],
        row["RptDate"],
        say(terms.APART[row["outcome"]].title),
        " ".join(_named(row)),
        row["found_on"].isoformat(),
        say(terms.DIFFERENCE[row["state"]].title),
        f"{row['file']}:{row['line']}" if row["file"] else "",
    )


def _named(row: Mapping[str, Any]) -> list[str]:
    """Items where they are known, else the segment."""
    items = list(row["items"])
    return items + [each for each in row["segments"] if not any(item.startswith(f"{each}.") for item in items)]


@permission(CORRECT)
def differences_correct() -> ResponseReturnValue:
    """Note that corrections of the chosen differences are on their way."""
    ids = request.form.getlist("id")[:_MOST_AT_ONCE]
    if not ids:
        raise Invalid("submission.differences_none", Text("请先勾选差异", "Choose differences first"))
    moved = differences.send_to_correction(ids)
    record("submission.difference.correct", Thing("difference", ids[0]), detail={"ids": ids, "moved": moved})
    toast(Text("{n} 条差异已转更正", "{n} differences were sent to correction").format(n=moved))
    return redirect(url_for("submission.differences", state="correcting"))


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/checks", "checks", checks_all)
    blueprint.add_url_rule("/checks/begin", "checks_begin", checks_begin, methods=["POST"])
    blueprint.add_url_rule("/checks/<check_id>", "checks_one", checks_one)
    blueprint.add_url_rule("/differences", "differences", differences_all)
    blueprint.add_url_rule("/differences.csv", "differences_csv", differences_csv)
    blueprint.add_url_rule("/differences/correct", "differences_correct", differences_correct, methods=["POST"])

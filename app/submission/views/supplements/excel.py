"""Workbooks of supplements: the template of a form, handing one in, what is wrong with it, and taking what is good."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.audit import Thing, record
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.entities import visible_entities
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.text import Text
from app.rules.tables.workbook_guard import MAX_BYTES
from app.submission.permissions import WRITE_SUPPLEMENT
from app.submission.reading.terms import Term
from app.submission.supplement import uploads
from app.submission.supplement.entry import FORMS, entry_form
from app.submission.supplement.models import SupplementUpload
from app.submission.supplement.workbook_in import read_sheet
from app.submission.supplement.workbook_out import template, with_faults
from app.submission.views.day import shown_entity
from app.web.access import permission
from app.web.toasts import toast

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATES: Final = {
    "reading": Term(Text("读取中", "Being read"), "info"),
    "read": Term(Text("已读取", "Read"), "info"),
    "refused": Term(Text("不能读取", "Cannot be read"), "danger"),
    "taking": Term(Text("提交中", "Being handed in"), "info"),
    "taken": Term(Text("已提交复核", "Handed in"), "success"),
    "dropped": Term(Text("已放弃", "Thrown away")),
}
_SHOWN_MOST: Final = 500


@permission(WRITE_SUPPLEMENT)
def excel() -> ResponseReturnValue:
    """Templates to fetch, a workbook to hand in, and one's latest."""
    return _page()


def _page(problem: Text | None = None) -> str:
    query = select(SupplementUpload).filter_by(author=current_actor().id).order_by(SupplementUpload.created_at.desc())
    return render_template(
        "submission/supplement_excel.html",
        forms=FORMS,
        uploads=list(current_session().scalars(query.limit(20))),
        states=STATES,
        problem=problem,
        most=MAX_BYTES // 1_000_000,
        provider=shown_entity(),
        entities=visible_entities(),
    )


@permission(WRITE_SUPPLEMENT)
def excel_template(form: str) -> ResponseReturnValue:
    """The empty workbook of a form."""
    found = entry_form(form)
    return _workbook(template(found), f"supplement_{found.name}")


def _workbook(content: bytes, name: str) -> Response:
    answer = Response(content, mimetype=_XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer


@permission(WRITE_SUPPLEMENT)
def excel_upload() -> ResponseReturnValue:
    """Take a workbook in and have it read."""
    file = request.files.get("file")
    content = file.stream.read(MAX_BYTES + 1) if file else b""
    try:
        upload = uploads.hand_over(
            request.form.get("entity") or shown_entity(),
            request.form.get("form", ""),
            (file.filename if file else "") or "",
            content,
        )
    except (Invalid, NotFound, Refused) as refused:
        return _page(refused.message), refused.status
    return redirect(url_for("submission.supplements_upload", number=upload.id))


@permission(WRITE_SUPPLEMENT)
def upload(number: str) -> ResponseReturnValue:
    """A workbook with all that is wrong with it, by sheet, row and column."""
    found = uploads.find_upload(number)
    return render_template(
        "submission/supplement_upload.html",
        upload=found,
        form=entry_form(found.form),
        states=STATES,
        faults=found.faults[:_SHOWN_MOST],
        text_of=lambda fault: Text(fault[3], fault[4]),
    )


@permission(WRITE_SUPPLEMENT)
def upload_take(number: str) -> ResponseReturnValue:
    """Hand it to review: all, or with `good` only the rows without a fault."""
    found = uploads.find_upload(number)
    try:
        uploads.take(found, good_only=bool(request.form.get("good")))
    except Conflict as conflict:
        toast(conflict.message, "danger")
    return redirect(url_for("submission.supplements_upload", number=number))


@permission(WRITE_SUPPLEMENT)
def upload_drop(number: str) -> ResponseReturnValue:
    """Throw it away."""
    uploads.drop(uploads.find_upload(number))
    toast(Text("工作簿已放弃", "The workbook has been thrown away"))
    return redirect(url_for("submission.supplements_excel"))


@permission(WRITE_SUPPLEMENT)
def upload_faults(number: str) -> ResponseReturnValue:
    """The workbook as text, its faults marked at their cells; the download is recorded."""
    found = uploads.find_upload(number)
    texts = read_sheet(entry_form(found.form), uploads.content_of(found)).texts
    record("submission.supplement.export", Thing("supplement_upload", found.id))
    return _workbook(with_faults(found.form, texts, found.faults), f"faults_{found.id}")


def add_to(blueprint: Blueprint) -> None:
    one = "/supplements/excel/<number>"
    blueprint.add_url_rule("/supplements/excel", "supplements_excel", excel)
    blueprint.add_url_rule("/supplements/excel", "supplements_hand_over", excel_upload, methods=["POST"])
    blueprint.add_url_rule("/supplements/excel/template/<form>.xlsx", "supplements_template", excel_template)
    blueprint.add_url_rule(one, "supplements_upload", upload)
    blueprint.add_url_rule(f"{one}/take", "supplements_take", upload_take, methods=["POST"])
    blueprint.add_url_rule(f"{one}/drop", "supplements_drop", upload_drop, methods=["POST"])
    blueprint.add_url_rule(f"{one}/faults.xlsx", "supplements_faults", upload_faults)

"""All supplements, filtered and exported; and the requests that wait for a second person, approved in bulk where they are clean."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, func, select

from app.audit import Thing, record
from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.people import name_of
from app.core.text import Text
from app.submission.permissions import REVIEW_SUPPLEMENT, SUPPLEMENTS
from app.submission.prints import key_print
from app.submission.reading import terms
from app.submission.supplement import deciding
from app.submission.supplement.entry import FORMS, entry_form, field_titles
from app.submission.supplement.models import Supplement, SupplementRequest
from app.submission.supplement.reviewing import answer, clean_requests, waiting
from app.submission.tables import RECORD_TYPES
from app.submission.views.supplements import wording
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, ListQuery, csv_answer, database_page, database_stream
from app.web.toasts import toast
from app.web.words import say

COLUMNS: Final = (
    Column("changed", Text("更新", "Changed"), sortable=True),
    Column("form", Text("表单", "Form"), sortable=True),
    Column("key", Text("业务标识", "Business key")),
    Column("items", Text("数据项", "Items")),
    Column("from", Text("起始业务日", "From"), sortable=True),
    Column("until", Text("截止业务日", "Until"), sortable=True),
    Column("state", Text("状态", "State"), sortable=True),
    Column("author", Text("补录人", "Author"), sortable=True),
    Column("reviewer", Text("复核人", "Reviewer"), sortable=True),
)
_SORTS: Final = {
    "changed": Supplement.changed_at,
    "form": Supplement.form,
    "from": Supplement.valid_from,
    "until": Supplement.valid_until,
    "state": Supplement.state,
    "author": Supplement.author,
    "reviewer": Supplement.reviewer,
}
_NEEDS: Final = {
    "conflict": Text("与来源冲突待裁定", "disagrees with its source"),
    "blocked": Text("有拦截类问题", "held back by a finding"),
    "mine": Text("我写的", "written by me"),
}


def listing() -> Listing:
    """The list, the latest change first."""
    return Listing(
        columns=COLUMNS,
        order="-changed",
        filters=(
            Filter("state", Text("状态", "State"), options=terms.options(wording.STATES)),
            Filter("form", Text("表单", "Form"), options=tuple((name, form.title) for name, form in FORMS.items())),
            Filter("needs", Text("关注", "Attention"), options=tuple(_NEEDS.items())),
            Filter("on", Text("适用业务日", "Applies on"), kind="date"),
            Filter("key", Text("完整业务标识", "Whole business key"), hint=Text("精确匹配", "exact match")),
        ),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _selected(query: ListQuery) -> Any:
    """Keys are stored sealed, so one is found only by its whole."""
    statement, today = select(Supplement), clock.today()
    state, needs = query.filters.get("state"), query.filters.get("needs")
    approved, last = Supplement.state == "approved", deciding.last_over(today)
    if state == "in_force":
        statement = statement.where(approved, Supplement.valid_from <= today, Supplement.valid_until > last)
    elif state == "waiting":
        statement = statement.where(approved, Supplement.valid_from > today)
    elif state == "expired":
        statement = statement.where(approved, Supplement.valid_until <= last)
    elif state:
        statement = statement.where(Supplement.state == state)
    if needs == "conflict":
        statement = statement.where(Supplement.conflict_on.is_not(None))
    elif needs == "blocked":
        statement = statement.where(Supplement.blocks > 0)
    elif needs == "mine":
        statement = statement.where(Supplement.author == current_actor().id)
    if form := query.filters.get("form"):
        statement = statement.where(Supplement.form == form)
    if day := _day(query.filters.get("on")):
        statement = statement.where(Supplement.valid_from <= day, Supplement.valid_until >= day)
    if key := query.filters.get("key"):
        statement = statement.where(Supplement.subject_print.in_([key_print(code, key) for code in RECORD_TYPES]))
    # A draft is its author's own until it is handed in.
    hidden = and_(Supplement.state == "draft", Supplement.author != current_actor().id)
    return statement.where(~hidden)


@permission(SUPPLEMENTS)
def supplements() -> ResponseReturnValue:
    """What has been supplemented, in whatever state."""
    query = listing().read()
    page = database_page(current_session(), _selected(query), query, _SORTS, Supplement.id)
    return render_template(
        "submission/supplements.html",
        page=page,
        totals=_totals(),
        states=wording.STATES,
        standing=deciding.standing,
        key_text=wording.key_text,
        titles=_titles,
        form_of=entry_form,
        name_of=name_of,
        export=query.at(url_for("submission.supplements_csv")),
    )


def _titles(supplement: Supplement, most: int = 3) -> str:
    form = entry_form(supplement.form)
    known = field_titles(form)
    tags = [tag for tag in supplement.items if tag in known and tag not in form.key]
    shown = " · ".join(say(known[tag]) for tag in tags[:most])
    return f"{shown} +{len(tags) - most}" if len(tags) > most else shown


def _totals() -> dict[str, int]:
    session, today = current_session(), clock.today()

    def count(*conditions: Any) -> int:
        return int(session.scalar(select(func.count()).select_from(Supplement).where(*conditions)) or 0)

    mine = Supplement.author == current_actor().id
    in_force = (Supplement.state == "approved", Supplement.valid_from <= today)
    return {
        "draft": count(Supplement.state.in_(("draft", "returned")), mine),
        "submitted": count(Supplement.state == "submitted"),
        "in_force": count(*in_force, Supplement.valid_until > deciding.last_over(today)),
        "conflict": count(Supplement.conflict_on.is_not(None)),
        "matched": count(Supplement.state == "matched", mine),
    }


@permission(SUPPLEMENTS)
def supplements_csv() -> ResponseReturnValue:
    """The filtered list, keys masked and without values; the export is recorded."""
    query = listing().read()
    record(
        "submission.supplement.export",
        Thing("supplement", "*"),
        detail={name: value for name, value in query.filters.items() if name != "key"},
    )
    rows = database_stream(_selected(query), query, _SORTS, Supplement.id)
    return csv_answer("supplements", [Text("编号", "Number"), *(column.title for column in COLUMNS)], rows, _cells)


def _cells(supplement: Supplement) -> tuple[object, ...]:
    return (
        supplement.id,
        supplement.changed_at.astimezone(clock.CHINA).date().isoformat(),
        say(entry_form(supplement.form).title),
        wording.key_text(supplement),
        _titles(supplement, 99),
        supplement.valid_from.isoformat(),
        supplement.valid_until.isoformat(),
        say(wording.STATES[deciding.standing(supplement)].title),
        name_of(supplement.author),
        name_of(supplement.reviewer),
    )


REQUESTS: Final = Listing(
    columns=(
        Column("submitted", Text("提交", "Handed in"), sortable=True),
        Column("form", Text("表单", "Form"), sortable=True),
        Column("count", Text("条数", "Supplements"), number=True, sortable=True),
        Column("blocked", Text("有拦截类问题", "Held back"), number=True, sortable=True),
        Column("author", Text("补录人", "Author"), sortable=True),
    ),
    order="submitted",
    filters=(Filter("form", Text("表单", "Form"), options=tuple((name, form.title) for name, form in FORMS.items())),),
)
_REQUEST_SORTS: Final = {
    "submitted": SupplementRequest.submitted_at,
    "form": SupplementRequest.form,
    "count": SupplementRequest.count,
    "blocked": SupplementRequest.blocked,
    "author": SupplementRequest.author,
}


@permission(SUPPLEMENTS)
def requests() -> ResponseReturnValue:
    """What waits for a second person."""
    query = REQUESTS.read()
    statement = waiting()
    if form := query.filters.get("form"):
        statement = statement.where(SupplementRequest.form == form)
    page = database_page(current_session(), statement, query, _REQUEST_SORTS, SupplementRequest.id)
    return render_template(
        "submission/supplement_requests.html", page=page, form_of=entry_form, name_of=name_of, me=current_actor().id
    )


@permission(REVIEW_SUPPLEMENT)
def requests_approve() -> ResponseReturnValue:
    """Approve the ticked requests in which no finding holds anything back; the others stay."""
    chosen = request.form.getlist("request")[:200]
    words = request.form.get("comment", "").strip() or say(Text("批量批准", "approved in bulk"))
    clean = clean_requests(chosen, current_actor().id)
    for each in clean:
        answer(each, {"decision": "approve", "comment": words[:500]})
    left = len(set(chosen)) - len(clean)
    toast(
        Text(f"已批准 {len(clean)} 次提交，{left} 次未批准", f"{len(clean)} requests approved, {left} not"),
        "success" if clean else "warning",
    )
    return redirect(url_for("submission.supplements_requests"))


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/supplements", "supplements", supplements)
    blueprint.add_url_rule("/supplements.csv", "supplements_csv", supplements_csv)
    blueprint.add_url_rule("/supplements/requests", "supplements_requests", requests)
    blueprint.add_url_rule("/supplements/requests", "supplements_requests_approve", requests_approve, methods=["POST"])

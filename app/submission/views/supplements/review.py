"""The review of a request: every supplement beside its source, what the pre-check says, and the second person's decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.audit import Thing, looked_at, record
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import Conflict, Refused
from app.core.people import name_of
from app.core.text import Text
from app.submission.permissions import REVIEW_SUPPLEMENT, SUPPLEMENTS, WRITE_SUPPLEMENT
from app.submission.reading.findings import rule_title
from app.submission.supplement import deciding, reviewing
from app.submission.supplement.entry import entry_form
from app.submission.supplement.models import Supplement, SupplementRequest
from app.submission.views.supplements import wording
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, database_page
from app.web.toasts import toast
from app.workflow.forms import FormErrors

_LISTING: Final = Listing(
    columns=(Column("created", Text("补录", "Supplement"), sortable=True), Column("blocks", Text("拦截", "Held"), sortable=True)),
    order="-blocks",
    filters=(Filter("needs", Text("关注", "Attention"), options=(("blocked", Text("有拦截类问题", "held back by a finding")),)),),
)  # fmt: skip
_SORTS: Final = {"created": Supplement.created_at, "blocks": Supplement.blocks}


@permission(SUPPLEMENTS)
def one(number: str) -> ResponseReturnValue:
    """A request with its supplements, those that a finding holds back first; that it was looked at is written down."""
    found = deciding.find_request(number)
    looked_at(Thing("supplement_request", found.id), what="supplements", view="masked")
    return _page(found, {})


def _page(found: SupplementRequest, answers: Mapping[str, str], problem: Text | None = None) -> str:
    query = _LISTING.read()
    statement = select(Supplement).filter_by(request_id=found.id)
    if query.filters.get("needs") == "blocked":
        statement = statement.where(Supplement.blocks > 0)
    page = database_page(current_session(), statement, query, _SORTS, Supplement.id)
    form = entry_form(found.form)
    return render_template(
        "submission/supplement_request.html",
        found=found,
        form=form,
        page=page,
        shown_items=wording.shown_items,
        key_text=wording.key_text,
        rule_title=lambda finding: rule_title(form.record, finding[0], finding[1]),
        question=reviewing.question_of(found),
        mine=found.author == current_actor().id,
        states=wording.STATES,
        standing=deciding.standing,
        name_of=name_of,
        answers=answers,
        problem=problem,
    )


@permission(REVIEW_SUPPLEMENT)
def decide(number: str) -> ResponseReturnValue:
    """Approve, approve what is clean, or return; refused to whoever wrote it."""
    found = deciding.find_request(number)
    given = {name: request.form.get(name, "")[:2_000] for name in ("decision", "comment")}
    thing = Thing("supplement_request", found.id)
    try:
        reviewing.answer(found, given)
    except Refused as refused:
        record("submission.supplement.review", thing, "refused")
        return _page(found, given, refused.message), refused.status
    except FormErrors as wrong:
        text = Text("请选择意见并写明理由（2–500 字）", "choose a decision and say why in 2 to 500 characters")
        return _page(found, given, text), wrong.status
    except Conflict as conflict:
        return _page(found, given, conflict.message), conflict.status
    toast(Text("复核意见已登记", "Your decision has been noted"))
    return redirect(url_for("submission.supplements_requests"))


@permission(WRITE_SUPPLEMENT)
def withdraw(number: str) -> ResponseReturnValue:
    """Its author takes it back: all of it is a draft again."""
    found = deciding.find_request(number)
    try:
        deciding.withdraw(found)
    except (Conflict, Refused) as refused:
        return _page(found, {}, refused.message), refused.status
    toast(Text("已撤回，补录回到草稿", "Taken back: they are drafts again"))
    return redirect(url_for("submission.supplements", needs="mine"))


def add_to(blueprint: Blueprint) -> None:
    address = "/supplements/requests/<number>"
    blueprint.add_url_rule(address, "supplements_request", one)
    blueprint.add_url_rule(address, "supplements_decide", decide, methods=["POST"])
    blueprint.add_url_rule(f"{address}/withdraw", "supplements_withdraw", withdraw, methods=["POST"])

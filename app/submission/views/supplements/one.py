"""One supplement: what it says beside its source, what has been done, ending it, and deciding where they disagree."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, looked_at
from app.core.actor import current_actor
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.people import name_of
from app.core.text import Text
from app.submission.permissions import REVIEW_SUPPLEMENT, SUPPLEMENTS, WRITE_SUPPLEMENT
from app.submission.supplement import deciding
from app.submission.supplement.entry import entry_form
from app.submission.supplement.models import Supplement
from app.submission.views.supplements import wording
from app.web.access import permission
from app.web.parts import TimelineEntry
from app.web.toasts import toast


@permission(SUPPLEMENTS)
def one(number: str) -> ResponseReturnValue:
    """A supplement with its history, values masked; that it was looked at is written down."""
    supplement = deciding.find(number)
    mine = supplement.author == current_actor().id
    if supplement.state == "draft" and not mine:
        raise NotFound("submission.supplement", Text("没有这条补录", "there is no such supplement"))
    looked_at(Thing("supplement", supplement.id), what="supplement", view="masked")
    return _page(supplement)


def _page(supplement: Supplement, problem: Text | None = None) -> str:
    form = entry_form(supplement.form)
    return render_template(
        "submission/supplement.html",
        supplement=supplement,
        form=form,
        items=wording.shown_items(supplement),
        key_parts=wording.key_parts(form, supplement.key),
        key_text=wording.key_text(supplement),
        standing=deciding.standing(supplement),
        states=wording.STATES,
        entries=list(_history(supplement)),
        mine=supplement.author == current_actor().id,
        name_of=name_of,
        problem=problem,
        shortest=deciding.SHORTEST_REASON,
        longest=deciding.LONGEST_REASON,
    )


def _history(supplement: Supplement) -> Iterator[TimelineEntry]:
    yield TimelineEntry(
        supplement.created_at, Text("开始补录", "Begun"), name_of(supplement.author), supplement.reason, tone="info"
    )
    if supplement.decided_at:
        returned = supplement.state == "returned"
        title = Text("退回", "Returned") if returned else Text("批准", "Approved")
        who = name_of(supplement.reviewer)
        yield TimelineEntry(supplement.decided_at, title, who, supplement.answer, "danger" if returned else "success")
    if supplement.ended_at:
        term = wording.STATES[supplement.state if supplement.state in wording.STATES else "expired"]
        by = name_of(supplement.ended_by)
        yield TimelineEntry(supplement.ended_at, term.title, by, supplement.ended_because)


@permission(WRITE_SUPPLEMENT)
def end(number: str) -> ResponseReturnValue:
    """Let it apply no more."""
    supplement = deciding.find(number)
    try:
        deciding.end(supplement, request.form.get("reason", ""))
    except (Conflict, Invalid) as refused:
        return _page(supplement, refused.message), refused.status
    toast(Text("补录已终止，下一批次起用来源数据", "It has ended; the next batch goes by the sources"))
    return redirect(url_for("submission.supplements_one", number=number))


@permission(REVIEW_SUPPLEMENT)
def decide(number: str) -> ResponseReturnValue:
    """Decide which holds where a supplement and its source disagree."""
    supplement = deciding.find(number)
    try:
        deciding.decide_conflict(supplement, request.form.get("holds", ""), request.form.get("reason", ""))
    except (Conflict, Invalid, Refused) as refused:
        return _page(supplement, refused.message), refused.status
    toast(Text("已裁定", "It has been decided"))
    return redirect(url_for("submission.supplements_one", number=number))


def add_to(blueprint: Blueprint) -> None:
    address = "/supplements/<number>"
    blueprint.add_url_rule(address, "supplements_one", one)
    blueprint.add_url_rule(f"{address}/end", "supplements_end", end, methods=["POST"])
    blueprint.add_url_rule(f"{address}/conflict", "supplements_conflict", decide, methods=["POST"])

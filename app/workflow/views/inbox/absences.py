"""When people are away, and who does their tasks."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.people import directory, name_of
from app.core.text import Text
from app.web.access import permission
from app.web.toasts import toast
from app.workflow.inbox.absence import absences_of, end_absence, enter_absence
from app.workflow.permissions import WORK
from app.workflow.views.inbox.given import attempt, me


@permission(WORK)
def absences() -> ResponseReturnValue:
    """One's own absences; everybody's for who leads."""
    return _page()


def _page(problem: Text | None = None) -> str:
    doer = me()
    return render_template(
        "workflow/inbox_absences.html",
        rows=absences_of(None if doer.leads else doer.id),
        doer=doer,
        everyone=directory().everyone(),
        typed=request.form,
        problem=problem,
        today=clock.today(),
        name_of=name_of,
    )


@permission(WORK)
def enter_now() -> ResponseReturnValue:
    """Note an absence."""
    doer = me()
    person = request.form.get("person") or doer.id
    first, last = _day("first_day"), _day("last_day")
    if first is None or last is None:
        return _page(Text("请填写开始日和结束日", "Give the first and the last day")), 422
    problem = attempt(
        lambda: enter_absence(doer.id, person, request.form.get("substitute", ""), first, last, leads=doer.leads)
    )
    if problem is not None:
        return _page(problem.message), problem.status
    toast(Text("外出已登记", "The absence is noted"))
    return redirect(url_for("workflow.inbox_absences"))


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None


@permission(WORK)
def end_now(number: int) -> ResponseReturnValue:
    """Take an absence back, or let it end now."""
    end_absence(me().id, number, leads=me().leads)
    toast(Text("外出已取消", "The absence has ended"))
    return redirect(url_for("workflow.inbox_absences"))


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/inbox/absences", "inbox_absences", absences, methods=["GET"])
    blueprint.add_url_rule("/inbox/absences", "inbox_absences_now", enter_now, methods=["POST"])
    blueprint.add_url_rule("/inbox/absences/<int:number>/end", "inbox_absences_end", end_now, methods=["POST"])

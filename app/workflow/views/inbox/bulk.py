"""Several tasks at once: claim, release, assign, and the same answers where the form allows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.errors import CreditLinkError, Invalid
from app.core.text import Text
from app.web.access import permission
from app.web.toasts import toast
from app.workflow.forms import FormErrors, answers_from, validate
from app.workflow.inbox import claims
from app.workflow.inbox.asked import Asked
from app.workflow.inbox.doers import somebody
from app.workflow.models import ProcessTask
from app.workflow.permissions import WORK
from app.workflow.views.inbox.given import LIST, attempt, me, place, registry, seen_task, titles_of

MOST: Final = 200
_DONE: Final = {
    "claim": Text("已领取 {n} 件", "{n} taken"),
    "release": Text("已退回 {n} 件", "{n} given back"),
    "assign": Text("已分派 {n} 件", "{n} assigned"),
    "answer": Text("已办结 {n} 件", "{n} dealt with"),
}


@dataclass(frozen=True, slots=True)
class Left:
    """A task that something could not be done with, and why."""

    task: ProcessTask | None
    problem: CreditLinkError


def _chosen() -> list[str]:
    ids = list(dict.fromkeys(request.values.getlist("_task")))
    if not ids:
        raise Invalid("workflow.nothing_chosen", Text("请先勾选任务", "Tick some tasks first"))
    if len(ids) > MOST:
        raise Invalid("workflow.too_many", Text(f"一次至多 {MOST} 件", f"At most {MOST} at once"))
    return ids


@permission(WORK)
def bulk() -> ResponseReturnValue:
    """Do one thing with every ticked task, each for itself: what fails does not hinder the others."""
    ids, what = _chosen(), request.form.get("do", "")
    if what == "answer":
        chosen: dict[str, Any] = {"_task": ids, LIST: place().written}
        return redirect(url_for("workflow.inbox_answers", **chosen))
    return _outcome(what, *_each(ids, _act(what)))


def _act(what: str) -> Callable[[str], Any]:
    doer = me()
    if what == "claim":
        return lambda each: claims.claim(doer, each)
    if what == "release":
        return lambda each: claims.release(doer, each)
    if what == "assign":
        to, reason = somebody(request.form.get("to", ""), registry().grants), request.form.get("reason", "")
        return lambda each: claims.reassign(doer, each, to, reason)
    raise Invalid("workflow.bulk", Text("没有这个操作", "There is nothing of that name to do"))


def _each(ids: list[str], act: Callable[[str], Any]) -> tuple[int, list[Left]]:
    left = []
    for each in ids:
        problem = attempt(lambda each=each: act(each))  # type: ignore[misc] # mypy does not see the default
        if problem is not None:
            left.append(Left(_visible(each), problem))
    return len(ids) - len(left), left


def _visible(task_id: str) -> ProcessTask | None:
    try:
        return seen_task(task_id)
    except CreditLinkError:
        return None


def _outcome(what: str, went: int, left: list[Left]) -> ResponseReturnValue:
    words = _DONE[what].format(n=went)
    if not left:
        toast(words)
        return redirect(place().url)
    return render_template(
        "workflow/inbox_outcome.html",
        words=words,
        went=went,
        left=left,
        here=place(),
        titles=titles_of(each.task.id for each in left if each.task),
    )


@permission(WORK)
def answers() -> ResponseReturnValue:
    """One form for several tasks."""
    return _answers_page(_same_form(_chosen()))


def _same_form(ids: list[str]) -> list[ProcessTask]:
    """The ticked tasks. Raises Invalid (`workflow.bulk_form`) unless one form that allows it asks them all."""
    tasks = [seen_task(each) for each in ids]
    forms = [Asked.of(each).form for each in tasks[:1]]
    if len({(each.process, each.name) for each in tasks}) > 1 or not forms[0].bulk:
        raise Invalid(
            "workflow.bulk_form",
            Text(
                "只有同一流程、同一表单且表单允许批量办理的任务才能一起办理",
                "Only tasks of one process and one form, and of a form that allows it, can be answered together",
            ),
        )
    return tasks


def _answers_page(
    tasks: list[ProcessTask], given: dict[str, Any] | None = None, errors: FormErrors | None = None
) -> str:
    asked = Asked.of(tasks[0], registry())
    return render_template(
        "workflow/inbox_answers.html",
        tasks=tasks,
        titles=titles_of(each.id for each in tasks),
        form=asked.form,
        values=given or {},
        errors=errors.errors if errors else {},
        here=place(),
    )


@permission(WORK)
def answers_now() -> ResponseReturnValue:
    """Give every ticked task the same answers; says how many went and why others did not."""
    ids = _chosen()
    tasks = _same_form(ids)
    form = Asked.of(tasks[0], registry()).form
    given = answers_from(form, request.form)
    try:
        validate(form, given, background=Asked.of(tasks[0], registry()).background)
    except FormErrors as problem:
        return _answers_page(tasks, given, problem), problem.status
    doer = me()
    return _outcome("answer", *_each(ids, lambda each: claims.answer(doer, each, given, registry())))


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/inbox/bulk", "inbox_bulk", bulk, methods=["POST"])
    blueprint.add_url_rule("/inbox/answers", "inbox_answers", answers, methods=["GET"])
    blueprint.add_url_rule("/inbox/answers", "inbox_answers_now", answers_now, methods=["POST"])

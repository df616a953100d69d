"""One task: its form with the evidence beside it, what was said and filed, and everything that can be done with it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.errors import CreditLinkError, NotFound
from app.core.events import tell
from app.core.people import name_of
from app.core.text import Text
from app.web.access import permission
from app.web.toasts import toast
from app.web.words import datetime_text, t
from app.workflow.clocks.nearness import deadlines_of
from app.workflow.forms import LOOK, FormErrors, answers_from, draft_of, hidden_ids
from app.workflow.inbox import attachments as files
from app.workflow.inbox import claims
from app.workflow.inbox.asked import Asked, form_of
from app.workflow.inbox.case import case_of, timeline_of
from app.workflow.inbox.comments import add_comment, comments_of
from app.workflow.inbox.doers import fit_for, somebody
from app.workflow.inbox.events import TaskSeen
from app.workflow.inbox.file_types import ENDINGS
from app.workflow.inbox.wording import due_words, priority_words
from app.workflow.models import ProcessTask
from app.workflow.permissions import WORK
from app.workflow.views.inbox.given import (
    attempt,
    case_url,
    me,
    neighbours,
    place,
    registry,
    role_title,
    seen_task,
    titles_of,
)

_ANSWERED: Final = Text("任务已办结", "Dealt with")
_LAST: Final = Text("任务已办结，列表中没有下一件", "Dealt with; there is no next one in the list")


@permission(WORK)
def task(task_id: str) -> ResponseReturnValue:
    """The page of a task. That it was looked at is told."""
    return _page(seen_task(task_id))


def _page(
    shown: ProcessTask,
    problem: Text | None = None,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, Text] | None = None,
    comment: str = "",
) -> str:
    doer, here = me(), place()
    tell(TaskSeen(shown.id, shown.process))
    asked, formless = _asked(shown)
    hindered = claims.hindrance(doer, shown)
    if values is None:
        kept = shown.result if shown.status == "done" else shown.draft
        values = kept if isinstance(kept, dict) else {}
    return render_template(
        "workflow/task.html",
        task=shown,
        case=case_of(shown.instance_id),
        asked=asked,
        formless=formless,
        problem=problem,
        hindered=hindered.message if hindered else None,
        values=values,
        errors=errors or {},
        due=due_words(shown.due_at, deadlines_of([(shown.instance_id, shown.id)]).get(shown.id)),
        priority=priority_words(shown.priority),
        doer=doer,
        colleagues=_colleagues(shown),
        comments=comments_of(shown.instance_id),
        comment=comment,
        attachments=files.attachments_of(shown.instance_id),
        scans=files.scans(),
        endings=ENDINGS,
        size_limit=files.size_limit(),
        done_before=timeline_of(shown.instance_id, registry()),
        title=titles_of([shown.id])[shown.id],
        case_url=case_url(shown.instance_id),
        here=here,
        near=neighbours(here, shown.id),
        role_title=role_title,
        name_of=name_of,
    )


def _asked(shown: ProcessTask) -> tuple[Asked | None, Text | None]:
    try:
        return Asked.of(shown, registry(), _address), None
    except CreditLinkError as problem:
        return None, problem.message


def _address(number: int) -> str:
    return url_for("workflow.inbox_attachment", number=number)


def _colleagues(shown: ProcessTask) -> list[Any]:
    if shown.status != "open":
        return []
    return [each for each in fit_for(shown, registry().grants) if each.id not in (me().id, shown.assignee)]


def _tried(task_id: str, act: Callable[[], Any], words: Text) -> ResponseReturnValue:
    """Do it and come back to the page, or show the page as it is now with what hinders."""
    problem = attempt(act)
    if problem is not None:
        return _told(task_id, problem)
    toast(words)
    try:
        seen_task(task_id)
    except NotFound:
        return redirect(place().url)
    return redirect(place().task_url(task_id))


def _told(task_id: str, problem: CreditLinkError, **more: Any) -> ResponseReturnValue:
    try:
        shown = seen_task(task_id)
    except NotFound:
        raise problem from None
    return _page(shown, problem.message, **more), problem.status


@permission(WORK)
def claim_now(task_id: str) -> ResponseReturnValue:
    """Take the task."""
    return _tried(task_id, lambda: claims.claim(me(), task_id), Text("已领取", "It is yours"))


@permission(WORK)
def release_now(task_id: str) -> ResponseReturnValue:
    """Give the task back."""
    return _tried(task_id, lambda: claims.release(me(), task_id), Text("已退回待领取", "Given back to its group"))


@permission(WORK)
def delegate_now(task_id: str) -> ResponseReturnValue:
    """Hand the task to a colleague."""
    return _tried(task_id, lambda: claims.delegate(me(), task_id, _to(), _reason()), Text("已转交", "Handed over"))


@permission(WORK)
def reassign_now(task_id: str) -> ResponseReturnValue:
    """Give the task to somebody, whoever has it; what else that takes is asked in the service."""
    return _tried(task_id, lambda: claims.reassign(me(), task_id, _to(), _reason()), Text("已改派", "Reassigned"))


def _to() -> Any:
    return somebody(request.form.get("to", ""), registry().grants)


def _reason() -> str:
    return request.form.get("reason", "")


@permission(WORK)
def answer_now(task_id: str) -> ResponseReturnValue:
    """Deal with the task, and go on to the next one where that was asked."""
    shown, here = seen_task(task_id), place()
    given = _given(shown)
    if LOOK in request.form:
        return _page(shown, values=given)
    following = neighbours(here, task_id).after if request.form.get("_then") == "next" else None
    problem = attempt(lambda: claims.answer(me(), task_id, given, registry()))
    if isinstance(problem, FormErrors):
        return _page(seen_task(task_id), values=given, errors=problem.errors), problem.status
    if problem is not None:
        return _told(task_id, problem, values=None if problem.code == "workflow.answered" else given)
    if following:
        toast(_ANSWERED)
        return redirect(here.task_url(following))
    toast(_LAST if request.form.get("_then") == "next" else _ANSWERED)
    return redirect(here.url)


def _given(shown: ProcessTask) -> dict[str, Any]:
    return answers_from(form_of(shown), request.form)


@permission(WORK)
def draft_now(task_id: str) -> ResponseReturnValue:
    """Keep what was filled in so far; by the page itself every few seconds, or by its button."""
    shown = seen_task(task_id)
    kept = draft_of(form_of(shown), request.form, shown.draft if isinstance(shown.draft, dict) else None)
    if not request.headers.get("HX-Request"):
        return _tried(task_id, lambda: claims.save_draft(me(), task_id, kept), Text("草稿已保存", "The draft is kept"))
    claims.save_draft(me(), task_id, kept)
    return make_response(t("草稿已保存 %s", "Draft kept %s") % datetime_text(clock.now())[-5:])


@permission(WORK)
def look(task_id: str) -> ResponseReturnValue:
    """Which parts of the form are hidden for what is filled in so far."""
    asked = Asked.of(seen_task(task_id), registry())
    return jsonify({"hidden": hidden_ids(asked.form, request.form, asked.background)})


@permission(WORK)
def comment_now(task_id: str) -> ResponseReturnValue:
    """Say something about the case."""
    said, shown = request.form.get("text", ""), seen_task(task_id)
    problem = attempt(lambda: add_comment(me().id, shown.instance_id, said, task_id))
    if problem is not None:
        return _told(task_id, problem, comment=said)
    return redirect(place().task_url(task_id, _anchor="comments"))


@permission(WORK)
def attach_now(task_id: str) -> ResponseReturnValue:
    """File something with the case."""
    shown, sent = seen_task(task_id), request.files.get("file")
    content = sent.stream.read(files.size_limit() + 1) if sent else b""
    try:
        # No savepoint: that a file was refused is told although nothing is kept of it.
        files.add_attachment(me().id, shown.instance_id, (sent.filename or "") if sent else "", content, task_id)
    except CreditLinkError as problem:
        return _told(task_id, problem)
    toast(Text("附件已保存", "The file is kept"))
    return redirect(place().task_url(task_id, _anchor="attachments"))


@permission(WORK)
def attachment(number: int) -> ResponseReturnValue:
    """A file of a case, for who may see one of its tasks. It is always saved, never opened by the browser itself."""
    found = files.find_attachment(number)
    if not _sees_case(found.instance_id):
        raise NotFound("workflow.attachment", Text("没有这个附件", "There is no such attachment"))
    answer: Response = send_file(
        io.BytesIO(files.content_of(found)),
        mimetype=found.media_type,
        as_attachment=True,
        download_name=found.name,
        conditional=False,
        etag=False,
    )
    answer.headers["X-Download-Options"] = "noopen"
    return answer


def _sees_case(instance_id: str) -> bool:
    return any(me().may_see(each) for each in case_of(instance_id).questions)


def add_to(blueprint: Blueprint) -> None:
    one = "/tasks/<task_id>"
    blueprint.add_url_rule(one, "inbox_task", task, methods=["GET"])
    blueprint.add_url_rule("/attachments/<int:number>", "inbox_attachment", attachment, methods=["GET"])
    for verb, view in (
        ("claim", claim_now),
        ("release", release_now),
        ("delegate", delegate_now),
        ("reassign", reassign_now),
        ("answer", answer_now),
        ("draft", draft_now),
        ("look", look),
        ("comments", comment_now),
        ("attachments", attach_now),
    ):
        blueprint.add_url_rule(f"{one}/{verb}", f"inbox_task_{verb}", view, methods=["POST"])

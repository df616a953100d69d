"""One's own access: the roles held and until when, requests for more, and where each of them stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.actor import current_actor
from app.core.errors import Conflict, Invalid
from app.core.people import name_of
from app.core.registry import Registry
from app.core.text import Text
from app.security import permissions
from app.security.accounts import get_user
from app.security.grants import LONGEST_DAYS, REVIEW_DAYS
from app.security.models import AccessRequest, User
from app.security.requests import (
    LONGEST_REASON,
    SHORTEST_REASON,
    STATES,
    Wish,
    WishRefused,
    ask_for_role,
    find_request,
    latest_end,
    questions_of,
    requests_of,
    withdraw,
)
from app.security.roles import WORDS, Role, refuse_exclusive
from app.web.access import permission
from app.web.parts import TimelineEntry, Tone
from app.web.toasts import toast
from app.workflow.models import ProcessTask

TONES: Final[Mapping[str, Tone]] = {
    "asked": "info",
    "granted": "success",
    "ended": "neutral",
    "refused": "danger",
    "conflict": "danger",
    "withdrawn": "neutral",
}
_QUESTIONS: Final = {
    "Approve": Text("主管审批", "A manager decides"),
    "Explain": Text("补充说明", "You are asked to explain"),
    "Authorise": Text("安全管理员授权", "The security administrator grants"),
    "Recertify": Text("主管定期复核", "A manager reviews whether it is still needed"),
}
"""English for what the diagram asks; what is drawn anew keeps the diagram's own words."""


def _own() -> User:
    return get_user(current_actor().id)


@permission(permissions.OWN_ACCOUNT)
def access() -> ResponseReturnValue:
    """The roles that one holds and the requests that one has made."""
    user = _own()
    requests = requests_of(user)
    return render_template(
        "security/access.html",
        user=user,
        words=WORDS,
        requests=requests,
        states=STATES,
        tones=TONES,
        waiting={number: _waits_for(tasks) for number, tasks in questions_of(requests).items()},
        soon=clock.today() + timedelta(days=REVIEW_DAYS),
    )


def _waits_for(tasks: Sequence[ProcessTask]) -> ProcessTask | None:
    return next((task for task in tasks if task.status == "open"), None)


@permission(permissions.OWN_ACCOUNT)
def new_request() -> ResponseReturnValue:
    """The form by which one asks for a role."""
    return _form(_own(), Wish("", "", None))


@permission(permissions.OWN_ACCOUNT)
def new_request_now() -> ResponseReturnValue:
    """Begin the request, or say everything that is wrong with it (422) or in its way (409)."""
    user = _own()
    wish = Wish(
        request.form.get("role", ""),
        request.form.get("reason", "")[: 4 * LONGEST_REASON],
        _day(request.form.get("until", "")),
    )
    try:
        made = ask_for_role(user, wish)
    except WishRefused as refused:
        return _form(user, wish, refused.errors), refused.status
    except Conflict as conflict:
        return _form(user, wish, problem=conflict.message), conflict.status
    toast(Text("申请已提交，请留意进度", "The request is on its way"))
    return redirect(url_for("security.access_one", request_id=made.id))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _form(user: User, wish: Wish, errors: Mapping[str, Text] | None = None, problem: Text | None = None) -> str:
    return render_template(
        "security/access_new.html",
        wish=wish,
        errors=errors or {},
        problem=problem,
        roles=[role for role in Role if role not in user.roles],
        excluded={role for role in Role if _excludes(user, role)},
        words=WORDS,
        earliest=clock.today() + timedelta(days=1),
        latest=latest_end(),
        most_days=LONGEST_DAYS,
        shortest=SHORTEST_REASON,
        longest=LONGEST_REASON,
    )


def _excludes(user: User, role: Role) -> bool:
    try:
        refuse_exclusive(user.roles | {role})
    except Invalid:
        return True
    return False


@permission(permissions.OWN_ACCOUNT)
def one_request(request_id: str) -> ResponseReturnValue:
    """One of one's own requests: what was asked, what has come of it, whom it waits for."""
    return _page(find_request(request_id, _own()))


def _page(shown: AccessRequest, problem: Text | None = None) -> str:
    tasks = questions_of([shown])[shown.id]
    return render_template(
        "security/access_one.html",
        request_=shown,
        role=WORDS[Role(shown.role)],
        state=STATES[shown.state],
        tone=TONES[shown.state],
        waiting=_waits_for(tasks),
        entries=list(_history(shown, tasks)),
        problem=problem,
    )


def _history(shown: AccessRequest, tasks: Sequence[ProcessTask]) -> Iterator[TimelineEntry]:
    yield TimelineEntry(shown.asked_at, Text("提出申请", "Asked"), tone="info")
    for task in tasks:
        title = _QUESTIONS.get(task.node, Text(task.title, task.title))
        if task.status == "done" and task.finished_at:
            # What managers write to each other stays with them; the asker reads what is said to the asker.
            words = task.result.get("comment", "") if _is_for_asker(task) else ""
            yield TimelineEntry(task.finished_at, title, name_of(task.finished_by), words, "success")
        elif task.status == "open":
            waits = Text(f"等待：{title.zh}", f"Waiting: {title.en}")
            yield TimelineEntry(task.opened_at, waits, name_of(task.assignee), tone="warning")
    if shown.closed_at:
        yield TimelineEntry(shown.closed_at, STATES[shown.state], text=shown.answer, tone=TONES[shown.state])


def _is_for_asker(task: ProcessTask) -> bool:
    return isinstance(task.result, Mapping) and (task.result.get("decision") == "ask" or task.node == "Explain")


@permission(permissions.OWN_ACCOUNT)
def withdraw_now(request_id: str) -> ResponseReturnValue:
    """Take one's own request back."""
    shown = find_request(request_id, _own())
    try:
        withdraw(shown)
    except Conflict as conflict:
        return _page(shown, conflict.message), conflict.status
    toast(Text("申请已撤回", "The request has been withdrawn"))
    return redirect(url_for("security.access"))


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    del registry
    one = "/account/access/of/<request_id>"
    blueprint.add_url_rule("/account/access", "access", access, methods=["GET"])
    blueprint.add_url_rule("/account/access/new", "access_new", new_request, methods=["GET"])
    blueprint.add_url_rule("/account/access/new", "access_new_now", new_request_now, methods=["POST"])
    blueprint.add_url_rule(one, "access_one", one_request, methods=["GET"])
    blueprint.add_url_rule(f"{one}/withdraw", "access_withdraw", withdraw_now, methods=["POST"])

"""Requests to put an edition in force or to retire a ruleset: the list, and one with where it stands and what was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.core.actor import current_actor
from app.core.db import current_session, unit_of_work
from app.core.errors import CreditLinkError, NotFound
from app.core.people import name_of
from app.core.registry import Registry
from app.core.text import Text
from app.rules.permissions import APPROVE, VIEW, WRITE
from app.rules.reader import words
from app.rules.reader.history import compared
from app.rules.reader.index import index
from app.rules.registry import requests
from app.rules.registry.backtest import kept
from app.rules.registry.models import ReleaseRequest
from app.rules.views.reading import given, trying
from app.web.access import may, permission
from app.web.listing import Column, Filter, Listing, csv_answer, database_page, database_stream, like_pattern
from app.web.toasts import toast
from app.web.words import date_text, datetime_text, say
from app.workflow.inbox.case import timeline_of
from app.workflow.inbox.comments import add_comment, comments_of
from app.workflow.models import ProcessInstance, ProcessTask
from app.workflow.permissions import WORK

_STEPS: Final = {
    "submitted": Text("提交", "Submitted"),
    "checked": Text("检查", "Checked"),
    "tried": Text("试跑", "Tried"),
    "approved": Text("批准", "Approved"),
}
_OPEN: Final = Text("办理中", "Open")
LISTING: Final = Listing(
    columns=(
        Column("asked_at", Text("提交", "Submitted"), sortable=True),
        Column("ruleset", Text("规则集", "Ruleset"), sortable=True),
        Column("kind", Text("申请", "Asks for"), sortable=True),
        Column("effective_from", Text("起始业务日", "From"), sortable=True),
        Column("state", Text("状态", "State"), sortable=True),
        Column("asked_by", Text("提交人", "By"), sortable=True),
    ),
    order="-asked_at",
    filters=(
        Filter("q", Text("搜索", "Search"), hint=Text("申请编号或规则集代码", "number, or the ruleset's code")),
        Filter("state", Text("状态", "State"), options=(("open", _OPEN), *requests.STATES.items())),
        Filter("kind", Text("申请", "Asks for"), options=tuple(requests.KINDS.items())),
    ),
)
_SORTS: Final = {
    "asked_at": ReleaseRequest.asked_at,
    "ruleset": ReleaseRequest.ruleset,
    "kind": ReleaseRequest.kind,
    "effective_from": ReleaseRequest.effective_from,
    "state": ReleaseRequest.state,
    "asked_by": ReleaseRequest.asked_by,
}


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of a request's way: done, current, failed or waiting."""

    title: Text
    state: str


def _statement(filters: Any) -> Any:
    statement = select(ReleaseRequest)
    if text := filters.get("q"):
        pattern = like_pattern(text)
        statement = statement.where(
            ReleaseRequest.id.ilike(pattern, escape="\\") | ReleaseRequest.ruleset.ilike(pattern, escape="\\")
        )
    state = filters.get("state")
    if state == "open":
        statement = statement.where(ReleaseRequest.state.in_(requests.OPEN))
    elif state:
        statement = statement.where(ReleaseRequest.state == state)
    if kind := filters.get("kind"):
        statement = statement.where(ReleaseRequest.kind == kind)
    return statement


@permission(VIEW)
def listed() -> ResponseReturnValue:
    """The requests, open and closed."""
    query = LISTING.read()
    page = database_page(current_session(), _statement(query.filters), query, _SORTS, ReleaseRequest.id)
    return render_template(
        "rules/requests.html",
        page=page,
        words=words,
        states=requests.STATES,
        kinds=requests.KINDS,
        titles=_titles(),
        name_of=name_of,
        export=query.at(url_for("rules.sets_requests_csv")),
    )


def _titles() -> dict[str, Text]:
    return {name: each.title for name, each in index().rulesets.items()}


@permission(VIEW)
def listed_csv() -> ResponseReturnValue:
    """The same list for a spreadsheet."""
    query = LISTING.read()
    rows = database_stream(_statement(query.filters), query, _SORTS, ReleaseRequest.id)
    titles = (Text("申请编号", "Number"), *(column.title for column in LISTING.columns), Text("说明", "Note"))
    return csv_answer("ruleset-requests", titles, rows, _cells)


def _cells(row: ReleaseRequest) -> tuple[object, ...]:
    return (
        row.id,
        datetime_text(row.asked_at),
        row.ruleset,
        say(requests.KINDS[row.kind]),
        date_text(row.effective_from),
        say(requests.STATES[row.state]),
        name_of(row.asked_by),
        row.note,
    )


class RequestPages:
    """The pages of one request, which name the steps of its process by the words that their owners announced."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def page(self, request_id: str, problem: Text | None = None) -> str:
        found = requests.find(given.identifier(request_id))
        instance = current_session().get(ProcessInstance, found.instance_id) if found.instance_id else None
        trial = kept(found.backtest) if found.backtest else None
        return render_template(
            "rules/request.html",
            request_row=found,
            line=given.line(found.ruleset),
            steps=_steps(found, instance),
            moving=found.state in ("submitted", "checked") and instance is not None and instance.status == "running",
            stuck=instance if instance is not None and instance.status == "incident" else None,
            states=requests.STATES,
            kinds=requests.KINDS,
            open=found.state in requests.OPEN,
            compared_changes=compared(found),
            timeline_entries=timeline_of(found.instance_id, self.registry) if found.instance_id else (),
            comments=comments_of(found.instance_id) if found.instance_id else (),
            task=_task(found),
            trial=trial,
            problem=problem,
            typed=given.words("text"),
            words=words,
            named=words.named,
            name_of=name_of,
            **(trying.told(trial) if trial else {}),
        )

    def act(self, request_id: str, act: Any, told: Text) -> ResponseReturnValue:
        """Do it and come back to the page, or show the page with what hinders."""
        found = requests.find(given.identifier(request_id))
        try:
            with unit_of_work():  # what fails leaves nothing behind, though the page is answered
                act(found)
        except CreditLinkError as problem:
            return self.page(request_id, problem.message), problem.status
        toast(told)
        return redirect(url_for("rules.sets_request", request_id=found.id))


def _steps(found: ReleaseRequest, instance: ProcessInstance | None) -> tuple[StepLine, ...]:
    """How far it has come. The last step is named by how it ended."""
    reached = list(_STEPS).index(_furthest(found))
    lines = [StepLine(title, "done" if place <= reached else "waiting") for place, title in enumerate(_STEPS.values())]
    if found.state in requests.OPEN and reached + 1 < len(lines):
        stuck = instance is not None and instance.status == "incident"
        lines[reached + 1] = replace(lines[reached + 1], state="failed" if stuck else "current")
    if found.state in ("returned", "withdrawn"):
        lines[-1] = StepLine(requests.STATES[found.state], "failed" if found.state == "returned" else "ended")
    if found.checked and not found.checked.get("fit"):
        lines[1] = replace(lines[1], state="failed")
    return tuple(lines)


def _furthest(found: ReleaseRequest) -> str:
    """The last state on the way that it has passed, also where it has ended otherwise."""
    if found.state in ("returned", "withdrawn"):
        tried = found.backtest is not None or bool(found.checked.get("fit"))
        return "tried" if tried else "submitted"
    return found.state


def _task(found: ReleaseRequest) -> str | None:
    """The open task of the approval, for those who may take it on."""
    if not (may(APPROVE) and may(WORK)) or current_actor().id in found.authors or found.instance_id is None:
        return None
    wanted = select(ProcessTask.id).filter_by(instance_id=found.instance_id, kind="question", status="open")
    return current_session().scalar(wanted.limit(1))


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    pages = RequestPages(registry)

    @permission(VIEW)
    def one(request_id: str) -> ResponseReturnValue:
        return pages.page(request_id)

    @permission(WRITE)
    def withdraw(request_id: str) -> ResponseReturnValue:
        return pages.act(request_id, requests.withdraw, Text("申请已撤回", "The request has been withdrawn"))

    @permission(WRITE)
    def comment(request_id: str) -> ResponseReturnValue:
        def say_it(found: ReleaseRequest) -> None:
            if found.instance_id is None:
                raise NotFound("rules.request", Text("没有这个申请", "there is no such request"))
            add_comment(current_actor().id, found.instance_id, request.form.get("text", ""))

        return pages.act(request_id, say_it, Text("已发表", "Said"))

    address = "/requests/<request_id>"
    blueprint.add_url_rule("/requests", "sets_requests", listed)
    blueprint.add_url_rule("/requests.csv", "sets_requests_csv", listed_csv)
    blueprint.add_url_rule(address, "sets_request", one)
    blueprint.add_url_rule(f"{address}/withdraw", "sets_request_withdraw", withdraw, methods=["POST"])
    blueprint.add_url_rule(f"{address}/comments", "sets_request_comment", comment, methods=["POST"])

"""The page of early warnings: what is not as on a good day, the urgent first; seen to, silenced, or gone by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, select

from app.audit import Thing, record
from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, Invalid
from app.core.people import name_of
from app.core.text import Text
from app.operations.permissions import HANDLE_WARNINGS, WARNINGS
from app.submission.warning.models import Warning
from app.submission.warning.watching import acknowledge, find_warning, silence
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, csv_answer, database_page
from app.web.toasts import toast
from app.web.words import datetime_text, say

STATES: Final[Mapping[str, tuple[Text, str]]] = {
    "open": (Text("待处理", "Open"), "danger"),
    "acknowledged": (Text("处理中", "Acknowledged"), "warning"),
    "silenced": (Text("已静默", "Silenced"), "neutral"),
    "closed": (Text("已关闭", "Closed"), "success"),
}
SEVERITY: Final[Mapping[str, tuple[Text, str]]] = {
    "block": (Text("紧急", "Urgent"), "danger"),
    "warn": (Text("一般", "Ordinary"), "warning"),
}
LISTING: Final = Listing(
    columns=(
        Column("opened", Text("发生", "Since"), sortable=True),
        Column("severity", Text("级别", "Severity"), sortable=True),
        Column("title", Text("预警", "Warning")),
        Column("thing", Text("来源或记录类型", "Source or record type"), sortable=True),
        Column("day", Text("业务日", "Business day"), sortable=True),
        Column("entity", Text("法人机构", "Legal entity"), sortable=True),
        Column("state", Text("状态", "State"), sortable=True),
    ),
    order="severity",
    filters=(
        Filter("state", Text("状态", "State"), options=tuple((name, words) for name, (words, _) in STATES.items())),
        Filter(
            "severity", Text("级别", "Severity"), options=tuple((name, words) for name, (words, _) in SEVERITY.items())
        ),
        Filter("rule", Text("规则", "Rule"), hint=Text("W000-101", "W000-101")),
        Filter("day", Text("业务日", "Business day"), kind="date"),
    ),
)
_SORTS: Final = {
    "opened": Warning.opened_at,
    "severity": Warning.severity,
    "thing": Warning.thing,
    "day": Warning.business_date,
    "entity": Warning.provider,
    "state": Warning.state,
}
_HOURS: Final = (1, 4, 24, 72)


@dataclass(frozen=True, slots=True)
class Group:
    """The warnings of one rule, day and entity that are not closed, as one line."""

    rule: str
    title: Text
    provider: str
    day: date
    severity: str
    things: int
    open: int


def groups() -> Sequence[Group]:
    """What there is to see to, one line for each rule, day and entity; the urgent first, then the newest."""
    query = (
        select(
            Warning.rule,
            func.max(Warning.title_zh),
            func.max(Warning.title_en),
            Warning.provider,
            Warning.business_date,
            func.min(Warning.severity),
            func.count(),
            func.count().filter(Warning.state == "open"),
        )
        .where(Warning.state != "closed")
        .group_by(Warning.rule, Warning.provider, Warning.business_date)
        .order_by(func.min(Warning.severity), Warning.business_date.desc(), Warning.rule)
        .limit(50)
    )
    return [
        Group(rule, Text(zh, en), provider, day, severity, things, waiting)
        for rule, zh, en, provider, day, severity, things, waiting in current_session().execute(query)
    ]


def _selected(filters: Mapping[str, str]) -> Select[Warning]:
    statement = select(Warning)
    if state := filters.get("state"):
        statement = statement.where(Warning.state == state)
    else:
        statement = statement.where(Warning.state != "closed")
    for name, column in (("severity", Warning.severity), ("rule", Warning.rule)):
        if value := filters.get(name):
            statement = statement.where(column == value)
    try:
        day = date.fromisoformat(filters.get("day", ""))
    except ValueError:
        return statement
    return statement.where(Warning.business_date == day)


@permission(WARNINGS)
def warnings() -> ResponseReturnValue:
    """The warnings that are not closed, grouped and one by one."""
    query = LISTING.read()
    page = database_page(current_session(), _selected(query.filters), query, _SORTS, Warning.id)
    export = query.at(url_for("operations.warnings_csv"))
    return render_template("operations/warnings.html", page=page, groups=groups(), export=export, **_words())


def _words() -> dict[str, Any]:
    return {"states": STATES, "severities": SEVERITY, "title_of": lambda each: Text(each.title_zh, each.title_en)}


@permission(WARNINGS)
def warnings_csv() -> ResponseReturnValue:
    """The filtered warnings; the export is recorded."""
    query = LISTING.read()
    record("operations.warning.export", Thing("warning", "*"), detail=dict(query.filters))
    with unit_of_work(reading=True) as session:
        rows = list(session.scalars(_selected(query.filters).order_by(Warning.opened_at)))
    return csv_answer("warnings", [*(each.title for each in LISTING.columns), Text("规则", "Rule")], rows, _cells)


def _cells(each: Warning) -> tuple[object, ...]:
    return (
        datetime_text(each.opened_at),
        say(SEVERITY[each.severity][0]) if each.severity in SEVERITY else each.severity,
        say(Text(each.title_zh, each.title_en)),
        each.thing,
        each.business_date.isoformat(),
        each.provider,
        say(STATES[each.state][0]),
        each.rule,
    )


@permission(WARNINGS)
def warnings_one(number: int) -> ResponseReturnValue:
    """One warning with what was known when it was last judged."""
    return _one(find_warning(number))


def _one(warning: Warning, problem: Text | None = None) -> str:
    facts = [(f"{group}.{name}", value) for group, known in warning.facts.items() for name, value in known.items()]
    return render_template(
        "operations/warning.html",
        warning=warning,
        facts=facts,
        hours=_HOURS,
        problem=problem,
        name_of=name_of,
        **_words(),
    )


@permission(HANDLE_WARNINGS)
def warnings_acknowledge(number: int) -> ResponseReturnValue:
    """Say that somebody sees to it."""
    found = find_warning(number)
    try:
        acknowledge(found, request.form.get("remark", ""))
    except Conflict as problem:
        return _one(found, problem.message), problem.status
    toast(Text("已标记为处理中", "Acknowledged"))
    return redirect(url_for("operations.warnings_one", number=number))


@permission(HANDLE_WARNINGS)
def warnings_silence(number: int) -> ResponseReturnValue:
    """Say nothing of it for some hours or until the end of a day."""
    found = find_warning(number)
    try:
        silence(found, _until(), request.form.get("remark", ""))
    except (Conflict, Invalid) as problem:
        return _one(found, problem.message), problem.status
    toast(Text("已静默，到时自动恢复", "Silenced; it comes back by itself"))
    return redirect(url_for("operations.warnings_one", number=number))


def _until() -> datetime | None:
    hours, day = request.form.get("hours", ""), request.form.get("until", "")
    if hours.isdecimal() and len(hours) <= 4:
        return clock.now() + timedelta(hours=int(hours))
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), clock.CHINA)
    except (ValueError, OverflowError):
        return None


def add_to(blueprint: Blueprint) -> None:
    one = "/warnings/<int:number>"
    blueprint.add_url_rule("/warnings", "warnings", warnings)
    blueprint.add_url_rule("/warnings.csv", "warnings_csv", warnings_csv)
    blueprint.add_url_rule(one, "warnings_one", warnings_one)
    blueprint.add_url_rule(f"{one}/acknowledge", "warnings_acknowledge", warnings_acknowledge, methods=["POST"])
    blueprint.add_url_rule(f"{one}/silence", "warnings_silence", warnings_silence, methods=["POST"])

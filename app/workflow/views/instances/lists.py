"""The list of running processes, with counts by state and an export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import defer

from app.core.clock import CHINA
from app.core.db import current_session
from app.core.people import name_of
from app.core.text import Text
from app.web.access import permission
from app.web.listing import (
    Column,
    Filter,
    Listing,
    csv_answer,
    database_page,
    database_stream,
    like_pattern,
)
from app.web.words import datetime_text, say
from app.workflow.models import ProcessInstance, ProcessVersion
from app.workflow.permissions import INSTANCES
from app.workflow.views.instances.wording import STATES, TONES, titles, version_numbers

_CHUNK: Final = 1_000
COLUMNS: Final = (
    Column("business_key", Text("业务编号", "Case"), sortable=True),
    Column("process", Text("流程", "Process"), sortable=True),
    Column("state", Text("状态", "State"), sortable=True),
    Column("subject", Text("客户", "Subject")),
    Column("started", Text("发起", "Started"), sortable=True),
    Column("started_by", Text("发起人", "Started by")),
    Column("finished", Text("结束", "Ended"), sortable=True),
)
_SORTS: Final = {
    "business_key": ProcessInstance.business_key,
    "process": ProcessInstance.process,
    "state": ProcessInstance.status,
    "started": ProcessInstance.started_at,
    "finished": ProcessInstance.finished_at,
}


def listing(named: Mapping[str, Text]) -> Listing:
    """The list, latest started first."""
    return Listing(
        columns=COLUMNS,
        order="-started",
        filters=(
            Filter("q", Text("搜索", "Search"), hint=Text("业务编号或客户", "case or subject")),
            Filter("process", Text("流程", "Process"), options=tuple(named.items())),
            Filter("version", Text("版本号", "Version"), kind="number"),
            Filter("state", Text("状态", "State"), options=tuple(STATES.items())),
            Filter("from", Text("发起日从", "Started from"), kind="date"),
            Filter("until", Text("至", "Until"), kind="date"),
        ),
    )


def _selected(filters: Mapping[str, str]) -> Select[ProcessInstance]:
    statement = select(ProcessInstance).options(defer(ProcessInstance.state), defer(ProcessInstance.path))
    if process := filters.get("process"):
        statement = statement.where(ProcessInstance.process == process)
    number = filters.get("version", "")
    if number.isascii() and number.isdigit() and len(number) < 7:
        versions = select(ProcessVersion.version).where(ProcessVersion.number == int(number))
        statement = statement.where(ProcessInstance.version.in_(versions))
    if state := filters.get("state"):
        statement = statement.where(ProcessInstance.status == state)
    if first := _midnight(filters.get("from", "")):
        statement = statement.where(ProcessInstance.started_at >= first)
    if last := _midnight(filters.get("until", "")):
        statement = statement.where(ProcessInstance.started_at < last + timedelta(days=1))
    if wanted := filters.get("q"):
        pattern = like_pattern(wanted)
        texts = (ProcessInstance.business_key, ProcessInstance.subject)
        statement = statement.where(or_(*(each.ilike(pattern, escape="\\") for each in texts)))
    return statement


def _midnight(text: str) -> datetime | None:
    """When a day begins in China; None for what is no day of our times."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day, datetime.min.time(), CHINA) if 2000 <= day.year <= 2200 else None


def _counts(filters: Mapping[str, str]) -> dict[str, int]:
    """How many there are in each state, with the other filters as they are."""
    others = {name: value for name, value in filters.items() if name != "state"}
    chosen = _selected(others).with_only_columns(ProcessInstance.status, func.count()).group_by(ProcessInstance.status)
    return dict(current_session().execute(chosen).all())


@permission(INSTANCES)
def instances() -> ResponseReturnValue:
    """All instances, the latest first."""
    named = titles()
    query = listing(named).read()
    page = database_page(current_session(), _selected(query.filters), query, _SORTS, ProcessInstance.id)
    return render_template(
        "workflow/instances.html",
        page=page,
        states=STATES,
        tones=TONES,
        counts=_counts(query.filters),
        titles=named,
        numbers=version_numbers(),
        name_of=name_of,
        export=query.at(url_for("workflow.instances_csv")),
        chosen=query.filters.get("process"),
    )


@permission(INSTANCES)
def instances_csv() -> ResponseReturnValue:
    """The filtered list for a spreadsheet."""
    named, numbers = titles(), version_numbers()
    query = listing(named).read(request.args)
    heads = [*(column.title for column in COLUMNS), Text("版本号", "Version"), Text("编号", "Number")]

    def cells(row: ProcessInstance) -> tuple[object, ...]:
        return (
            row.business_key,
            say(named.get(row.process, Text(row.process, row.process))),
            say(STATES[row.status]),
            row.subject,
            datetime_text(row.started_at),
            name_of(row.started_by),
            datetime_text(row.finished_at) if row.finished_at else "",
            numbers.get(row.version, ""),
            row.id,
        )

    return csv_answer(
        "instances", heads, database_stream(_selected(query.filters), query, _SORTS, ProcessInstance.id, _CHUNK), cells
    )


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/instances", "instances", instances)
    blueprint.add_url_rule("/instances.csv", "instances_csv", instances_csv)

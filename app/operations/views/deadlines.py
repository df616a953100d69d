"""The deadlines board: everything that runs against time, earliest first; and one deadline, to be paused or resumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, record
from app.core import clock as time
from app.core.errors import Conflict, Invalid, Refused
from app.core.text import Text
from app.operations import board
from app.operations.permissions import PAUSE, PAUSE_STATUTORY, VIEW
from app.web.access import may, permission
from app.web.listing import Column, Filter, Listing, csv_answer
from app.web.toasts import toast
from app.web.words import datetime_text, say
from app.workflow.clocks import KINDS, find_clock, nearness, pause, resume
from app.workflow.clocks.keeping import may_pause, warnings_of
from app.workflow.clocks.limits import due_text
from app.workflow.models import Clock
from app.workflow.permissions import INSTANCES

STATES: Final = {
    "running": Text("计时中", "Running"),
    "paused": Text("已暂停", "Paused"),
    "missed": Text("已逾期", "Overdue"),
    "met": Text("已完成", "Met"),
    "cancelled": Text("已取消", "Cancelled"),
}
_OPEN: Final = ("missed", "running", "paused")
COLUMNS: Final = (
    Column("due", Text("到期", "Due"), sortable=True),
    Column("distance", Text("剩余", "Left")),
    Column("title", Text("时限", "Deadline")),
    Column("kind", Text("类别", "Kind"), sortable=True),
    Column("process", Text("流程", "Process"), sortable=True),
    Column("case", Text("业务编号", "Case")),
    Column("subject", Text("客户", "Subject")),
    Column("started", Text("起算", "Started"), sortable=True),
)


def listing(titles: Mapping[str, Text]) -> Listing:
    """The board, earliest due first."""
    return Listing(
        columns=COLUMNS,
        order="due",
        filters=(
            Filter("state", Text("状态", "State"), options=tuple((name, STATES[name]) for name in _OPEN)),
            Filter("kind", Text("类别", "Kind"), options=tuple(KINDS.items())),
            Filter("process", Text("流程", "Process"), options=tuple(sorted(titles.items()))),
            Filter("until", Text("到期日不晚于", "Due until"), kind="date"),
            Filter("q", Text("搜索", "Search"), hint=Text("业务编号、客户或时限", "case, subject or deadline")),
        ),
    )


def _words(titles: Mapping[str, Text]) -> dict[str, Any]:
    """What both pages say of a deadline."""
    now = time.now()
    return {
        "now": now,
        "nearness": nearness,
        "states": STATES,
        "kinds": KINDS,
        "title_of": lambda clock: Text(clock.title_zh, clock.title_en),
        "process_of": lambda clock: titles.get(clock.process, Text(clock.process, clock.process)),
        "case_url": _case_url,
    }


def _case_url(clock: Clock) -> str | None:
    return url_for("workflow.instances_one", instance_id=clock.instance_id) if may(INSTANCES) else None


@permission(VIEW)
def deadlines() -> ResponseReturnValue:
    """All running, paused and overdue deadlines."""
    titles = board.process_titles()
    query, tally, now = listing(titles).read(), board.tally(), time.now()
    return render_template(
        "operations/deadlines.html",
        page=board.board_page(query, tally),
        tally=tally,
        today=time.today().isoformat(),
        soon=nearness.soon_day(now).isoformat(),
        export=query.at(url_for("operations.deadlines_csv")),
        **_words(titles),
    )


@permission(VIEW)
def deadlines_csv() -> ResponseReturnValue:
    """The filtered board as CSV; the export is recorded."""
    titles = board.process_titles()
    query, now = listing(titles).read(), time.now()
    record("operations.deadline.export", Thing("deadline", "*"), detail=_without_text(query.filters))
    state = Text("状态", "State")
    heads = [*(column.title for column in COLUMNS), state, Text("依据", "Basis")]

    def cells(clock: Clock) -> tuple[object, ...]:
        return (
            due_text(clock.due_at),
            say(nearness.distance(clock, now)),
            say(Text(clock.title_zh, clock.title_en)),
            say(KINDS.get(clock.kind, Text(clock.kind, clock.kind))),
            say(titles.get(clock.process, Text(clock.process, clock.process))),
            clock.business_key,
            clock.subject,
            datetime_text(clock.started_at),
            say(STATES[nearness.state_of(clock, now)]),
            clock.basis,
        )

    return csv_answer("deadlines", heads, board.stream(query), cells)


def _without_text(filters: Mapping[str, str]) -> dict[str, str]:
    # What was searched for may be somebody's name.
    return {name: value for name, value in filters.items() if name != "q"}


@permission(VIEW)
def one(clock_id: int) -> ResponseReturnValue:
    """One deadline, and what may be done about it."""
    return _page(find_clock(clock_id))


def _page(clock: Clock, problem: Text | None = None) -> str:
    allowed = may(PAUSE) and may_pause(clock.kind, may(PAUSE_STATUTORY))
    now = time.now()
    return render_template(
        "operations/deadline.html",
        clock=clock,
        problem=problem,
        typed=request.form.get("reason", ""),
        warnings=warnings_of(clock),
        may_change=allowed,
        pausable=allowed and nearness.state_of(clock, now) == "running",
        resumable=allowed and clock.state == "paused",
        **_words(board.process_titles()),
    )


@permission(PAUSE)
def pause_now(clock_id: int) -> ResponseReturnValue:
    """Stop a deadline, with a reason that is recorded."""
    reason = request.form.get("reason", "").strip()

    def act() -> None:
        pause(clock_id, reason, may_pause_statutory=may(PAUSE_STATUTORY))
        record("operations.deadline.pause", Thing("clock", str(clock_id)), detail={"reason": reason})

    return _changed(clock_id, act, Text("时限已暂停", "The deadline is paused"))


@permission(PAUSE)
def resume_now(clock_id: int) -> ResponseReturnValue:
    """Let a paused deadline run on."""
    return _changed(
        clock_id,
        lambda: resume(clock_id, may_pause_statutory=may(PAUSE_STATUTORY)),
        Text("时限已恢复计时，到期时间已顺延", "The deadline runs again; its due time was moved on"),
    )


def _changed(clock_id: int, act: Callable[[], object], words: Text) -> ResponseReturnValue:
    try:
        act()
    except (Invalid, Conflict, Refused) as problem:
        return _page(find_clock(clock_id), problem.message), problem.status
    toast(words)
    return redirect(url_for("operations.deadlines_one", clock_id=clock_id))


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/deadlines", "deadlines", deadlines)
    blueprint.add_url_rule("/deadlines.csv", "deadlines_csv", deadlines_csv)
    blueprint.add_url_rule("/deadlines/<int:clock_id>", "deadlines_one", one)
    blueprint.add_url_rule("/deadlines/<int:clock_id>/pause", "deadlines_pause", pause_now, methods=["POST"])
    blueprint.add_url_rule("/deadlines/<int:clock_id>/resume", "deadlines_resume", resume_now, methods=["POST"])

"""The lists of the inbox, read from the task table alone: no case is loaded and nothing sealed is opened for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, String, and_, cast, false, func, literal, literal_column, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from app.core import clock
from app.core.db import current_session, database
from app.core.text import Text
from app.core.workdays import add_working_days
from app.web.listing import Column, Filter, Listing, ListQuery, Page, like_pattern
from app.workflow.inbox.doers import Doer
from app.workflow.models import ProcessTask
from app.workflow.permissions import WORK
from app.workflow.versions import live_descriptions

TABS: Final = {
    "mine": Text("我的", "Mine"),
    "group": Text("本岗位", "My groups'"),
    "unassigned": Text("待领取", "Unassigned"),
    "done": Text("我办结的", "Done by me"),
    "all": Text("全部", "Everybody's"),
}
"""The last one is for who leads others."""
DUE: Final = {
    "overdue": Text("已逾期", "Overdue"),
    "today": Text("今天到期", "Due today"),
    "soon": Text("三个工作日内", "Within 3 working days"),
}
PRIORITY: Final = {"high": Text("高", "High"), "normal": Text("普通", "Normal"), "low": Text("低", "Low")}
HIGH: Final = 70
LOW: Final = 30
MOST_COUNTED: Final = 1_000
"""Tabs are counted up to here: who has more to do behind one does not need the exact number to choose another."""
MOST_LISTED: Final = 10_000
"""A list without filters is counted, and turned over page by page, up to here."""
MOST_IN_ORDER: Final = 500
"""So far ahead the order of a list is known when going from one task to the next."""

_COLUMNS: Final[tuple[Any, ...]] = (
    ProcessTask.id,
    ProcessTask.instance_id,
    ProcessTask.node,
    ProcessTask.process,
    ProcessTask.business_key,
    ProcessTask.subject,
    ProcessTask.title,
    ProcessTask.name,
    ProcessTask.role,
    ProcessTask.priority,
    ProcessTask.status,
    ProcessTask.assignee,
    ProcessTask.due_at,
    ProcessTask.opened_at,
    ProcessTask.finished_at,
)
_SORTS: Final = {
    # An expression on purpose: to walk an index for the order would fetch nearly every row on its own.
    "due": func.coalesce(ProcessTask.due_at, datetime(9999, 1, 1, tzinfo=UTC)),
    "priority": ProcessTask.priority,
    "opened": ProcessTask.opened_at,
    "finished": ProcessTask.finished_at,
}


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of a list."""

    id: str
    instance_id: str
    node: str
    process: str
    business_key: str
    subject: str
    title: str
    form: str
    role: str
    priority: int
    status: str
    assignee: str | None
    due_at: datetime | None
    opened_at: datetime
    finished_at: datetime | None


def listing_of(tab: str, processes: Mapping[str, Text], roles: Mapping[str, Text]) -> Listing:
    """What the list behind a tab offers; `processes` and `roles` are the choices of its filters."""
    last = (
        Column("finished", Text("办结时间", "Done"), sortable=True)
        if tab == "done"
        else Column("who", Text("办理人", "With"))
    )
    return Listing(
        columns=(
            Column("due", Text("期限", "Due"), sortable=True),
            Column("task", Text("任务", "Task")),
            Column("case", Text("业务", "Case")),
            Column("priority", Text("优先级", "Priority"), sortable=True),
            Column("opened", Text("到达", "Arrived"), sortable=True),
            last,
        ),
        order="-finished" if tab == "done" else "due",
        filters=(
            Filter("q", Text("搜索", "Search"), hint=Text("任务、业务号或对象", "task, case or subject")),
            Filter("process", Text("流程", "Process"), options=tuple(processes.items())),
            Filter("role", Text("岗位", "Role"), options=tuple(roles.items())),
            Filter("due", Text("期限", "Due"), options=tuple(DUE.items())),
            Filter("priority", Text("优先级", "Priority"), options=tuple(PRIORITY.items())),
        ),
    )


def known_processes() -> dict[str, Text]:
    """The titles of all processes by name."""
    described = live_descriptions().items()
    found = {name: Text.of(said["title"]) if said.get("title") else Text(name, name) for name, said in described}
    return dict(sorted(found.items(), key=lambda each: each[1].zh))


def tasks_page(me: Doer, tab: str, query: ListQuery) -> Page[TaskRow]:
    """One page of the list behind `tab`, and how many stand in all of it."""
    wanted = _wanted(me, tab, query.filters)
    # Order, and with filters the count, are found over ids in one pass; only the rows of the page are read whole. Without
    # filters most of the table may stand in the list, and an index alone counts that.
    ids = select(ProcessTask.id, (func.count().over() if query.filters else literal(0)).label("total")).where(wanted)
    page = _ordered(ids, query).offset(query.offset).limit(query.size).subquery()
    whole = select(page.c.total, *_COLUMNS).join(page, page.c.id == ProcessTask.id)
    rows = current_session().execute(_ordered(whole, query)).all()
    if query.filters and (rows or query.page == 1):
        total = rows[0].total if rows else 0
    else:
        total = _counted(wanted, MOST_LISTED)
    return Page(query, tuple(TaskRow(*row[1:]) for row in rows), total)


def tasks_in_order(me: Doer, tab: str, query: ListQuery) -> list[str]:
    """The ids of the first tasks of a list, for going through it one by one."""
    statement = _ordered(select(ProcessTask.id).where(_wanted(me, tab, query.filters)), query)
    return list(current_session().scalars(statement.limit(MOST_IN_ORDER)))


def tab_counts(me: Doer) -> dict[str, int]:
    """How many tasks stand behind each tab, without filters; at most MOST_COUNTED."""
    tabs = {"mine": _mine(me), "group": _open_for_group(me), "unassigned": _unassigned(me), "done": _done(me)}
    return {name: _counted(wanted, MOST_COUNTED) for name, wanted in tabs.items()} | {
        "all": _counted(_all(me), MOST_COUNTED) if me.leads else 0
    }


def _counted(wanted: ColumnElement[bool], most: int) -> int:
    some = select(literal(1)).select_from(ProcessTask).where(wanted).limit(most).subquery()
    return current_session().scalar(select(func.count()).select_from(some)) or 0


def _wanted(me: Doer, tab: str, filters: Mapping[str, str]) -> ColumnElement[bool]:
    base = {"mine": _mine, "group": _open_for_group, "unassigned": _unassigned, "done": _done, "all": _all}[tab](me)
    return and_(base, *_filtered(filters))


def _open() -> ColumnElement[bool]:
    # Written out, not given: only so is it seen that the index of what waits for people has them all.
    return and_(ProcessTask.status == literal_column("'open'"), ProcessTask.kind == literal_column("'question'"))


def _mine(me: Doer) -> ColumnElement[bool]:
    mine = ProcessTask.assignee == me.id
    if me.covers:
        mine = or_(mine, and_(ProcessTask.assignee.in_(me.covers), _not_excluded(me)))
    return and_(mine, _open())


def _done(me: Doer) -> ColumnElement[bool]:
    return and_(ProcessTask.assignee == me.id, ProcessTask.status == "done", ProcessTask.kind == "question")


def _all(me: Doer) -> ColumnElement[bool]:
    return _open() if me.leads else false()


def _unassigned(me: Doer) -> ColumnElement[bool]:
    # An expression for the same reason as in _SORTS: most tasks that wait are nobody's.
    return and_(_open_for_group(me), func.coalesce(ProcessTask.assignee, "") == "")


def _open_for_group(me: Doer) -> ColumnElement[bool]:
    if WORK not in me.permissions:
        return false()
    roles, permissions = ["", *sorted(me.roles)], ["", *sorted(me.permissions)]
    mine = and_(ProcessTask.role.in_(roles), ProcessTask.permission.in_(permissions))
    limited = (
        or_(ProcessTask.role != role, ProcessTask.provider.is_(None), ProcessTask.provider.in_(sorted(entities)))
        for role, entities in sorted(me.limits.items())
    )
    return and_(_open(), mine, _not_excluded(me), *limited)


def _not_excluded(me: Doer) -> ColumnElement[bool]:
    if database().kind == "postgresql":
        return ~cast(ProcessTask.excluded, JSONB).contains([me.id])
    # A JSON list as it is written; quotation marks around the id make it the whole of one.
    return ~cast(ProcessTask.excluded, String).like(like_pattern(f'"{me.id}"'), escape="\\")


def _filtered(filters: Mapping[str, str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if text := filters.get("q"):
        found.append(ProcessTask.words.like(like_pattern(text.casefold()), escape="\\"))
    if process := filters.get("process"):
        found.append(ProcessTask.process == process)
    if role := filters.get("role"):
        found.append(ProcessTask.role == role)
    if due := filters.get("due"):
        start, end = _due_range(due)
        found += (
            [ProcessTask.due_at < end] if start is None else [ProcessTask.due_at >= start, ProcessTask.due_at < end]
        )
    if priority := filters.get("priority"):
        found.append(
            {
                "high": ProcessTask.priority >= HIGH,
                "low": ProcessTask.priority < LOW,
                "normal": ProcessTask.priority.between(LOW, HIGH - 1),
            }[priority]
        )
    return found


def _due_range(due: str) -> tuple[datetime | None, datetime]:
    now = clock.now()
    if due == "overdue":
        return None, now
    today = clock.today()
    last = today if due == "today" else add_working_days(today, 3, assume_weekdays=True).day
    return now, datetime.combine(last + timedelta(days=1), time(), clock.CHINA)


def _ordered(statement: Any, query: ListQuery) -> Any:
    """What has no due time stands where the furthest one does; what is equal, the older first."""
    column = _SORTS[query.sort]
    return statement.order_by(
        column.desc() if query.descending else column.asc(), ProcessTask.opened_at, ProcessTask.id
    )

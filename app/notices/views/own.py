"""One's own notices: what is new, what it is about, and that one has seen it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager

from app.core.actor import current_actor
from app.core.db import current_session, unit_of_work
from app.core.entities import seeing
from app.core.registry import Registry
from app.core.text import Text
from app.notices.channels import usable
from app.notices.models import Notice, NoticeCause
from app.notices.permissions import OWN
from app.notices.telling import read_all, read_notice
from app.notices.views.words import SEVERITY, kind_titles
from app.notices.wording import entity_title
from app.web.access import permission, sight_for
from app.web.entity import narrowed
from app.web.listing import Column, Filter, Listing, database_page
from app.web.toasts import toast

STATES: Final = {
    "new": Text("未读", "New"),
    "read": Text("已读", "Read"),
    "over": Text("已解除", "Over"),
}
COLUMNS: Final = (
    Column("told", Text("时间", "When"), sortable=True),
    Column("severity", Text("级别", "Severity")),
    Column("title", Text("通知", "Notice")),
    Column("entity", Text("法人机构", "Legal entity"), sortable=True),
    Column("day", Text("业务日", "Day"), sortable=True),
    Column("state", Text("状态", "State")),
)
_SORTS: Final = {"told": Notice.told_at, "entity": NoticeCause.provider, "day": NoticeCause.day}


def unread_of(person: str) -> int:
    """How many notices are new to somebody, of the legal entities that they look at now."""
    query = select(func.count()).select_from(Notice).join(Notice.cause)
    with seeing(narrowed(sight_for("notices.own"))), unit_of_work(reading=True) as session:
        return session.scalar(query.where(Notice.person == person, Notice.read_at.is_(None))) or 0


def listing(titles: Mapping[str, Text]) -> Listing:
    """The list with the kinds that there are."""
    return Listing(
        columns=COLUMNS,
        order="-told",
        filters=(
            Filter("state", Text("状态", "State"), options=tuple(STATES.items())),
            Filter("kind", Text("种类", "Kind"), options=tuple(titles.items())),
            Filter("day", Text("业务日", "Day"), kind="date"),
        ),
    )


def _selected(filters: Mapping[str, str]) -> Select[Notice]:
    query = select(Notice).join(Notice.cause).options(contains_eager(Notice.cause))
    query = query.where(Notice.person == current_actor().id)
    if kind := filters.get("kind"):
        query = query.where(NoticeCause.kind == kind)
    state = filters.get("state")
    if state == "new":
        query = query.where(Notice.read_at.is_(None))
    elif state == "read":
        query = query.where(Notice.read_at.is_not(None))
    elif state == "over":
        query = query.where(NoticeCause.ended_at.is_not(None))
    try:
        return query.where(NoticeCause.day == date.fromisoformat(filters.get("day", "")))
    except ValueError:
        return query


def _back() -> ResponseReturnValue:
    return redirect(url_for("notices.own"))


@permission(OWN)
def read_one(number: int) -> ResponseReturnValue:
    """One has seen it."""
    read_notice(number, current_actor().id)
    return _back()


@permission(OWN)
def read_every() -> ResponseReturnValue:
    """One has seen them all."""
    count = read_all(current_actor().id)
    toast(Text(f"{count} 条通知标为已读", f"{count} notices marked as read"))
    return _back()


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    @permission(OWN)
    def own() -> ResponseReturnValue:
        """The visitor's notices, the newest first."""
        titles = kind_titles(registry)
        query = listing(titles).read()
        page = database_page(current_session(), _selected(query.filters), query, _SORTS, Notice.id)
        return render_template(
            "notices/own.html",
            page=page,
            unseen=unread_of(current_actor().id),
            outside=usable(),
            severities=SEVERITY,
            titles=titles,
            entity_title=entity_title,
            title_of=lambda cause: Text(cause.title_zh, cause.title_en),
        )

    blueprint.add_url_rule("", "own", own, methods=["GET"])
    blueprint.add_url_rule("/<int:number>/read", "own_read", read_one, methods=["POST"])
    blueprint.add_url_rule("/read", "own_read_all", read_every, methods=["POST"])

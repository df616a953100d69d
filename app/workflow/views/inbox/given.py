"""What the inbox's pages read off a request: who works, and in which list they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import current_app, g, request, url_for

from app.core.db import unit_of_work
from app.core.errors import CreditLinkError
from app.core.registry import Registry
from app.core.text import Text
from app.web.access import SignInNeeded, may, visitor
from app.web.listing import ListQuery
from app.workflow.inbox.claims import find_task
from app.workflow.inbox.doers import Doer, present
from app.workflow.inbox.listing import TABS, known_processes, listing_of, tasks_in_order
from app.workflow.models import ProcessTask
from app.workflow.permissions import INSTANCES
from app.workflow.titles import task_titles

LIST = "_list"
"""The name under which pages of tasks carry the address of their list along."""


def registry() -> Registry:
    found: Registry = current_app.extensions["creditlink.registry"]
    return found


def me() -> Doer:
    """Who works, asked once a request."""
    if "doer" not in g:
        here = visitor()
        if here is None:
            raise SignInNeeded
        g.doer = present(here.actor.id, here.actor.name, here.permissions)
    found: Doer = g.doer
    return found


def titles_of(ids: Iterable[str]) -> Mapping[str, Text]:
    """What tasks are called, by id."""
    return task_titles(ids, registry())


def role_title(role: str) -> Text:
    known = registry().roles.get(role)
    return known.title if known else Text(role, role)


def role_choices(doer: Doer) -> dict[str, Text]:
    return {role: role_title(role) for role in sorted(doer.roles)}


@dataclass(frozen=True, slots=True)
class Place:
    """The list that somebody goes through: which tab, with which filters and in which order."""

    tab: str
    query: ListQuery
    written: str

    @property
    def url(self) -> str:
        return f"{url_for('workflow.inbox')}?{self.written}"

    def task_url(self, task_id: str, **more: str) -> str:
        given: dict[str, Any] = {LIST: self.written, **more}
        return url_for("workflow.inbox_task", task_id=task_id, **given)


def place(given: Mapping[str, str] | None = None) -> Place:
    """The list that the request names, or came from; `mine` where it names none."""
    values = dict(parse_qsl(request.values.get(LIST, "")[:2_000])) if given is None else given
    tab = values.get("tab", "mine")
    tab = tab if tab in TABS and (tab != "all" or me().leads) else "mine"
    query = listing_of(tab, known_processes(), role_choices(me())).read(values)
    wished = {name: values[name] for name in ("sort", "size", "page") if name in values}
    return Place(tab, query, urlencode({"tab": tab, **query.filters, **wished}))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The tasks before and after one in its list."""

    before: str | None
    after: str | None


def neighbours(here: Place, task_id: str) -> Neighbours:
    """A task that stands in the list no more leads on to the first one."""
    order = tasks_in_order(me(), here.tab, here.query)
    if task_id not in order:
        return Neighbours(None, order[0] if order else None)
    at = order.index(task_id)
    return Neighbours(order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None)


def attempt(act: Callable[[], Any]) -> CreditLinkError | None:
    """Do something wholly or not at all; the error where a person is to be told of one."""
    try:
        with unit_of_work():
            act()
    except CreditLinkError as problem:
        return problem
    return None


def seen_task(task_id: str) -> ProcessTask:
    return find_task(me(), task_id)


def case_url(instance_id: str) -> str | None:
    """Where the case is shown on its diagram; None for who may not see it."""
    endpoint = "workflow.instances_one"
    if endpoint not in current_app.view_functions or not may(INSTANCES):
        return None
    (argument,) = next(current_app.url_map.iter_rules(endpoint)).arguments
    given: dict[str, Any] = {argument: instance_id}
    return url_for(endpoint, **given)

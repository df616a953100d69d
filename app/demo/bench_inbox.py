"""How long the inbox's lists take at the database with a hundred thousand open tasks."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select

from app.core import clock
from app.core.db import database, unit_of_work
from app.web.listing import Listing
from app.workflow.inbox.doers import Doer
from app.workflow.inbox.listing import TABS, listing_of, tab_counts, tasks_in_order, tasks_page
from app.workflow.models import ProcessInstance, ProcessTask, ProcessVersion
from app.workflow.permissions import WORK

_ROLES = ("reviewer", "operator", "analyst", "compliance")
_FILTERS: dict[str, dict[str, str]] = {
    "overdue": {"due": "overdue"},
    "soon": {"due": "soon"},
    "text": {"q": "K00777"},
    "rare": {"q": "nothing has this"},
    "high": {"priority": "high"},
    "by priority": {"sort": "-priority"},
    "newest first": {"sort": "-opened"},
    "page 100": {"page": "100"},
}
_TRIES = 7


def inbox_queries(count: int = 100_000) -> dict[str, Any]:
    """Fill the task table of the current database up to `count` open tasks and time every list with its counts.

    Gives `{"tasks", "database", "milliseconds": {list: median}, "worst"}`; times are those of all queries of one page.
    """
    with unit_of_work() as session:
        there = session.scalar(select(func.count()).select_from(ProcessTask).where(ProcessTask.status == "open")) or 0
    if there < count:
        _fill(count - there)
    me = Doer("u7", "u7", frozenset({"reviewer", "operator"}), frozenset({WORK}), ("u8",))
    listing = {tab: listing_of(tab, {}, {}) for tab in TABS}
    taken = {tab: _median(_page_of(me, tab, listing[tab], {})) for tab in TABS}
    taken |= {
        f"group, {name}": _median(_page_of(me, "group", listing["group"], given)) for name, given in _FILTERS.items()
    }
    taken["next task"] = _median(lambda: tasks_in_order(me, "group", listing["group"].read({})))
    return {
        "tasks": max(count, there),
        "database": database().kind,
        "milliseconds": taken,
        "worst": max(taken.values()),
    }


def _page_of(me: Doer, tab: str, listing: Listing, given: dict[str, str]) -> Callable[[], object]:
    return lambda: (tasks_page(me, tab, listing.read(given)), tab_counts(me))


def _median(read: Callable[[], object]) -> float:
    taken = []
    for _ in range(_TRIES):
        with unit_of_work(reading=True):
            start = time.perf_counter()
            read()
            taken.append((time.perf_counter() - start) * 1000)
    return round(sorted(taken)[_TRIES // 2], 1)


def _fill(count: int) -> None:
    """Open tasks of four roles and fifty people, one in ten of them to be kept from by one of these."""
    chance = random.Random(20_261_031)  # noqa: S311 - made-up tasks, the same every time
    now = clock.now()
    version, instance = uuid.uuid4().hex, str(uuid.uuid4())
    with unit_of_work() as session:
        session.add(ProcessVersion(version=version, process="bench.inbox", xml=b"<none/>", created_at=now))
        session.flush()
        session.add(
            ProcessInstance(
                id=instance,
                process="bench.inbox",
                version=version,
                business_key=version,
                status="waiting",
                state="{}",
                started_at=now,
            )
        )
        session.flush()
        sealed = {"params": {"note": "x" * 100}}
        for start in range(0, count, 5_000):
            rows = [
                {
                    "id": str(uuid.uuid4()),
                    "instance_id": instance,
                    "process": f"bench.p{number % 20}",
                    "business_key": f"K{number:06}",
                    "subject": f"张*{number % 997}",
                    "node": "Check",
                    "title": "核对申请",
                    "words": f"k{number:06} 核对申请 张*{number % 997}",
                    "kind": "question",
                    "status": "open",
                    "name": "bench/check",
                    "role": chance.choice(_ROLES),
                    "permission": "",
                    "priority": chance.choice((20, 50, 50, 50, 80)),
                    "assignee": f"u{chance.randrange(50)}" if chance.random() < 0.4 else None,
                    "due_at": now + timedelta(minutes=chance.randrange(-5_000, 40_000))
                    if chance.random() < 0.9
                    else None,
                    "excluded": [f"u{chance.randrange(50)}"] if chance.random() < 0.1 else [],
                    "result_name": "check",
                    "turn": 0,
                    "opened_at": now - timedelta(minutes=number % 20_000),
                    "lock": 1,
                    **sealed,
                }
                for number in range(start, min(start + 5_000, count))
            ]
            session.execute(insert(ProcessTask), rows)
    database().gather_statistics()

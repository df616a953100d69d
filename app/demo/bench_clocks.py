"""The clock sweep and the deadlines board measured over very many clocks, in the database of the settings in force."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, select, text, update

from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.db import database, unit_of_work
from app.operations import board
from app.operations.views.deadlines import listing
from app.workflow.clocks.nearness import distance
from app.workflow.clocks.sweep import sweep
from app.workflow.models import Clock, ProcessInstance, ProcessVersion

PROCESS: Final = "bench.clocks"
DUE: Final = 1_000

_NUMBERS: Final = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)"
_MOMENTS: Final = {
    "postgresql": "CAST(:first AS timestamptz) + n * interval '7 seconds'",
    # As SQLAlchemy writes moments there: text with six decimals.
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', :first, '+' || (n * 7) || ' seconds')",
}
_FILL: Final = """
    INSERT INTO workflow_clock (instance_id, name, turn, kind, process, business_key, subject, title_zh, title_en, basis,
        node, state, started_at, due_at, certain, days, warnings, next_at, pause_reason, escalate_to)
    {numbers}
    SELECT 'bench-' || (n % 1000), 'c' || n, 0, CASE n % 4 WHEN 0 THEN 'statutory' WHEN 1 THEN 'bureau' ELSE 'step' END,
        :process, 'KEY-' || n, '张*', '时限', 'Deadline', '', '', 'running', {moment}, {moment}, true, 'working', '[]', {moment},
        '', ''
    FROM numbers
"""


def clock_sweep(count: int = 1_000_000) -> dict[str, Any]:
    """Fill the table with `count` running clocks, sweep it with nothing and with 1,000 of them due, and open the board.

    Seconds, the best of three where nothing changes. What it has put into the tables is taken out again, but for the events
    that the sweep has told.
    """
    kind = database().kind
    with acting(SYSTEM):
        try:
            filled = _seconds(lambda: _fill(kind, count))
            idle = min(_seconds(sweep) for _ in range(3))
            _make_due()
            due = _seconds(sweep)
            found = min(_seconds(_open_board) for _ in range(3))
        finally:
            _empty()
    return {
        "database": kind,
        "clocks": count,
        "fill_seconds": round(filled, 2),
        "sweep_nothing_due_seconds": round(idle, 4),
        "due": min(DUE, count),
        "sweep_due_seconds": round(due, 3),
        "board_first_page_seconds": round(found, 4),
    }


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _fill(kind: str, count: int) -> None:
    now = clock.now()
    first = now + timedelta(hours=1)
    instance = {
        "process": PROCESS,
        "version": PROCESS,
        "subject": "张*",
        "status": "waiting",
        "state": "{}",
        "path": [],
        "started_by": SYSTEM.id,
        "started_at": now,
        "lock": 1,
    }
    with unit_of_work() as session:
        session.add(ProcessVersion(version=PROCESS, process=PROCESS, number=1, xml=b"", created_at=now))
        session.flush()
        cases = [{**instance, "id": f"bench-{number}", "business_key": f"KEY-{number}"} for number in range(1000)]
        session.execute(insert(ProcessInstance), cases)
        statement = _FILL.format(numbers=_NUMBERS, moment=_MOMENTS[kind])
        begins = first.strftime("%Y-%m-%d %H:%M:%S") + ("+00" if kind == "postgresql" else "")
        session.execute(text(statement), {"count": count, "process": PROCESS, "first": begins})
    database().gather_statistics()


def _make_due() -> None:
    now = clock.now()
    with unit_of_work() as session:
        chosen = select(Clock.id).where(Clock.process == PROCESS).order_by(Clock.id).limit(DUE)
        session.execute(
            update(Clock)
            .where(Clock.id.in_(chosen.scalar_subquery()))
            .values(due_at=now, next_at=now)
            .execution_options(synchronize_session=False)
        )


def _open_board() -> None:
    with unit_of_work(reading=True):
        query = listing(board.process_titles()).read({})
        now = clock.now()
        for each in board.board_page(query, board.tally()).rows:
            distance(each, now)


def _empty() -> None:
    with unit_of_work() as session:
        for model in (Clock, ProcessInstance, ProcessVersion):
            gone = delete(model).where(model.process == PROCESS)
            session.execute(gone, execution_options={"synchronize_session": False})

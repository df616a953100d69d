"""One day of a shadow: asked for once its records are judged, compared in a task of its own, there exactly once."""

from __future__ import annotations

import time
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.errors import CreditLinkError, NotFound
from app.core.events import Received, publish
from app.core.jobs import TaskContext, TaskRow, enqueue, finish_here, retry_task
from app.core.text import Text
from app.rules.registry.backtest import Trial, backtest
from app.rules.registry.editions import edition
from app.rules.shadow.events import DayJudged, ShadowDayCompared
from app.rules.shadow.models import Shadow, ShadowDay
from app.rules.shadow.running import end, find, shadow_over

COMPARE: Final = "rules.shadow_day"
"""The task that compares one day."""
_LONGEST_ERROR: Final = 1000


def ask_for_day(received: Received) -> None:
    """Have every running shadow of these records compare the day that has just been judged."""
    event = received.event
    if not isinstance(event, DayJudged):
        return
    query = select(Shadow).where(
        Shadow.state == "running", Shadow.record_type.in_(event.record_types), Shadow.until >= event.day
    )
    for shadow in current_session().scalars(query):
        enqueue(COMPARE, {"shadow": shadow.id, "day": event.day.isoformat()}, _key(shadow.id, event.day))


def compare_again(shadow: Shadow, day: date) -> None:
    """Try a day anew whose task has failed for good. Raises NotFound (`rules.shadow_day`), and Conflict
    (`rules.shadow_over`, `core.task_not_failed`)."""
    if shadow.state != "running":
        raise shadow_over()
    task = current_session().scalar(select(TaskRow.id).filter_by(name=COMPARE, key=_key(shadow.id, day)))
    if task is None:
        raise NotFound("rules.shadow_day", Text("没有比对过这一天", "this day has not been compared"))
    retry_task(task)


def _key(shadow: str, day: date) -> str:
    return f"{shadow}/{day.isoformat()}"


def compare_day(context: TaskContext) -> None:
    """Compare a day of a shadow, unless that is done. What goes wrong is noted with the day, and tried again."""
    name, day = str(context.params["shadow"]), date.fromisoformat(str(context.params["day"]))
    with unit_of_work(reading=True) as session:
        shadow = find(name)
        done = session.get(ShadowDay, (name, day))
        known = (shadow.ruleset, shadow.edition, shadow.record_type)
        if shadow.state != "running" or (done is not None and done.state == "done"):
            return
    ruleset, candidate, code = known
    started = time.monotonic()
    try:
        result = backtest(Trial(ruleset, edition(candidate), code), [day], context.progress)
    except Exception as problem:
        if not context.lost.is_set():  # else another worker is at it
            with unit_of_work():
                _keep(name, day, "failed", {}, _told(problem), time.monotonic() - started)
        raise
    with unit_of_work():
        _keep(name, day, "done", result, "", time.monotonic() - started)
        finish_here(context)


def _keep(name: str, day: date, state: str, result: dict[str, Any], error: str, seconds: float) -> None:
    """Note what came of a day; a comparison that is there already stays."""
    session = current_session()
    shadow = session.get_one(Shadow, name, with_for_update=True)
    row = session.get(ShadowDay, (name, day))
    if row is None:
        row = ShadowDay(shadow=name, day=day)
        session.add(row)
    elif row.state == "done":
        return
    row.state, row.error = state, error[:_LONGEST_ERROR]
    if state == "done":
        row.records, row.newly, row.no_longer = (
            result["records"],
            result["newly"]["records"],
            result["no_longer"]["records"],
        )
        row.samples = result["samples"]
        row.result = {name: value for name, value in result.items() if name != "samples"}
    row.seconds, row.judged_at = round(seconds, 3), clock.now()
    session.flush()
    publish(ShadowDayCompared(name, shadow.ruleset, day, state))
    if state == "done" and day >= shadow.until:
        end(shadow, "over")


def _told(problem: Exception) -> str:
    """In both languages where it is meant for people; of a fault of ours its kind, since texts may hold what is personal."""
    words = problem.message if isinstance(problem, CreditLinkError) else None
    told = words or Text(f"内部错误 {type(problem).__name__}", f"internal error {type(problem).__name__}")
    return f"{told.zh} / {told.en}"

"""What cases have to tell people: deadlines that come near or are missed, and comments that mention somebody."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, cast

from sqlalchemy import select

from app.core.db import current_session
from app.core.events import Received
from app.core.notices import Cause, NoticeKind, Severity
from app.core.registry import Registry
from app.core.text import Text
from app.workflow.clocks.events import ClockEvent, ClockMissed, ClockWarned
from app.workflow.clocks.limits import last_day
from app.workflow.inbox.events import CommentMade
from app.workflow.models import Clock, ProcessInstance, ProcessTask

_OUTSIDE: Final = ("statutory", "bureau")
"""Limits that the law or the credit centre sets are more urgent than the house's own."""


def register_notices(registry: Registry) -> None:
    """Announce the kinds; for the room's `register`."""
    registry.notice_kind(
        NoticeKind(
            "workflow.deadline_near", Text("时限将到期", "Deadlines near"), {ClockWarned: clock_near}, still_running
        )
    )
    registry.notice_kind(
        NoticeKind(
            "workflow.deadline_missed", Text("时限逾期", "Deadlines missed"), {ClockMissed: clock_missed}, still_missed
        )
    )
    registry.notice_kind(
        NoticeKind("workflow.mention", Text("提到您的备注", "Comments that mention you"), {CommentMade: mentioned})
    )


def clock_near(received: Received) -> Cause | None:
    """A warning point has come. Each of a clock's warnings is told apart, those that came together once."""
    event = cast(ClockEvent, received.event)
    severity: Severity = "normal" if event.kind in _OUTSIDE else "low"
    return _of_clock(event, severity, f"{event.clock_id}|{received.occurred_at:%Y%m%d%H%M}")


def clock_missed(received: Received) -> Cause | None:
    """A limit has passed."""
    event = cast(ClockEvent, received.event)
    return _of_clock(event, "high" if event.kind in _OUTSIDE else "normal", f"{event.clock_id}|missed")


def _of_clock(event: ClockEvent, severity: Severity, mark: str) -> Cause | None:
    clock = current_session().get(Clock, event.clock_id)
    if clock is None:
        return None
    people, roles = _at_work(clock)
    return Cause(
        mark=mark,
        severity=severity,
        title=Text(clock.title_zh, clock.title_en),
        provider=clock.provider,
        day=last_day(event.due_at),
        link=f"/operations/deadlines/{clock.id}",
        people=people,
        roles=tuple(dict.fromkeys((event.escalate, *roles))) if event.escalate else roles,
    )


def _at_work(clock: Clock) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who has the open questions of the case, or the one that the clock is of; of those that nobody has taken, the roles."""
    query = select(ProcessTask.id, ProcessTask.assignee, ProcessTask.role).where(
        ProcessTask.instance_id == clock.instance_id, ProcessTask.kind == "question", ProcessTask.status == "open"
    )
    tasks = list(current_session().execute(query.order_by(ProcessTask.opened_at)))
    tasks = [each for each in tasks if each.id == clock.name] or tasks
    people = dict.fromkeys(each.assignee for each in tasks if each.assignee)
    roles = dict.fromkeys(each.role for each in tasks if each.role and not each.assignee)
    return tuple(people), tuple(roles)


def still_running(marks: Collection[str]) -> set[str]:
    """Of near deadlines those that still run."""
    return _in_state(marks, ("running",))


def still_missed(marks: Collection[str]) -> set[str]:
    """Of missed deadlines those whose work is still not done."""
    return _in_state(marks, ("missed",))


def _in_state(marks: Collection[str], states: Collection[str]) -> set[str]:
    numbers = {mark: int(mark.partition("|")[0]) for mark in marks}
    query = select(Clock.id).where(
        Clock.id.in_(set(numbers.values())), Clock.state.in_(states), Clock.ended_at.is_(None)
    )
    still = set(current_session().scalars(query))
    return {mark for mark, number in numbers.items() if number in still}


def mentioned(received: Received) -> Cause | None:
    """Something was said to somebody; whoever said it needs not to be told."""
    event = cast(CommentMade, received.event)
    people = tuple(each for each in event.mentioned if each != received.actor.id)
    if not people:
        return None
    instance = current_session().get(ProcessInstance, event.instance)
    return Cause(
        mark=str(event.comment),
        severity="normal",
        title=Text("有同事在备注中提到了您", "A colleague mentioned you in a comment"),
        provider=instance.provider if instance else None,
        link="/inbox/mentions",
        people=people,
    )

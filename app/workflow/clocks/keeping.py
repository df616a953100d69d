"""Clocks of cases: started, met, paused and resumed. What happens by itself when their time comes is in `sweep`.

A clock is open until `ended_at` is set. `missed` and open means overdue and still not done. A clock with a `node` is a timer
of the diagram: its time coming is what it is for, so it counts as missed only where a role is to hear of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from app.core import clock as time
from app.core.db import current_session
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.events import publish
from app.core.text import Text
from app.workflow.clocks.declared import START, Declared, declared
from app.workflow.clocks.events import ClockMissed, ClockPaused, ClockResumed, told
from app.workflow.clocks.limits import Limit, moved_by_working_days, working_days_lost
from app.workflow.models import Clock, ProcessInstance

FREELY_PAUSED: Final = frozenset({"step", "house"})
"""Kinds of limits that are the lender's own to stop; the others are set by law or by the credit centre."""
_LONGEST_REASON: Final = 500


def begin(
    instance: ProcessInstance,
    name: str,
    limit: Limit,
    *,
    kind: str,
    title: Text,
    node: str = "",
    warn: Iterable[Limit] = (),
    escalate: str = "",
    basis: str = "",
) -> Clock:
    """Start a clock now; while one of that name is open for the instance, that one."""
    session = current_session()
    last = session.scalars(
        select(Clock).filter_by(instance_id=instance.id, name=name).order_by(Clock.turn.desc()).limit(1)
    ).first()
    if last is not None and last.ended_at is None:
        return last
    now = time.now()
    due = limit.due(now)
    warnings = sorted({moment for each in warn if now < (moment := each.before(due.moment)) < due.moment})
    made = Clock(
        instance_id=instance.id,
        name=name,
        turn=last.turn + 1 if last else 0,
        kind=kind,
        process=instance.process,
        business_key=instance.business_key,
        subject=instance.subject or "",
        provider=instance.provider,
        title_zh=title.zh,
        title_en=title.en,
        basis=basis,
        node=node,
        state="running",
        started_at=now,
        due_at=due.moment,
        certain=due.certain,
        days=limit.days,
        warnings=[moment.isoformat() for moment in warnings],
        next_at=warnings[0] if warnings else due.moment,
        pause_reason="",
        escalate_to=escalate,
    )
    session.add(made)
    session.flush()
    return made


def end(instance_id: str, name: str, state: str = "met") -> Clock | None:
    """End the open clock of that name as `met` or `cancelled`; after its due time it is `missed` all the same.

    None where none is open.
    """
    ended = [_end(each, state) for each in _open(instance_id, name)]
    current_session().flush()
    return ended[-1] if ended else None


def end_all(instance_id: str, state: str = "cancelled") -> int:
    """End every open clock of an instance, each as `end` does; how many there were."""
    ended = [_end(each, state) for each in _open(instance_id)]
    current_session().flush()
    return len(ended)


def _open(instance_id: str, name: str | None = None) -> list[Clock]:
    """Locked where the database can, so that a sweep and the instance do not both judge the same clock."""
    wanted = select(Clock).filter_by(instance_id=instance_id, ended_at=None).order_by(Clock.id)
    if name is not None:
        wanted = wanted.filter_by(name=name)
    return list(current_session().scalars(wanted.with_for_update(), execution_options={"populate_existing": True}))


def _end(clock: Clock, state: str) -> Clock:
    now = time.now()
    if clock.state == "running" and clock.due_at <= now and lapses(clock):
        clock.state = "missed"
        publish(told(ClockMissed, clock))
    elif clock.state != "missed":
        clock.state = state
    clock.ended_at, clock.next_at = now, None
    return clock


def lapses(clock: Clock) -> bool:
    """Whether the passing of its time means that something was missed."""
    return not clock.node or bool(clock.escalate_to)


def find_clock(clock_id: int, *, changing: bool = False) -> Clock:
    """One clock. Raises NotFound (`workflow.clock`)."""
    wanted = select(Clock).where(Clock.id == clock_id)
    if changing:
        wanted = wanted.with_for_update()
    found = current_session().scalars(wanted, execution_options={"populate_existing": changing}).first()
    if found is None:
        raise NotFound("workflow.clock", Text("没有这个时限", "There is no such deadline"))
    return found


def may_pause(kind: str, may_pause_statutory: bool) -> bool:
    """Whether limits of the kind may be stopped by somebody with or without that right."""
    return kind in FREELY_PAUSED or may_pause_statutory


def pause(clock_id: int, reason: str, *, may_pause_statutory: bool = False) -> Clock:
    """Stop a running clock. Raises NotFound, Invalid (`workflow.pause_reason`), Conflict (`workflow.clock_state`), Refused."""
    reason = reason.strip()
    if not 2 <= len(reason) <= _LONGEST_REASON:
        raise Invalid("workflow.pause_reason", Text("请填写 2–500 字的理由", "Give a reason of 2 to 500 characters"))
    clock = find_clock(clock_id, changing=True)
    _require_right(clock, may_pause_statutory)
    now = time.now()
    if clock.state != "running" or clock.due_at <= now:
        raise Conflict(
            "workflow.clock_state",
            Text("该时限未在计时或已逾期，不能暂停", "This deadline is not running or has passed; it cannot be paused"),
        )
    clock.state, clock.paused_at, clock.pause_reason, clock.next_at = "paused", now, reason, None
    current_session().flush()
    publish(told(ClockPaused, clock))
    return clock


def resume(clock_id: int, *, may_pause_statutory: bool = False) -> Clock:
    """Let a paused clock run on; its end and its warnings move by the time it stood. Raises NotFound, Conflict, Refused."""
    clock = find_clock(clock_id, changing=True)
    _require_right(clock, may_pause_statutory)
    if clock.state != "paused" or clock.paused_at is None:
        raise Conflict("workflow.clock_state", Text("该时限没有暂停", "This deadline is not paused"))
    now = time.now()
    if clock.days == "working":
        days = working_days_lost(clock.paused_at, now)
        due = moved_by_working_days(clock.due_at, days)
        clock.certain = clock.certain and due.certain
        clock.due_at = due.moment
        warnings = [moved_by_working_days(moment, days).moment for moment in warnings_of(clock)]
    else:
        stood: timedelta = now - clock.paused_at
        clock.due_at += stood
        warnings = [moment + stood for moment in warnings_of(clock)]
    clock.warnings = [moment.isoformat() for moment in warnings]
    clock.state, clock.paused_at = "running", None
    clock.next_at = warnings[0] if warnings else clock.due_at
    current_session().flush()
    publish(told(ClockResumed, clock))
    return clock


def _require_right(clock: Clock, may_pause_statutory: bool) -> None:
    if not may_pause(clock.kind, may_pause_statutory):
        raise Refused(
            "workflow.clock_not_yours",
            Text(
                "法定时限与征信中心时限须有专门权限才能暂停或恢复",
                "Statutory and credit-centre deadlines are paused and resumed only by those with the right to it",
            ),
        )


def warnings_of(clock: Clock) -> list[datetime]:
    """The warning points that are still to come, earliest first."""
    return [datetime.fromisoformat(each) for each in clock.warnings]


def on_started(instance: ProcessInstance, description: Mapping[str, Any]) -> None:
    """The instance has been started."""
    on_entered(instance, description, START)


def on_entered(instance: ProcessInstance, description: Mapping[str, Any], node: str) -> None:
    """A token has come to an element: start the clocks that are declared to begin there."""
    if not description.get("clocks"):
        return
    for each in _declared(description):
        if each.begins == node:
            begin(
                instance,
                each.name,
                each.within,
                kind=each.kind,
                title=each.title,
                warn=each.warn,
                escalate=each.escalate,
                basis=each.basis,
            )


def on_left(instance: ProcessInstance, description: Mapping[str, Any], node: str) -> None:
    """An element has been completed: meet the clocks that are declared to run until then."""
    if not description.get("clocks"):
        return
    for each in _declared(description):
        if node in each.until:
            end(instance.id, each.name)


def on_finished(instance: ProcessInstance, description: Mapping[str, Any]) -> None:
    """The instance has come to its end: meet the clocks that run until then; those that wait for an element that the
    case never came to are cancelled."""
    if not description.get("clocks"):
        return
    for each in _declared(description):
        if not each.until:
            end(instance.id, each.name)
    end_all(instance.id)


_read: dict[int, tuple[object, tuple[Declared, ...]]] = {}
"""Declarations by identity of what they were read from, which is kept so that no other can have it."""
_MOST_READ: Final = 500


def _declared(description: Mapping[str, Any]) -> tuple[Declared, ...]:
    given = description["clocks"]
    found = _read.get(id(given))
    if found is None:
        if len(_read) >= _MOST_READ:
            _read.clear()
        found = _read[id(given)] = (given, declared(description))
    return found[1]

"""The job that looks which clocks have come to something: a warning, their end, or an event of the diagram.

A batch of clocks is told of and moved on in one unit of work, so a sweep that is killed has either done both or neither.
Timers of diagrams are set off one by one, each in a unit of its own that begins with its instance: one that cannot move now
keeps its place and is tried again at the next sweep. Any number of sweeps may run at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import Select, and_, or_, select

from app.core import clock as time
from app.core.db import current_session, unit_of_work
from app.core.events import publish
from app.core.registry import Job, Registry
from app.core.text import Text
from app.workflow.clocks.events import ClockMissed, ClockPaused, ClockResumed, ClockWarned, told
from app.workflow.clocks.keeping import find_clock, lapses, warnings_of
from app.workflow.clocks.set_back import clocks_made_good
from app.workflow.models import Clock, ProcessInstance

SWEEP: Final = "workflow.sweep_clocks"
EVERY_SECONDS: Final = 15
BATCH: Final = 200

log = structlog.get_logger(__name__)

Place = tuple[datetime, int]


@dataclass(slots=True)
class Swept:
    """What a sweep did. `stuck` timers could not be set off and will be tried again."""

    warned: int = 0
    missed: int = 0
    set_off: int = 0
    stuck: int = 0


def register_clocks(registry: Registry) -> None:
    """Announce the job and its events; for the room's `register`."""
    registry.when_set_back("workflow.clocks", clocks_made_good)
    for event in (ClockWarned, ClockMissed, ClockPaused, ClockResumed):
        registry.event(event)
    registry.job(
        Job(
            SWEEP,
            Text("巡检时限", "Look after deadlines"),
            lambda context: _log(sweep()),
            every_seconds=EVERY_SECONDS,
            own_commits=True,
        )
    )


SetOff = Callable[[str, str], bool]
"""Carries a timer, by instance and element, into its instance, in the running unit of work; whether it was waited for."""


def sweep(set_off: SetOff | None = None) -> Swept:
    """Do all that is due now. Opens its own units of work; timers go to `set_off`, as a rule to the host of processes."""
    done, now, place = Swept(), time.now(), None
    carry = set_off or _host
    while (batch := _tell(done, now, place)) is not None:
        place, timers = batch
        for clock_id in timers:
            _carry(done, clock_id, now, carry)
    return done


def _host(instance_id: str, node: str) -> bool:
    from app.workflow import host  # it starts clocks itself

    return host.clock_due(instance_id, node)


def _due(now: datetime, after: Place | None) -> Select[Clock]:
    """The next clocks with something to do; the index on state and time finds them without looking at others."""
    wanted = select(Clock).where(Clock.state == "running", Clock.next_at <= now)
    if after is not None:
        moment, clock_id = after
        wanted = wanted.where(
            Clock.next_at >= moment, or_(Clock.next_at > moment, and_(Clock.next_at == moment, Clock.id > clock_id))
        )
    return wanted.order_by(Clock.next_at, Clock.id).limit(BATCH)


def _tell(done: Swept, now: datetime, after: Place | None) -> tuple[Place, list[int]] | None:
    """Publish what a batch of clocks has to say and move them on: where it ended, and the timers found; None at the end."""
    with unit_of_work(reading=True) as session:
        # A sweep mostly finds nothing; only reading, it keeps nobody from writing.
        if session.scalars(_due(now, after).limit(1)).first() is None:
            return None
    with unit_of_work() as session:
        clocks = session.scalars(
            _due(now, after).with_for_update(skip_locked=True), execution_options={"populate_existing": True}
        ).all()
        if not clocks:
            return None
        place = [(each.next_at, each.id) for each in clocks if each.next_at is not None][-1]
        timers = [each.id for each in clocks if _advance(done, each, now)]
        session.flush()
    return place, timers


def _advance(done: Swept, clock: Clock, now: datetime) -> bool:
    """Tell what has come of one clock; whether it is a timer that is now to be set off."""
    warnings = warnings_of(clock)
    come = [moment for moment in warnings if moment <= now]
    for _ in come:
        publish(told(ClockWarned, clock))
    done.warned += len(come)
    if come:
        clock.warnings = [moment.isoformat() for moment in warnings[len(come) :]]
        clock.next_at = warnings[len(come)] if len(come) < len(warnings) else clock.due_at
    if clock.due_at > now:
        return False
    if clock.node:
        return True
    clock.state, clock.next_at = "missed", None
    publish(told(ClockMissed, clock))
    done.missed += 1
    return False


def _carry(done: Swept, clock_id: int, now: datetime, set_off: SetOff) -> None:
    """Set a timer off and end it, both or neither."""
    try:
        with unit_of_work():
            clock = find_clock(clock_id)
            if clock.state != "running" or clock.due_at > now:
                return
            # The instance first, then its clock: whoever works on the instance takes them in the same order.
            waited_for = set_off(clock.instance_id, clock.node)
            if not waited_for and _rests(clock.instance_id):
                done.stuck += 1
                return
            _end_timer(clock_id, now, waited_for)
        done.set_off += waited_for
    except Exception as problem:
        # Whatever is wrong with one instance must not stop the clocks of others.
        done.stuck += 1
        log.warning("timer_stuck", clock=clock_id, error=repr(problem))


def _rests(instance_id: str) -> bool:
    """Whether the instance is suspended: its timers go off when it goes on."""
    return current_session().get_one(ProcessInstance, instance_id).status == "suspended"


def _end_timer(clock_id: int, now: datetime, waited_for: bool) -> None:
    clock = find_clock(clock_id, changing=True)
    if clock.ended_at is not None:
        return
    if not waited_for:
        clock.state = "cancelled"
    elif lapses(clock):
        clock.state = "missed"
        publish(told(ClockMissed, clock))
    else:
        clock.state = "met"
    clock.ended_at, clock.next_at = now, None
    current_session().flush()


def _log(done: Swept) -> None:
    if done.warned or done.missed or done.set_off or done.stuck:
        figures: dict[str, Any] = {"warned": done.warned, "missed": done.missed, "set_off": done.set_off}
        log.info("clocks_swept", **figures, stuck=done.stuck)

"""What is told of clocks. Who hears it is found by role and instance; nothing in it is about a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.core.events import Event
from app.workflow.models import Clock


@dataclass(frozen=True, slots=True)
class ClockEvent(Event):
    """`clock` is its name in the diagram, `escalate` the role that is to hear of it (empty: nobody in particular)."""

    clock_id: int
    instance_id: str
    process: str
    clock: str
    kind: str
    due_at: datetime
    escalate: str = ""

    @property
    def aggregate(self) -> str:
        return f"clock:{self.clock_id}"


@dataclass(frozen=True, slots=True)
class ClockWarned(ClockEvent):
    """A warning point has come; the limit still runs."""

    name: ClassVar[str] = "workflow.clock_warned"


@dataclass(frozen=True, slots=True)
class ClockMissed(ClockEvent):
    """A limit has passed and what it was for is not done; told once."""

    name: ClassVar[str] = "workflow.clock_missed"


@dataclass(frozen=True, slots=True)
class ClockPaused(ClockEvent):
    """A limit was stopped for a time."""

    name: ClassVar[str] = "workflow.clock_paused"


@dataclass(frozen=True, slots=True)
class ClockResumed(ClockEvent):
    """A limit runs again; `due_at` is its new end."""

    name: ClassVar[str] = "workflow.clock_resumed"


def told(kind: type[ClockEvent], clock: Clock) -> ClockEvent:
    """The event of that kind about a clock as it now is."""
    return kind(clock.id, clock.instance_id, clock.process, clock.name, clock.kind, clock.due_at, clock.escalate_to)

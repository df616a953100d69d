"""Clocks: the time limits of cases, from law, the credit centre, the house or the diagram, kept to the minute."""

from __future__ import annotations

from app.workflow.clocks.declared import KINDS, Declared, Fault, declared, faults
from app.workflow.clocks.events import ClockMissed, ClockPaused, ClockResumed, ClockWarned
from app.workflow.clocks.keeping import (
    begin,
    end,
    end_all,
    find_clock,
    on_entered,
    on_finished,
    on_left,
    on_started,
    pause,
    resume,
)
from app.workflow.clocks.limits import Due, Limit, parse_limit
from app.workflow.clocks.sweep import SWEEP, register_clocks, sweep

__all__ = [
    "KINDS",
    "SWEEP",
    "ClockMissed",
    "ClockPaused",
    "ClockResumed",
    "ClockWarned",
    "Declared",
    "Due",
    "Fault",
    "Limit",
    "begin",
    "declared",
    "end",
    "end_all",
    "faults",
    "find_clock",
    "on_entered",
    "on_finished",
    "on_left",
    "on_started",
    "parse_limit",
    "pause",
    "register_clocks",
    "resume",
    "sweep",
]

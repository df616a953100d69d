"""How tasks are put into words: when they are due, how urgent they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.core import clock
from app.core.text import Text
from app.web.parts import Tone
from app.workflow.clocks.nearness import Deadline, distance, tone_of
from app.workflow.inbox.listing import HIGH, LOW, PRIORITY


def due_words(due_at: datetime | None, deadline: Deadline | None = None) -> tuple[Text, Tone]:
    """How far off the deadline is, and how urgent it looks; `deadline` says how its clock counts, where it has one."""
    if due_at is None:
        return Text("无期限", "No deadline"), "neutral"
    known, now = replace(deadline or Deadline(due_at), due_at=due_at), clock.now()
    return distance(known, now), tone_of(known, now)


def priority_words(priority: int) -> tuple[Text, Tone]:
    """high, normal or low."""
    if priority >= HIGH:
        return PRIORITY["high"], "danger"
    return (PRIORITY["low"], "neutral") if priority < LOW else (PRIORITY["normal"], "info")

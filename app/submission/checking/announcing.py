"""What checks add to the room: tasks, jobs, events, datasets, commands."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from app.audit import name_actions
from app.core import clock
from app.core.config import settings
from app.core.jobs import TaskContext
from app.core.registry import Job, Registry, Task
from app.core.text import Text
from app.submission.checking import proving
from app.submission.checking.commands import prove, two_end, volume
from app.submission.checking.events import ACTIONS, EVENTS, FeedbackApplied
from app.submission.checking.reviewing import register_evidence
from app.submission.checking.two_end import REPLAY, TASK, begin_check, run_check
from app.submission.commands import submission
from app.submission.entities.keeping import all_entities

_REPORTED_WITHIN: Final = timedelta(days=31)


def register_checks(registry: Registry) -> None:
    """Announce it all."""
    for event in EVENTS:
        registry.event(event)
    name_actions(ACTIONS)
    title = Text("两端核对", "Two-end check")
    registry.task(Task(TASK, title, run_check, own_commits=True, max_attempts=3))
    monthly = Text("按月发起两端核对", "Begin the month's two-end check")
    registry.job(Job("submission.two_end_monthly", monthly, begin_monthly, cron="10 4 * * *"))
    registry.dataset("submission.difference", Text("两端核对差异", "differences between the two ends"))
    proof = Text("预校验与反馈对照，按规则和业务日计数", "Count the pre-check against the feedback, by rule and day")
    registry.task(Task(proving.TASK, proof, proving.run_proof, own_commits=True))
    registry.subscribe("submission.proof", FeedbackApplied, proving.ask_for_proof)
    register_evidence(registry)
    for command in (two_end, volume, prove):
        submission.add_command(command)


def begin_monthly(context: TaskContext) -> None:
    """On the day of the month that is set, begin both checks of every legal entity that reported until then: of the centre's
    statement, and of our own state."""
    del context
    today = clock.today()
    if settings().two_end_day != today.day:
        return
    for entity in all_entities():
        if entity.active_on(today - _REPORTED_WITHIN):
            begin_check(provider=entity.provider)
            begin_check(REPLAY, provider=entity.provider)

"""What the ground floor itself announces."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from app.core import commands
from app.core.db import unit_of_work
from app.core.jobs import TaskContext
from app.core.outbox import forget_delivered
from app.core.registry import Job, Registry
from app.core.schema import OWN_MODELS
from app.core.text import Text

KEEP_EVENTS: Final = timedelta(days=90)


def _forget_old_events(_context: TaskContext) -> None:
    with unit_of_work():
        forget_delivered(KEEP_EVENTS)


def register(registry: Registry) -> None:
    registry.models(*OWN_MODELS)
    registry.job(
        Job(
            "core.forget_events",
            Text("清理已投递的旧消息", "Forget old events that were delivered"),
            _forget_old_events,
            cron="40 3 * * *",
        )
    )
    registry.command(commands.keys)
    registry.command(commands.events)

"""What the ground floor itself announces."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from app.core import commands
from app.core.db import database, unit_of_work
from app.core.jobs import TaskContext, forget_done
from app.core.outbox import forget_delivered
from app.core.registry import Job, Registry
from app.core.schema import OWN_MODELS
from app.core.text import Text

KEEP_EVENTS: Final = timedelta(days=90)
KEEP_TASKS: Final = timedelta(days=30)


def _forget_old_events(_context: TaskContext) -> None:
    with unit_of_work():
        forget_delivered(KEEP_EVENTS)


def _forget_old_tasks(_context: TaskContext) -> None:
    with unit_of_work():
        forget_done(KEEP_TASKS)


def _gather_statistics(_context: TaskContext) -> None:
    database().gather_statistics()


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
    registry.job(
        Job(
            "core.forget_tasks",
            Text("清理早已完成的后台任务", "Forget background tasks that were done long ago"),
            _forget_old_tasks,
            cron="50 3 * * *",
        )
    )
    registry.job(
        Job(
            "core.statistics",
            Text("更新数据库统计信息", "Renew the statistics that the database plans by"),
            _gather_statistics,
            cron="20 4 * * *",
            own_commits=True,
        )
    )
    registry.command(commands.keys)
    registry.command(commands.events)

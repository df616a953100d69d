"""What a running task is given: its parameters, a way to show progress, and word when it has been overtaken."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import update

from app.core.db import current_session, in_unit_of_work, unit_of_work
from app.core.errors import Conflict
from app.core.jobs.models import JobRun
from app.core.text import Text

_PROGRESS_PAUSE: Final = 0.5


def overtaken(name: str) -> Conflict:
    return Conflict(
        "core.task_taken_over", Text(f"任务 {name} 已由其他进程接手", f"task {name} was taken over by another worker")
    )


@dataclass(slots=True)
class TaskContext:
    """One attempt at a task; `attempt` counts from 1."""

    task_id: int
    name: str
    key: str
    params: Mapping[str, Any]
    attempt: int
    run_id: int
    worker: str
    lost: threading.Event = field(default_factory=threading.Event)
    finished: bool = False
    """whether it has been marked as done already, with the last of its own commits"""
    _told_at: float = 0.0

    def progress(self, current: int, total: int, note: str = "") -> None:
        """Show how far the work is; at most twice a second reaches the database, the last step always.

        In a task without commits of its own it is seen only when the task is done. Raises Conflict
        (`core.task_taken_over`) when another worker has the task by now.
        """
        self.check()
        if time.monotonic() - self._told_at < _PROGRESS_PAUSE and current < total:
            return
        self._told_at = time.monotonic()
        if in_unit_of_work():
            self._write(current, total, note)
        else:
            with unit_of_work():
                self._write(current, total, note)

    def check(self) -> None:
        """Raise Conflict (`core.task_taken_over`) when another worker has the task by now."""
        if self.lost.is_set():
            raise overtaken(self.name)

    def _write(self, current: int, total: int, note: str) -> None:
        current_session().execute(
            update(JobRun)
            .where(JobRun.id == self.run_id)
            .values(progress_current=current, progress_total=total, progress_note=note)
        )

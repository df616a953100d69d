"""Background work: tasks on demand, jobs by timetable, and the worker that runs both.

A task is a row; whichever worker takes it keeps a heartbeat, and when that stops another worker begins the task again.
A job is a task that the leader's timetable enqueues, under a key made of its name and due time.
"""

from __future__ import annotations

from app.core.jobs.context import TaskContext
from app.core.jobs.models import JobRun, TaskRow
from app.core.jobs.tasks import TaskState, enqueue, finish_here, forget_done, recent_runs, retry_task, task_state
from app.core.jobs.worker import Worker

__all__ = [
    "JobRun",
    "TaskContext",
    "TaskRow",
    "TaskState",
    "Worker",
    "enqueue",
    "finish_here",
    "forget_done",
    "recent_runs",
    "retry_task",
    "task_state",
]

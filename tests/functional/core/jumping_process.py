"""A worker process for the tests of a clock that is set: `jumping_process.py FOLDER`.

Its jobs and tasks note each begin in FOLDER/begun, with the host's time; `tower.watch` lasts while FOLDER/watching exists.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from app.core import clock
from app.core.db import database, unit_of_work
from app.core.jobs import TaskContext, Worker, enqueue
from app.core.registry import Job, Registry, Task
from app.core.text import Text

FOLDER = Path(sys.argv[1])
PUT_OFF = timedelta(seconds=4)


def note(context: TaskContext) -> None:
    with open(FOLDER / "begun", "a", encoding="utf-8") as file:
        file.write(f"{context.name} {context.key} {clock.now().isoformat()}\n")


def watch(context: TaskContext) -> None:
    note(context)
    while (FOLDER / "watching").exists():
        time.sleep(0.05)


def put_off(context: TaskContext) -> None:
    note(context)
    with unit_of_work() as session:
        enqueue("tower.later", {}, context.key, due_at=database().now(session) + PUT_OFF)


def registry() -> Registry:
    result = Registry()

    def register(rooms: Registry) -> None:
        rooms.job(Job("tower.ring", Text("敲钟", "ring"), note, every_seconds=1))
        rooms.job(Job("tower.nightly", Text("夜", "night"), note, cron="30 1 * * *"))
        rooms.task(Task("tower.watch", Text("守", "watch"), watch, own_commits=True))
        rooms.task(Task("tower.put_off", Text("推迟", "put off"), put_off, own_commits=True))
        rooms.task(Task("tower.later", Text("其后", "later"), note))

    result.room("tower", register)
    result.check()
    return result


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Worker(registry(), heartbeat=10, pause=0.1).run(stop, threads=2)


if __name__ == "__main__":
    main()

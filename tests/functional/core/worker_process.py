"""A worker process for the take-over tests: `worker_process.py FOLDER`.

Its tasks note each begin in FOLDER/begun and wait while FOLDER/slow exists, so that a test can kill them in the
middle; the last thing they do is to write a row, which must be there once however often they were begun.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.jobs import TaskContext, Worker
from app.core.lease import LeaseRow
from app.core.registry import Job, Registry, Task
from app.core.text import Text

FOLDER = Path(sys.argv[1])


def note(line: str) -> None:
    with open(FOLDER / "begun", "a", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {line}\n")


def bake(context: TaskContext) -> None:
    note(f"{context.name} {context.key} {context.attempt}")
    while (FOLDER / "slow").exists():
        time.sleep(0.05)
    with unit_of_work():
        row = LeaseRow(name=f"{context.key} {context.attempt}", holder="", token=0, expires_at=clock.now())
        current_session().add(row)


def ring(context: TaskContext) -> None:
    note(f"{context.name} {context.key} {context.attempt}")


def registry() -> Registry:
    result = Registry()

    def register(rooms: Registry) -> None:
        rooms.task(Task("shop.bake", Text("烤", "bake"), bake, own_commits=True))
        rooms.task(Task("shop.slice", Text("切", "slice"), bake))
        rooms.job(Job("shop.ring", Text("敲钟", "ring"), ring, every_seconds=1))

    result.room("shop", register)
    result.check()
    return result


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Worker(registry(), heartbeat=0.3, pause=0.05).run(stop, threads=1)


if __name__ == "__main__":
    main()

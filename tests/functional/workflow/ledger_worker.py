"""A worker process for the crash test: `ledger_worker.py FOLDER`. Its step writes a line into the ledger, once by its key."""

from __future__ import annotations

import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.core.db import unit_of_work
from app.core.jobs import Worker
from app.core.registry import Registry, Step
from app.core.text import Text
from app.workflow.stepping import StepContext, register_executor

FOLDER = Path(sys.argv[1])
WRITE = """
    INSERT INTO ledger (key, amount) SELECT CAST(:key AS VARCHAR(80)), CAST(:amount AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM ledger WHERE key = CAST(:key AS VARCHAR(80)))
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What is written down."""

    amount: int


def write(context: StepContext, params: Line) -> dict[str, Any]:
    with open(FOLDER / "begun", "a", encoding="utf-8") as file:
        file.write(f"{context.key}\n")
    with unit_of_work() as session:
        session.execute(text(WRITE), {"key": context.key, "amount": params.amount})
    return {"amount": params.amount}


def main() -> None:
    registry = Registry()
    registry.room("workflow", register_executor)
    registry.room("bank", lambda rooms: rooms.step(Step("bank.write", Text("记账", "Write"), write, Line)))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Worker(registry, heartbeat=0.5, pause=0.05).run(stop, threads=2)


if __name__ == "__main__":
    main()

"""The executor is killed again and again while many instances run: every effect is there once, no instance is stuck."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from drawing import chain, diagram, element, verb
from sqlalchemy import func, select, text

from app.core.config import settings
from app.core.db import Database, unit_of_work
from app.workflow import host
from app.workflow.content import Content
from app.workflow.models import Process, ProcessInstance, ProcessTask
from app.workflow.versions import remember

WORKER = Path(__file__).with_name("ledger_worker.py")
INSTANCES = int(os.environ.get("CRASH_INSTANCES", "80"))
KILLS = int(os.environ.get("CRASH_KILLS", "5"))
"""Small in every run; `make crash` takes 500 instances and 20 kills."""
PROCESS = "bank.posting"


def _publish() -> None:
    parts = (
        element("startEvent", "Begin"),
        element("serviceTask", "Debit", verb("bank.write", "debit", amount="amount")),
        element("serviceTask", "Credit", verb("bank.write", "credit", amount="amount")),
        element("endEvent", "Done"),
        chain("Begin", "Debit", "Credit", "Done"),
    )
    words = {name: {"zh": "记账", "en": "Posting"} for name in ("title", "purpose", "owner")}
    with unit_of_work() as session:
        session.execute(text("CREATE TABLE ledger (key VARCHAR(80), amount INTEGER)"))
        version = remember(Content(PROCESS, {"process": PROCESS, **words}, diagram("posting", parts)), "console")
        session.add(Process(name=PROCESS, live=version.version))


def _unfinished() -> int:
    with unit_of_work(reading=True) as session:
        return (
            session.scalar(select(func.count()).select_from(ProcessInstance).where(ProcessInstance.status != "done"))
            or 0
        )


@pytest.mark.slow
@pytest.mark.whole
def test_every_effect_is_there_once(database: Database, tmp_path: Path) -> None:
    _publish()
    for batch in range(0, INSTANCES, 50):
        with unit_of_work():
            for number in range(batch, min(batch + 50, INSTANCES)):
                host.start(PROCESS, f"P{number}", {"amount": number})
    environment = {
        **os.environ,
        "CREDITLINK_DATABASE_URL": settings().database_url,
        "CREDITLINK_DATA_DIR": str(settings().data_dir),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    begun, killed, chance = tmp_path / "begun", 0, random.Random(20261123)
    deadline = time.monotonic() + 240
    while _unfinished():
        assert time.monotonic() < deadline, f"{_unfinished()} instances are stuck"
        before = begun.stat().st_size if begun.exists() else 0
        worker = subprocess.Popen([sys.executable, str(WORKER), str(tmp_path)], env=environment)
        try:
            while (begun.stat().st_size if begun.exists() else 0) == before and worker.poll() is None and _unfinished():
                time.sleep(0.05)
            if killed < KILLS:
                time.sleep(chance.uniform(0.0, 0.4))
                killed += 1
            else:
                while _unfinished() and time.monotonic() < deadline:
                    time.sleep(0.2)
        finally:
            worker.kill()
            worker.wait()
    assert killed == KILLS
    with unit_of_work(reading=True) as session:
        tasks = dict(session.execute(select(ProcessTask.id, ProcessTask.status)).all())
        lines = Counter(session.scalars(text("SELECT key FROM ledger")))
    assert len(tasks) == 2 * INSTANCES
    assert set(tasks.values()) == {"done"}
    assert lines == Counter(dict.fromkeys(tasks, 1))
    assert len(begun.read_text(encoding="utf-8").splitlines()) > 2 * INSTANCES, "no kill came in the middle of a step"

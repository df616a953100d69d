"""The reporting process is killed again and again, and nobody can tell from the outcome."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.core.db import unit_of_work
from app.submission.counts import count_batch, identities
from app.submission.models import Batch, HeldRecord, ReportFile

KILLS = int(os.environ.get("REPORT_KILLS", "5"))
"""`make crash` kills ten times."""
STAGES = ("Collect", "Standardise", "Volume", "Derive", "Judge", "Hold", "Build", "Send", "Receive")
LONGEST = {"Collect": 2.0, "Standardise": 2.0, "Derive": 2.0, "Judge": 3.0}
"""Seconds into a stage within which the kill falls; half a second where nothing is said."""


def killing_plan(seed: int) -> list[tuple[str, float]]:
    """(stage, seconds after its begin) of every kill, in the order of the day: as many stages as there are kills; of ten, two twice."""
    dice = random.Random(seed)
    once = dice.sample(STAGES, min(KILLS, len(STAGES)))
    stages = sorted([*once, *dice.sample(STAGES, KILLS - len(once))], key=STAGES.index)
    return [(stage, dice.uniform(0, LONGEST.get(stage, 0.5))) for stage in stages]


def outcome(lender: Any, batch: str) -> dict[str, Any]:
    """What the day has left behind on both sides."""
    count_batch(batch)
    with unit_of_work(reading=True) as session:
        counts = {
            code: {name: number for name, number in each.items() if name != "seconds"}
            for code, each in session.get_one(Batch, batch).counts.items()
        }
        held = sorted(
            (row.record_type, row.kind, row.status, row.key, row.findings) for row in session.query(HeldRecord).all()
        )
    return {"records": lender.centre("state", "--json", "--full")["records"], "counts": counts, "held": held}


@pytest.mark.slow
@pytest.mark.whole
def test_kills_change_nothing(lender, bank, open_lender, tmp_path: Path) -> None:
    batch = lender.begin()
    lender.run(batch)
    undisturbed = outcome(lender, batch)
    assert undisturbed["records"]["210"]["count"] > 150

    with open_lender(tmp_path / "disturbed") as disturbed:
        assert disturbed.begin() == batch
        moments = kill_and_restart(disturbed, batch, killing_plan(seed=2))
        assert len(moments) == KILLS
        assert len({stage for stage, _ in moments}) >= 4, moments
        assert disturbed.status(batch) == "done", disturbed.error(batch)

        assert outcome(disturbed, batch) == undisturbed, moments
        assert_each_file_once(disturbed, batch)
        assert_serials_without_gaps()
        assert identities(undisturbed["counts"]) == 0


def kill_and_restart(lender: Any, batch: str, plan: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Carry out the plan and let the last worker finish; where the kills fell."""
    moments = []
    for stage, pause in plan:
        worker = lender.start_worker()
        lender.wait(partial(working_on, lender, batch, stage, worker), f"{stage} begun, {moments}")
        time.sleep(pause)
        moments.append((",".join(node for node, status in lender.tasks(batch).items() if status == "open"), pause))
        lender.kill(worker)
    if lender.status(batch) != "done":
        lender.run(batch)
    return moments


def working_on(lender: Any, batch: str, stage: str, worker: subprocess.Popen[bytes]) -> bool:
    """Whether this very process is at the stage, or the stage is over."""
    assert worker.poll() is None, "the worker has ended by itself"
    tasks = lender.tasks(batch)
    return tasks.get(stage) == "done" or (stage in tasks and lender.busy(worker))


def assert_each_file_once(lender: Any, batch: str) -> None:
    state = lender.centre("state", "--json")
    assert state["sent_twice"] == []
    with unit_of_work(reading=True) as session:
        ours = {file.prefix for file in session.query(ReportFile).filter_by(batch_id=batch)}
    assert {file["name"].removesuffix(".enc") for file in state["files"]} == ours


def assert_serials_without_gaps() -> None:
    serials = defaultdict(list)
    with unit_of_work(reading=True) as session:
        for file in session.query(ReportFile):
            serials[file.file_date, file.record_type].append(file.serial)
    assert serials
    for found in serials.values():
        assert sorted(found) == [f"{number:03}" for number in range(1, len(found) + 1)]

"""Real worker processes are killed in the middle of their work; another takes over, nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core.config import settings
from app.core.db import Database, unit_of_work
from app.core.jobs import enqueue, recent_runs, task_state
from app.core.lease import LeaseRow

WORKER = Path(__file__).with_name("worker_process.py")
PATIENCE = 120.0


class Workers:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self._environment = {
            **os.environ,
            "CREDITLINK_DATABASE_URL": url,
            "CREDITLINK_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, str(WORKER), str(self.folder)], env=self._environment, cwd=self.folder
        )
        self.running.append(process)
        return process

    def begun(self, name: str) -> list[tuple[int, str, int]]:
        """Process, key and attempt of each begin of the task, in order."""
        path = self.folder / "begun"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        parts = [line.split() for line in lines]
        return [(int(pid), key, int(attempt)) for pid, task, key, attempt in parts if task == name]


@pytest.fixture
def workers(database: Database, tmp_path: Path) -> Iterator[Workers]:
    group = Workers(tmp_path, settings().database_url)
    yield group
    for process in group.running:
        if process.poll() is None:
            process.terminate()
    for process in group.running:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.05)


def _done(task: int) -> bool:
    with unit_of_work(reading=True):
        return task_state(task).state == "done"


@pytest.mark.parametrize("kind", ["shop.bake", "shop.slice"])
def test_the_task_of_a_killed_worker_is_begun_again_by_another(workers: Workers, kind: str) -> None:
    (workers.folder / "slow").touch()
    task = enqueue(kind, {}, "loaf")
    first = workers.start()
    _until(lambda: len(workers.begun(kind)) == 1, "the first begin")
    os.kill(first.pid, signal.SIGKILL)
    first.wait(PATIENCE)
    (workers.folder / "slow").unlink()
    second = workers.start()
    _until(lambda: _done(task), "the task to be done")
    assert workers.begun(kind) == [(first.pid, "loaf", 1), (second.pid, "loaf", 2)]
    with unit_of_work(reading=True) as session:
        assert session.scalars(select(LeaseRow.name).where(LeaseRow.name.like("loaf%"))).all() == ["loaf 2"]
        assert [run.outcome for run in recent_runs(name=kind)] == ["done", "lost"]


def test_a_stopped_worker_that_wakes_up_finds_its_task_taken_and_changes_nothing(workers: Workers) -> None:
    (workers.folder / "slow").touch()
    task = enqueue("shop.bake", {}, "loaf")
    first = workers.start()
    _until(lambda: len(workers.begun("shop.bake")) == 1, "the first begin")
    os.kill(first.pid, signal.SIGSTOP)
    (workers.folder / "slow").unlink()
    workers.start()
    _until(lambda: _done(task), "the task to be done")
    os.kill(first.pid, signal.SIGCONT)
    time.sleep(1)
    with unit_of_work(reading=True):
        assert [run.outcome for run in recent_runs(name="shop.bake")] == ["done", "lost"]
        assert task_state(task).attempts == 2


def test_when_the_leader_is_killed_another_keeps_the_timetable_and_no_run_is_doubled(workers: Workers) -> None:
    started = [workers.start(), workers.start()]
    by_number = {process.pid: process for process in started}
    _until(lambda: len(workers.begun("shop.ring")) >= 2, "two rings")
    with unit_of_work(reading=True) as session:
        holder = session.get_one(LeaseRow, "core.leader").holder
    leader = by_number[int(holder.split(":")[1])]
    os.kill(leader.pid, signal.SIGKILL)
    leader.wait(PATIENCE)
    before = len(workers.begun("shop.ring"))
    _until(lambda: len(workers.begun("shop.ring")) >= before + 2, "rings under the new leader")
    with unit_of_work(reading=True) as session:
        row = session.get_one(LeaseRow, "core.leader")
        assert int(row.holder.split(":")[1]) != leader.pid
        assert row.token >= 2
        done = [run.task_id for run in recent_runs(name="shop.ring") if run.outcome == "done"]
    assert len(done) == len(set(done))
    keys = [key for _, key, attempt in workers.begun("shop.ring") if attempt == 1]
    assert len(keys) == len(set(keys))

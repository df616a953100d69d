"""A small bank with its deliveries, and lenders who report them: real worker processes, a real pretend centre.

The bank is made once a session. Every lender is a stage of its own with empty database, lake and centre, so that two lenders
of the same deliveries are identical worlds.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.core.actor import SYSTEM, acting
from app.core.config import PREFIX, Settings
from app.core.config import settings as current_settings
from app.core.db import database as current_database
from app.core.db import unit_of_work
from app.core.jobs.models import RUNNING, TaskRow
from app.demo.postgres import PostgresServer
from app.demo.stage import Stage, build_world, deliver, platform, running_centre
from app.simulator.bank import DefectPlan
from app.submission.lake import forget
from app.submission.service import begin_batch
from app.workflow.models import ProcessInstance, ProcessTask

PATIENCE = 900.0
"""Seconds after which what has not come is taken to come no more, however busy the machine."""
DAY = date(2026, 10, 31)
ROOT = Path(__file__).parents[3]


def environment(settings: Settings) -> dict[str, str]:
    """The settings as another process reads them."""
    values = {each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)}
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in values.items() if value is not None}


@dataclass
class Lender:
    """One installation and its centre, as an operator sees them."""

    stage: Stage
    settings: Settings
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.stage.root / "worker.log"

    def begin(self, day: date = DAY, *, precheck: bool = True) -> str:
        with acting(SYSTEM), unit_of_work():
            return begin_batch(day, precheck=precheck)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """`creditlink worker` as a process of its own."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "worker"],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment(self.settings)},
            )
        self.workers.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=PATIENCE)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        process.wait(timeout=PATIENCE)

    def tasks(self, batch: str) -> dict[str, str]:
        """Status of each step that has been opened so far, by its node of the diagram."""
        with unit_of_work(reading=True) as session:
            instance = session.query(ProcessInstance).filter_by(business_key=batch).one()
            return {
                task.node: task.status
                for task in session.query(ProcessTask)
                .filter_by(instance_id=instance.id)
                .order_by(ProcessTask.opened_at)
            }

    def busy(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether this worker is at a step just now."""
        with unit_of_work(reading=True) as session:
            running = session.query(TaskRow.worker).filter_by(state=RUNNING)
            return any(name and name.split(":")[1] == str(process.pid) for (name,) in running)

    def status(self, batch: str) -> str:
        with unit_of_work(reading=True) as session:
            return session.query(ProcessInstance).filter_by(business_key=batch).one().status

    def error(self, batch: str) -> str:
        with unit_of_work(reading=True) as session:
            instance = session.query(ProcessInstance).filter_by(business_key=batch).one()
            tasks = session.query(ProcessTask).filter_by(instance_id=instance.id)
            return "; ".join(task.error for task in tasks if task.error)

    def wait(self, until: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                log = self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""
                raise AssertionError(f"in {seconds} s it did not come to this: {what}\n{log}")
            time.sleep(0.05)

    def run(self, batch: str, seconds: float = PATIENCE) -> None:
        """Let one worker take the batch to its end."""
        worker = self.start_worker()
        try:
            self.wait(lambda: self.status(batch) not in ("running",), f"end of {batch} {self.error(batch)}", seconds)
        finally:
            self.stop(worker)
        assert self.status(batch) == "done", self.error(batch)

    def centre(self, *arguments: str) -> Any:
        """The JSON answer of a `creditlink centre` sub-command."""
        command = [sys.executable, "-m", "app.simulator.centre", *arguments, "--state", str(self.stage.centre)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)


@dataclass(frozen=True)
class Bank:
    """Deliveries of a bank on `DAY`, its first day, with one defect of each kind and the truth about them."""

    stage: Stage

    def truth(self) -> list[dict[str, Any]]:
        path = self.stage.deliveries(DAY) / "truth" / "defects.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _bank(root: Path, persons: int, companies: int) -> Bank:
    stage = Stage(root)
    stage.clear()
    world = build_world(stage, persons, companies, 20_261_031, DAY)
    deliver(stage, world, DAY, DefectPlan(seed=7))
    return Bank(stage)


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """120 persons and 20 companies."""
    return _bank(tmp_path_factory.mktemp("bank"), 120, 20)


@contextmanager
def opened(root: Path, bank: Bank, **changes: object) -> Iterator[Lender]:
    stage = Stage(root)
    stage.clear()
    (root / "deliveries").symlink_to(bank.stage.root / "deliveries", target_is_directory=True)
    stage.write_sources()
    with ExitStack() as stack:
        stack.enter_context(platform(stage, **{"blocked_share_limit": 1.0, "threads": 2, **changes}))
        stack.callback(forget)
        stack.callback(lambda: current_database().dispose())
        lender = Lender(stage, stack.enter_context(running_centre(stage, current_settings())))
        stack.callback(lambda: [worker.kill() for worker in lender.workers if worker.poll() is None])
        yield lender


@pytest.fixture
def lender(tmp_path: Path, bank: Bank) -> Iterator[Lender]:
    """A lender that has reported nothing yet."""
    with opened(tmp_path / "lender", bank) as found:
        yield found


@pytest.fixture
def lender_on_postgres(tmp_path: Path, bank: Bank, postgres_server: PostgresServer) -> Iterator[Lender]:
    """The same as a bank installs it: database and catalogue of the lake in PostgreSQL."""
    for name in ("lender", "lake"):
        postgres_server.command(f"CREATE DATABASE {name}")
    catalogue = f"postgres:dbname=lake host=127.0.0.1 port={postgres_server.port} user=postgres"
    given = {"database_url": postgres_server.url("lender"), "lake_catalog_url": catalogue}
    with opened(tmp_path / "lender", bank, **given) as found:
        yield found


@pytest.fixture
def open_lender(bank: Bank) -> Callable[..., Any]:
    """Opens another lender of the same deliveries: `with open_lender(folder, **settings) as lender`."""

    def make(root: Path, **changes: object) -> Any:
        return opened(root, bank, **changes)

    return make


@pytest.fixture
def day() -> date:
    """The bank's first day."""
    return DAY

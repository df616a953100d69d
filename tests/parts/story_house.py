"""A lender for the stories in the browser: its centre, its console and its worker, each in a process of its own."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.core.actor import SYSTEM, acting
from app.core.config import PREFIX, Settings, override
from app.core.db import database
from app.core.schema import migrate
from app.demo.stage import Stage, build_world, deliver, running_centre
from app.simulator.bank import DefectPlan, World
from app.submission.lake import forget
from app.submission.service import begin_batch, find_batch, standing

PATIENCE = 900.0
"""Seconds after which what has not come is taken to come no more, however busy the machine."""


@dataclasses.dataclass
class House:
    """The lender while it runs. `server` is its console, as in the browser tests' `Server`."""

    stage: Stage
    server: Any

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait for what others are to bring about, looked for in the console's own database."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with self.server.inside():
                if true():
                    return
            assert time.monotonic() < deadline, what
            time.sleep(0.3)

    def reported(self, day: date, *, precheck: bool = True) -> str:
        """A whole reporting day of what has been delivered, carried out by the worker; the batch."""
        with self.server.inside():
            batch = begin_batch(day, precheck=precheck)
        self.until(lambda: standing(find_batch(batch)) in ("done", "incident"), f"the batch of {day}")
        with self.server.inside():
            assert standing(find_batch(batch)) == "done"
        return batch


@dataclasses.dataclass
class HouseWithBank(House):
    """A lender whose systems go on delivering."""

    bank: World

    def report(self, day: date, defects: DefectPlan | None = None, *, precheck: bool = True) -> str:
        """Have a day delivered and reported; the batch."""
        deliver(self.stage, self.bank, day, defects)
        return self.reported(day, precheck=precheck)


@contextmanager
def running(stage: Stage, settings: Settings, request: pytest.FixtureRequest) -> Iterator[House]:
    """Run the lender of a stage while the block lasts; the test's own process may look into its database and its lake."""
    shared: Any = request.config.pluginmanager.get_plugin(str(Path(request.path).with_name("conftest.py")))
    assert shared is not None
    with ExitStack() as stack:
        stack.enter_context(acting(SYSTEM))
        chosen = stack.enter_context(override(settings))
        migrate()
        stack.callback(forget)
        stack.callback(lambda: database().dispose())
        reachable = stack.enter_context(running_centre(stage, chosen))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        values = {each.name: getattr(reachable, each.name) for each in dataclasses.fields(reachable)}
        given = {f"{PREFIX}{name.upper()}": str(value) for name, value in values.items() if value is not None}
        port = shared.free_port()
        server = shared.Server(f"http://127.0.0.1:{port}", kept | given, reachable)
        server.employ()
        log = stage.root / "console.log"
        process = stack.enter_context(server.running(log, "serve", "--port", str(port)))
        stack.enter_context(server.running(stage.root / "worker.log", "worker"))
        shared.wait_for(server.address, process, log)
        yield House(stage, server)


@contextmanager
def running_with_bank(
    root: Path, request: pytest.FixtureRequest, *, persons: int, companies: int, seed: int, start: date
) -> Iterator[HouseWithBank]:
    """Run a new lender below `root`, with a bank of that size that has not delivered anything yet."""
    stage = Stage(root)
    stage.clear()
    stage.write_sources()
    bank = build_world(stage, persons, companies, seed, start)
    with running(stage, stage.settings(blocked_share_limit=1.0), request) as house:
        yield HouseWithBank(house.stage, house.server, bank)

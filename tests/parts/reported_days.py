"""A lender with two reported days behind it and a third that waits for its review: built once a run, then copied."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.core.actor import SYSTEM, Actor, acting
from app.core.config import Settings, override
from app.core.config import settings as current_settings
from app.core.db import database, unit_of_work
from app.core.jobs import Worker
from app.core.registry import Registry
from app.demo.day import drive
from app.demo.stage import Stage, build_world, deliver, platform, running_centre
from app.factory import assemble
from app.simulator.bank import DefectPlan
from app.submission.lake import forget
from app.submission.service import begin_batch
from app.workflow.models import ProcessInstance

DAYS = (date(2026, 10, 29), date(2026, 10, 30), date(2026, 10, 31))
SEED = 20_261_031
PATIENCE = 3600.0
"""Seconds for a day, however busy the machine."""
_BATCHES = "batches.json"


@dataclass(frozen=True)
class ReportedDays:
    """The installation below `stage`. The first two batches are done, `waiting` is the third."""

    stage: Stage
    first: str
    second: str
    waiting: str

    @property
    def settings(self) -> Settings:
        return _settings(self.stage)


def _settings(stage: Stage) -> Settings:
    return stage.settings(blocked_share_limit=0.9)


def build(root: Path) -> None:
    """120 persons and 50 companies with defects: a first load, an ordinary day, and a day above the limit of blocked records."""
    stage = Stage(root)
    stage.clear()
    stage.write_sources()
    bank = build_world(stage, 120, 50, SEED, DAYS[0])
    registry = assemble()
    batches = []
    with ExitStack() as stack:
        stack.enter_context(acting(SYSTEM))
        stack.enter_context(platform(stage, blocked_share_limit=_settings(stage).blocked_share_limit))
        stack.callback(forget)
        stack.callback(lambda: database().dispose())
        settings = stack.enter_context(running_centre(stage, current_settings()))
        for day in DAYS[:2]:
            deliver(stage, bank, day, DefectPlan(seed=SEED))
            with unit_of_work():
                batches.append(begin_batch(day))
            drive(registry, batches[-1], lambda words: None, limit=PATIENCE)
        deliver(stage, bank, DAYS[2], DefectPlan(seed=SEED + 1))
        with override(settings.changed(blocked_share_limit=0.0)), acting(Actor("xu.wen", "许文", "person")):
            with unit_of_work():
                batches.append(begin_batch(DAYS[2]))
            _drive_to_review(registry, batches[-1])
    (root / _BATCHES).write_text(json.dumps(batches), encoding="utf-8")


def _drive_to_review(registry: Registry, batch: str) -> None:
    worker = Worker(registry, heartbeat=1.0, pause=0.05)
    for _ in range(50):
        worker.run_until_idle()
        with unit_of_work(reading=True) as session:
            if session.query(ProcessInstance).filter_by(business_key=batch).one().status != "running":
                return
    raise AssertionError(f"{batch} did not come to its review")


def copied(built: Path, root: Path) -> ReportedDays:
    """A copy to read and to change: `built` is what `build` has left, `root` an empty folder."""
    shutil.copytree(built, root, dirs_exist_ok=True)
    stage = Stage(root)
    # These two are written down with their whole path: where the sources deliver, and where the lake's files lie.
    stage.write_sources()
    lake = _settings(stage)
    with closing(sqlite3.connect(lake.lake_catalog_url.removeprefix("sqlite:"))) as catalogue, catalogue:
        moved = "UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path'"
        catalogue.execute(moved, [f"{lake.lake_data_path}/"])
    return ReportedDays(stage, *json.loads((root / _BATCHES).read_text(encoding="utf-8")))

"""Three reporting days of a lender, end to end: a first load, an ordinary day, a month end, with nobody touching anything.

The bank's data carries seeded defects whose truth lies in a file that the platform never reads; at the end what was found is
held against it, what was sent against what was taken, and our pre-check against the centre's own judgement.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.core.errors import Unavailable
from app.core.jobs import Worker
from app.core.registry import Registry
from app.core.text import Text
from app.demo.agreement import compare_with_centre
from app.demo.stage import Stage, build_world, deliver, platform, running_centre
from app.demo.truth import hold_against_truth
from app.simulator.bank import DefectPlan, World
from app.submission.counts import count_batch, identities
from app.submission.lake import forget
from app.submission.models import Batch
from app.submission.service import begin_batch
from app.workflow.models import ProcessInstance, ProcessTask

DAY_LIMIT_SECONDS = 240
STEPS = 1 + 3 * 10
"""How often a whole demonstration tells where it is: once for the bank, ten times a day."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the bank is and which defects it has."""

    persons: int = 5_000
    companies: int = 500
    seed: int = 20_261_031
    defects: bool = True
    blocked_share_limit: float = 0.05


Tell = Callable[[Text], None]


def business_days(today: date) -> tuple[date, date, date]:
    """First load, an ordinary day, a month end: the last three days of the month before `today`."""
    end = today.replace(day=1) - timedelta(days=1)
    return end - timedelta(days=2), end - timedelta(days=1), end


def run_days(
    root: Path, registry: Registry, scale: Scale, tell: Tell, *, keep_running: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Run the demonstration below `root`; the summary, also written to `root/summary.json`."""
    stage = Stage(root)
    stage.clear()
    stage.write_sources()
    days = business_days(clock.today())
    tell(Text("生成一家模拟银行", "Making a synthetic bank"))
    world = build_world(stage, scale.persons, scale.companies, scale.seed, days[0])
    plan = DefectPlan(seed=scale.seed) if scale.defects else None
    summary: dict[str, Any] = {"days": []}
    with (
        platform(stage, blocked_share_limit=scale.blocked_share_limit) as settings,
        running_centre(stage, settings),
        acting(SYSTEM),
    ):
        try:
            for day in days:
                summary["days"].append(_one_day(stage, world, registry, day, plan, tell))
        finally:
            forget()
        if keep_running:
            keep_running()
    summary["lost"] = sum(day["lost"] for day in summary["days"])
    summary["missed"] = sum(day["missed"] for day in summary["days"])
    summary["false_alarms"] = sum(day["false_alarms"] for day in summary["days"])
    summary["disagreements"] = sum(day["agreement"]["disagreements"] for day in summary["days"])
    (root / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2), encoding="utf-8")
    return summary


def _one_day(
    stage: Stage, world: World, registry: Registry, day: date, plan: DefectPlan | None, tell: Tell
) -> dict[str, Any]:
    tell(Text(f"{day}：来源系统送达数据", f"{day}: the source systems deliver"))
    deliver(stage, world, day, plan)
    before = stage.root / "centre-before"
    shutil.rmtree(before, ignore_errors=True)
    shutil.copytree(stage.centre, before, ignore=shutil.ignore_patterns("sftp"))
    started = time.monotonic()
    with unit_of_work():
        batch = begin_batch(day)
    drive(registry, batch, tell)
    seconds = time.monotonic() - started
    counts = count_batch(batch)
    records = {code: {name: getattr(each, name) for name in each.__slots__} for code, each in counts.items()}
    tell(
        Text(f"{day}：与真相及中心独立判断对照", f"{day}: comparing with the truth and with the centre's own judgement")
    )
    truth = hold_against_truth(batch, stage.deliveries(day) / "truth" / "defects.jsonl")
    agreement = compare_with_centre(batch, before, stage.root / "trial")
    shutil.rmtree(before, ignore_errors=True)
    return {
        "business_date": day.isoformat(),
        "seconds": round(seconds, 2),
        "records": records,
        "lost": identities(records),
        **truth,
        "agreement": agreement,
    }


def drive(registry: Registry, batch: str, tell: Tell, limit: float = DAY_LIMIT_SECONDS) -> None:
    """Let a worker run the batch to its end. Raises Unavailable when it stops short or does not end in time."""
    stop = threading.Event()
    worker = Worker(registry, heartbeat=1.0, pause=0.1)
    thread = threading.Thread(target=worker.run, args=(stop,), name="worker")
    thread.start()
    said: set[str] = set()
    try:
        until = time.monotonic() + limit
        while time.monotonic() < until:
            with unit_of_work(reading=True) as session:
                found = session.get_one(Batch, batch)
                instance = session.get_one(ProcessInstance, found.instance_id)
                tasks = (
                    session.query(ProcessTask).filter_by(instance_id=instance.id).order_by(ProcessTask.opened_at).all()
                )
                status = instance.status
            for task in tasks:
                if task.id not in said:
                    said.add(task.id)
                    tell(Text(f"{found.business_date}：{task.title}", f"{found.business_date}: {task.node}"))
            if status == "done":
                return
            if status in ("waiting", "incident", "cancelled"):
                why = next((task.error for task in tasks if task.error), "")
                raise Unavailable(
                    "demo.batch", Text(f"批次停在 {status}：{why}", f"The batch stands at {status}: {why}")
                )
            time.sleep(0.2)
        why = next((task.error for task in tasks if task.error), "")
        raise Unavailable("demo.time", Text(f"批次未在限定时间内完成 {why}", f"The batch did not end in time {why}"))
    finally:
        stop.set()
        thread.join()

"""A month of two legal entities, with trouble: nobody presses a button, and at the end both ends of the world are compared.

Batches begin by timetable, whatever goes wrong mends itself or waits for the one person whom the truth file names. What the
centre holds at the end must be what the banks know, subject by subject; that is told by the simulator's two ends, not by our tables.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.core import clock, config
from app.core.actor import SYSTEM, acting
from app.core.config import Settings
from app.core.db import unit_of_work
from app.core.registry import Registry
from app.core.text import Text
from app.demo.host_clock import HostClock
from app.demo.month_account import account_of_troubles, held_records, standing_batches
from app.demo.month_lenders import Centre, Lender, found_entities, make_lenders, settings_of
from app.demo.month_people import agree_on_code
from app.demo.stage import Stage, platform
from app.simulator.both_ends import compare_ends, sent_twice
from app.simulator.troubles import NEW_CODE, Trouble, misbehave, plan_troubles, write_troubles
from app.submission.lake import forget
from app.submission.models import Batch
from app.submission.service import standing

NIGHT: Final = clock_time(1, 31)
"""Just after the timetable's 1:30."""
_MORNING: Final = clock_time(10, 5)
"""When what was kept back at night has come."""
_AFTERNOON: Final = clock_time(14, 0)
_AWAY_LOOKS: Final = timedelta(minutes=4)
"""How long the host tries within a night in which the centre is away; it goes on trying at every later moment."""
_FIRST_LOOK: Final = timedelta(minutes=5)
"""What runs every few minutes has run once before the first night: a timetable is followed from the first look on."""
_SMALL: Final = 2_000
NIGHT_SECONDS: Final = 900.0
"""Real seconds after which a night counts as stuck."""

Tell = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class Month:
    """How long and how large; `persons` and `companies` are those of each bank, which have two accounts a customer."""

    days: int = 31
    persons: int = 300
    companies: int = 60
    seed: int = 20_261_101
    blocked_share_limit: float = 1.0


def first_day(days: int, today: date) -> date:
    """The first of so many business days that end with last month."""
    return today.replace(day=1) - timedelta(days=days)


def run_month(root: Path, registry: Registry, month: Month, tell: Tell) -> dict[str, Any]:
    """Run the month below `root`; the account of it, also written to `root/month.json`."""
    started = time.monotonic()
    stage = Stage(root)
    stage.clear()
    days = [first_day(month.days, clock.today()) + timedelta(days=number) for number in range(month.days)]
    tell(Text("生成两家模拟银行", "Making two synthetic banks"))
    lenders = make_lenders(stage, (month.persons, month.companies), month.seed, days[0])
    troubles = plan_troubles(days[0], month.days)
    write_troubles(troubles, root / "truth" / "troubles.json")
    # A small day is done sooner by one thread than by two that share it.
    threads = 1 if month.persons + month.companies < _SMALL else 0
    changes = settings_of(stage, lenders[0], blocked_share_limit=month.blocked_share_limit, threads=threads)
    with platform(stage, **changes) as settings, acting(SYSTEM):
        run = _Run(settings, lenders, troubles, Centre(stage, settings, lenders), tell)
        try:
            told = run.centre.start()
            with config.override(centre_host=told["host"], centre_port=told["port"]):
                host = HostClock(registry, _at(days[0], clock_time(12, 0)))
                host.act(lambda: found_entities(lenders))
                host.go_to(host.at + _FIRST_LOOK)
                before = _last_audit()
                for day in days:
                    run.day(host, day)
                summary = run.account(days, before)
        finally:
            run.centre.stop()
            forget()
    summary["seconds"] = round(time.monotonic() - started, 1)
    (root / "month.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2), encoding="utf-8")
    return summary


def clean(summary: dict[str, Any]) -> bool:
    """Whether the month has kept every promise."""
    zero = ("lost", "different", "beyond", "sent_twice", "hand_interventions")
    return not any(summary[name] for name in zero) and not summary["standing"] and not summary["exceptions"]["open"]


@dataclass(frozen=True, slots=True)
class _Run:
    """A month that is running."""

    settings: Settings
    lenders: Sequence[Lender]
    troubles: tuple[Trouble, ...]
    centre: Centre
    tell: Tell

    def day(self, host: HostClock, day: date) -> None:
        """A business day: the deliveries, the night after it, and the working day that follows."""
        couriers = [lender.couriers(self.troubles) for lender in self.lenders]
        for each in couriers:
            each.tonight(day)
        up = misbehave(self.centre.stage.centre, self.troubles, day)
        if up != self.centre.running:
            self.centre.start() if up else self.centre.stop()
        after = day + timedelta(days=1)
        started = time.monotonic()
        host.go_to(_at(after, NIGHT))
        until = _at(after, _MORNING) if up else host.at + _AWAY_LOOKS
        host.settle(_busy, until, waiting=up, seconds=NIGHT_SECONDS)
        for each in couriers:
            each.later(day)
        host.go_to(_at(after, _MORNING))
        host.go_to(_at(after, _AFTERNOON))
        for trouble in self.troubles:
            if trouble.kind == "wrong_code" and trouble.day == day:
                host.act(lambda: agree_on_code("core_banking", "frequency", NEW_CODE, like="M"))
        seconds = time.monotonic() - started
        kinds = ", ".join(each.kind for each in self.troubles if each.day == day)
        self.tell(Text(f"{day}：{seconds:.0f} 秒 {kinds}", f"{day}: {seconds:.0f} s {kinds}"))

    def account(self, days: Sequence[date], before: int) -> dict[str, Any]:
        """What came of the month: both ends compared, and what it took."""
        self.tell(Text("比较银行与征信中心两端", "Comparing the banks with the credit centre"))
        self.centre.stop()
        state = self.centre.stage.centre
        by_entity = {each.section: compare_ends(each.world, days[-1], state) for each in self.lenders}
        by_type = _together(list(by_entity.values()))
        twice = sent_twice(state)
        needed = [each for each in self.troubles if each.acts]
        return {
            "days": len(days),
            "from": days[0].isoformat(),
            "to": days[-1].isoformat(),
            "entities": [
                {"provider": each.section, "name": each.name.zh, "accounts": _accounts(by_entity[each.section])}
                for each in self.lenders
            ],
            "accounts": sum(map(_accounts, by_entity.values())),
            "troubles": account_of_troubles(self.troubles, self.lenders, state, days[-1]),
            "by_type": by_type,
            "lost": sum(each["missing"] for each in by_type.values()),
            "different": sum(each["compared"] - each["equal"] for each in by_type.values()),
            "beyond": sum(each["beyond"] for each in by_type.values()),
            "sent_twice": sum(twice.values()),
            "hand_interventions": _interventions(before, {act for each in needed for act in each.acts}),
            "standing": standing_batches(),
            "exceptions": {"expected": len(needed), **held_records()},
        }


def _at(day: date, moment: clock_time) -> datetime:
    return datetime.combine(day, moment, clock.CHINA)


def _busy() -> bool:
    """Whether the batch of any entity is under way."""
    with unit_of_work(reading=True) as session:
        running = session.scalars(select(Batch).filter_by(status="running")).all()
        return any(standing(batch) == "running" for batch in running)


def _last_audit() -> int:
    with unit_of_work(reading=True) as session:
        return session.scalar(select(func.max(AuditEntry.number))) or 0


def _interventions(after: int, allowed: set[str]) -> int:
    """Acts of people since then that are not among those allowed."""
    with unit_of_work(reading=True) as session:
        query = select(func.count()).where(AuditEntry.number > after, AuditEntry.actor_kind == "person")
        return session.scalar(query.where(AuditEntry.action.not_in(allowed))) or 0


def _accounts(by_type: dict[str, dict[str, Any]]) -> int:
    return int(by_type["210"]["expected"]) + int(by_type["410"]["expected"])


def _together(compared: Sequence[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """The comparisons of several lenders as one."""
    told: dict[str, dict[str, Any]] = {}
    for code in compared[0]:
        parts = [each[code] for each in compared]
        numbers = {
            name: sum(part[name] for part in parts) for name, value in parts[0].items() if isinstance(value, int)
        }
        items = sorted({item for part in parts for item in part["different"]})
        different = {item: sum(part["different"].get(item, 0) for part in parts) for item in items}
        told[code] = numbers | {"different": different, "examples": [key for part in parts for key in part["examples"]]}
    return told

"""Trouble for whoever reports: seeded, outside of any platform, and written down in a truth file that no platform reads.

Deliveries come late, with other columns, twice, with bytes that are no text, or with a code that nobody has agreed upon; the credit
centre is away, garbles its feedback or sends it twice. What befalls customers and loans themselves, merged and rebooked ones, is
`app.simulator.bank.happenings`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.simulator.bank import World
from app.simulator.centre.control import Control, write_control

CENTRE: Final = -1
"""Stands for a bank's number where the trouble is the centre's."""

SPARE_DAYS: Final = 3
"""Days without new trouble at the end, so that all of it has been made good by then."""

NEW_CODE: Final = "MON"
"""What a core system calls a monthly instalment all of a sudden, of loans opened since."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One trouble: what, of which bank (by its place) and source, on which business day; `days` of it. With `acts` it needs a
    person, who may do just these (names of actions in an audit record)."""

    kind: str
    bank: int
    source: str
    day: dt.date
    days: int = 1
    acts: tuple[str, ...] = ()

    def on(self, day: dt.date) -> bool:
        return self.day <= day < self.day + dt.timedelta(days=self.days)


_MAPPING_ACTS: Final = ("submission.mapping_begun", "submission.mapping_changed", "submission.mapping_submitted",
    "submission.mapping_approved")  # fmt: skip
_ORDER: Final = (
    ("late", 0, "card_system", 1, ()),
    ("drift", 1, "core_banking", 0, ()),
    ("wrong_code", 0, "core_banking", 0, _MAPPING_ACTS),
    ("doubled_feedback", CENTRE, "", 1, ()),
    ("repeated", 1, "card_system", 1, ()),
    ("garbled_feedback", CENTRE, "", 1, ()),
    ("garbage", 0, "card_system", 1, ()),
    ("centre_away", CENTRE, "", 2, ()),
)
"""Kind, bank, source, days (0: from then on) and what a person may do about it, in the order of their days."""


def plan_troubles(first: dt.date, days: int) -> tuple[Trouble, ...]:
    """Troubles spread over a month that begins on `first`, none on its first day or in its last ones."""
    room = max(1, days - 1 - SPARE_DAYS)
    made = []
    for number, (kind, bank, source, lasts, acts) in enumerate(_ORDER):
        day = first + dt.timedelta(days=1 + number * room // len(_ORDER))
        made.append(Trouble(kind, bank, source, day, lasts or days, acts))
    return tuple(made)


def write_troubles(troubles: Sequence[Trouble], path: Path) -> None:
    """Write the truth: a list of objects with the fields of `Trouble`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = [dataclasses.asdict(each) | {"day": each.day.isoformat()} for each in troubles]
    path.write_text(json.dumps(told, ensure_ascii=False, indent=2), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Couriers:
    """Bring a bank's deliveries to `folder`/yyyymmdd each night, with what trouble there is, and set right later what was wrong.

    `number` is the bank's place, `aside` a folder of the bank's own for what is kept back.
    """

    world: World
    number: int
    folder: Path
    aside: Path
    troubles: Sequence[Trouble]

    def tonight(self, day: dt.date) -> None:
        """Deliver a day."""
        out = self.folder / f"{day:%Y%m%d}"
        self.world.export(day, out)
        for trouble in self._mine(day):
            source = out / trouble.source
            core = source / "core.sqlite"
            if trouble.kind in ("late", "repeated", "garbage"):
                self._keep_back(source, day)
            if trouble.kind == "repeated":
                shutil.copytree(self.folder / f"{day - dt.timedelta(days=1):%Y%m%d}" / trouble.source, source)
            elif trouble.kind == "garbage":
                shutil.copytree(self._kept(day) / trouble.source, source)
                _spoil(source / "CARD_ACCT.csv")
            elif trouble.kind == "drift":
                _change(core, "ALTER TABLE cust_master ADD COLUMN risk_tag TEXT")
                _change(core, "ALTER TABLE loan_master RENAME COLUMN settle_day TO stmt_day")
            elif trouble.kind == "wrong_code":
                _change(core, _RECODE, (NEW_CODE, trouble.day.isoformat()))

    def later(self, day: dt.date) -> None:
        """Deliver what was kept back of a day, in place of what came instead."""
        kept = self._kept(day)
        for source in sorted(kept.iterdir()) if kept.exists() else ():
            target = self.folder / f"{day:%Y%m%d}" / source.name
            shutil.rmtree(target, ignore_errors=True)
            source.rename(target)
        shutil.rmtree(kept, ignore_errors=True)

    def _mine(self, day: dt.date) -> list[Trouble]:
        return [each for each in self.troubles if each.bank == self.number and each.on(day)]

    def _kept(self, day: dt.date) -> Path:
        return self.aside / f"{day:%Y%m%d}"

    def _keep_back(self, source: Path, day: dt.date) -> None:
        self._kept(day).mkdir(parents=True, exist_ok=True)
        source.rename(self._kept(day) / source.name)


_RECODE: Final = "UPDATE loan_master SET repay_freq = ? WHERE repay_freq = 'M' AND open_dt >= ?"


def _change(database: Path, statement: str, given: tuple[str, ...] = ()) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement, given)


def _spoil(path: Path) -> None:
    """Put bytes into the first line below the headings that no Chinese encoding has."""
    head, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(head + b"\n" + b"\xff\xff\xfe" + rest)


_REPEAT_AFTER: Final = 60.0
"""Real seconds, so many that the first feedback has been fetched by the time when it comes again, or comes right."""


_REPAIR_AFTER: Final = 30.0
"""Real seconds, so many that a large bank, which asks when it has sent all its files, still finds some of them garbled."""


def misbehave(centre: Path, troubles: Sequence[Trouble], day: dt.date) -> bool:
    """Have the centre behave as is planned for the night after a business day; whether it is there at all."""
    kinds = {each.kind for each in troubles if each.bank == CENTRE and each.on(day)}
    write_control(
        centre,
        Control(
            garble="garbled_feedback" in kinds,
            feedback_twice="doubled_feedback" in kinds,
            repeat_after=_REPEAT_AFTER,
            repair_after=_REPAIR_AFTER,
        ),
    )
    return "centre_away" not in kinds

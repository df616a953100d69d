"""Troubles of a month: where they lie, and what they do to a delivery before it is set right."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.simulator.bank import World
from app.simulator.centre.control import read_control
from app.simulator.troubles import CENTRE, NEW_CODE, SPARE_DAYS, Couriers, Trouble, misbehave, plan_troubles

FIRST = date(2026, 10, 1)


@pytest.mark.parametrize("days", [7, 10, 31, 60])
def test_all_troubles_come_after_the_first_day_and_leave_time_to_mend(days: int) -> None:
    troubles = plan_troubles(FIRST, days)
    assert len({each.kind for each in troubles}) == len(troubles) == 8
    last = FIRST + timedelta(days=days - 1)
    for each in troubles:
        assert FIRST < each.day <= last - timedelta(days=SPARE_DAYS)
    away = next(each for each in troubles if each.kind == "centre_away")
    assert away.days == 2
    assert not away.on(last)
    # Feedback can only be garbled or doubled in a night in which there is some.
    assert not any(away.on(each.day) for each in troubles if each.kind.endswith("feedback"))
    assert [each.kind for each in troubles if each.acts] == ["wrong_code"]


def test_what_is_spoilt_at_night_is_right_in_the_morning(tmp_path: Path) -> None:
    world = World(tmp_path / "bank", persons=50, companies=10, seed=3, start=FIRST)
    world.build()
    troubles = [
        Trouble("garbage", 0, "card_system", FIRST),
        Trouble("late", 0, "general_ledger", FIRST),
        Trouble("drift", 0, "core_banking", FIRST),
        Trouble("wrong_code", 0, "core_banking", date(2020, 1, 1), 10_000),
        Trouble("late", 1, "core_banking", FIRST),
    ]
    couriers = Couriers(world, 0, tmp_path / "out", tmp_path / "aside", troubles)
    couriers.tonight(FIRST)
    out = tmp_path / "out" / "20261001"

    assert sorted(path.name for path in out.iterdir()) == ["card_system", "core_banking", "corporate_loans", "truth"]
    cards = out / "card_system" / "CARD_ACCT.csv"
    with pytest.raises(UnicodeDecodeError):
        cards.read_text(encoding="gb18030")
    with closing(sqlite3.connect(out / "core_banking" / "core.sqlite")) as core:
        assert "risk_tag" in {row[1] for row in core.execute("PRAGMA table_info(cust_master)")}
        assert {"stmt_day"} <= {row[1] for row in core.execute("PRAGMA table_info(loan_master)")}
        told = core.execute("SELECT DISTINCT repay_freq FROM loan_master WHERE open_dt >= '2020-01-01'").fetchall()
        assert (NEW_CODE,) in told
        assert ("M",) not in told

    couriers.later(FIRST)
    assert (out / "general_ledger" / "control.json").exists()
    assert cards.read_text(encoding="gb18030").startswith("ACCT_NO")
    couriers.later(FIRST)
    assert cards.exists()


def test_the_centre_misbehaves_on_its_days_alone(tmp_path: Path) -> None:
    troubles = [Trouble("garbled_feedback", CENTRE, "", FIRST), Trouble("centre_away", CENTRE, "", FIRST, 2)]
    assert not misbehave(tmp_path, troubles, FIRST)
    assert read_control(tmp_path).garble
    assert not misbehave(tmp_path, troubles, FIRST + timedelta(days=1))
    assert misbehave(tmp_path, troubles, FIRST + timedelta(days=2))
    assert not read_control(tmp_path).garble

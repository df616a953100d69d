"""A bank's days through the platform's own mapping, derivation and pre-check: sound data pass, defects are found."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from app.simulator.bank import DefectPlan, World

FIRST = dt.date(2026, 10, 27)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    built = World(tmp_path_factory.mktemp("bank"), persons=900, companies=120, seed=21, start=FIRST)
    built.build()
    return built


@pytest.mark.slow
@pytest.mark.whole
def test_sound_data_break_no_rule_from_first_load_to_month_end(world: World, desk: Any, tmp_path: Path) -> None:
    for number in (0, 4, 24, 35):
        day = FIRST + dt.timedelta(days=number)
        world.export(day, tmp_path / str(day))
        assert desk.take(tmp_path / str(day), day) == {}, day
    assert {"10", "20", "30", "31", "32", "40"} <= desk.points["210"]
    assert {"10", "20", "32", "33", "49"} <= desk.points["410"]
    assert desk.points["340"] == desk.points["350"] == {"0", "1"}
    assert desk.points["420"] == desk.points["510"] == {"10", "20", "30"}
    assert desk.points["440"] == {"10", "20", "30", "40", "50"}
    for code in ("610", "620", "630", "640", "650"):
        assert desk.points[code] == {"10", "20"}, code


@pytest.mark.slow
@pytest.mark.whole
def test_every_defect_fires_exactly_the_rules_that_the_truth_names(
    world: World, desk: Any, truth: Any, tmp_path: Path
) -> None:
    for number in (0, 1, 4):
        day = FIRST + dt.timedelta(days=number)
        folder = tmp_path / str(day)
        world.export(day, folder, DefectPlan(seed=4, each=2))
        assert desk.take(folder, day) == truth(folder), day

"""A reported day judged again by `creditlink rules replay`: the same findings hash for hash, or told what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import reported_days
from click.testing import CliRunner
from reported_days import DAYS, ReportedDays
from sqlalchemy import select

from app.core.config import override
from app.core.db import database, unit_of_work
from app.rules.registry.models import RulesetEdition
from app.standard import catalogue
from app.submission.lake import forget, lake
from app.submission.models import StageRun
from app.submission.registry_commands import rules
from app.submission.tables import FINDING, record_table, reported_types


@pytest.fixture
def reported(made_once, tmp_path: Path) -> Iterator[ReportedDays]:
    found = reported_days.copied(made_once(reported_days.build), tmp_path / "lender")
    with override(found.settings):
        yield found
        forget()
        database().dispose()


def replayed(day: date, *more: str) -> tuple[int, dict]:
    result = CliRunner().invoke(rules, ["replay", "--date", day.isoformat(), "--json", *more])
    assert result.stdout, result.exception
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.whole
def test_days_are_reproduced_though_the_lake_has_moved_on(reported: ReportedDays) -> None:
    for day in DAYS[:2]:
        code, said = replayed(day)
        (batch,) = said["batches"]
        assert (code, said["reproduced"]) == (0, True), said
        parts = {part["part"] for part in batch["parts"]}
        assert {f"{code}/0" for code in ("110", "210", "310", "410")} <= parts
        assert {part.split("/")[0] for part in parts} <= set(reported_types())
        assert batch["findings"] > 0
        assert all(part["standard"] == catalogue.current().digest for part in batch["parts"])

    # The centre's state is not what it was: judged on the present lake the second day would differ.
    now = lake().snapshot()
    with unit_of_work() as session:
        for run in session.scalars(select(StageRun).filter_by(stage="judge", batch_id=reported.second)):
            assert run.detail["snapshot"] < now
            run.detail = {**run.detail, "snapshot": now}
    code, said = replayed(DAYS[1])
    assert (code, said["reproduced"]) == (1, False), "what has been accepted since makes another judgement"


@pytest.mark.whole
def test_what_was_changed_behind_its_back_is_told(reported: ReportedDays) -> None:
    lake().write(
        lambda c: c.execute(f"DELETE FROM {FINDING.path} WHERE batch = ? AND record_type = '110'", [reported.first])
    )
    lake().write(lambda c: c.execute(f"DELETE FROM {record_table('110').path} WHERE batch = ?", [reported.first]))

    code, said = replayed(DAYS[0])

    assert code == 1
    parts = {part["part"]: part for part in said["batches"][0]["parts"]}
    assert parts["110/0"]["again"] == parts["110/0"]["kept"] != parts["110/0"]["stored"]
    assert [name for name, part in parts.items() if not part["reproduced"]] == ["110/0"]


def test_editions_are_remembered_with_their_texts_and_named_by_every_finding(reported: ReportedDays) -> None:
    with unit_of_work(reading=True) as session:
        known = {row.edition: row for row in session.scalars(select(RulesetEdition))}
    named = lake().rows(f"SELECT DISTINCT edition, rule = 'CENTRE' FROM {FINDING.path}")
    assert {edition for edition, centre in named if not centre} <= known.keys()
    assert {row.origin for row in known.values()} == {"shipped"}
    row = next(row for row in known.values() if row.facts == "record.110")
    path = Path(__file__).parents[3] / "rulesets" / row.folder / "ruleset.yaml"
    assert row.texts[f"{row.folder}/ruleset.yaml"].encode() == path.read_bytes()


def test_an_edition_that_is_not_here_is_told_in_words(reported: ReportedDays) -> None:
    with unit_of_work() as session:
        for number, run in enumerate(
            session.scalars(select(StageRun).filter_by(stage="judge", batch_id=reported.first))
        ):
            wrong = {"edition": "0" * 64} if number else {"standard": "0" * 64}
            run.detail = {**run.detail, **wrong}

    code, said = replayed(DAYS[0])

    assert code == 1
    told = [part["problem"]["en"] for part in said["batches"][0]["parts"]]
    assert sum("--standard" in each for each in told) == 1
    assert sum("no such edition" in each for each in told) == len(told) - 1


def test_a_day_on_which_nothing_was_judged(reported: ReportedDays) -> None:
    result = CliRunner().invoke(rules, ["replay", "--date", "2020-01-01"])
    assert getattr(result.exception, "code", "") == "submission.replay"

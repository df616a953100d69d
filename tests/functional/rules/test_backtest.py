"""A candidate tried on reported days by `creditlink rules backtest`: every figure against the lake, and what is shown of records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import reported_days
from click.testing import CliRunner
from reported_days import DAYS, ReportedDays

from app.core.config import override
from app.core.db import database, unit_of_work
from app.core.errors import NotFound
from app.rules.registry.backtest import Trial, backtest, kept
from app.rules.registry.files import read_files, write_files
from app.rules.registry.shipped import ROOT
from app.rules.source import Texts
from app.submission.lake import forget, lake
from app.submission.registry_commands import rules
from app.submission.tables import FINDING, record_table

NAME, FOLDER = "submission.personal_loan_account", "submission/personal_loan_account"
FILE = f"{FOLDER}/ruleset.yaml"
ADDED = """
  - id: P210-900
    title: {zh: 试验规则, en: A rule on trial}
    severity: warn
    confidence: low
    stage: format
    when: has(B)
    require: B.AcctType != 'D1'
    blame: B.AcctType
"""


@pytest.fixture(scope="module")
def reported(made_once, tmp_path_factory: pytest.TempPathFactory) -> ReportedDays:
    return reported_days.copied(made_once(reported_days.build), tmp_path_factory.mktemp("lender") / "one")


@pytest.fixture
def lender(reported: ReportedDays) -> Iterator[ReportedDays]:
    with override(reported.settings):
        yield reported
        forget()
        database().dispose()


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    """The shipped ruleset of personal loans with a rule added."""
    texts = read_files(ROOT / FOLDER)
    text = texts.files[FILE].rstrip() + "\n" + ADDED
    write_files(Texts(FOLDER, {**texts.files, FILE: text}), tmp_path)
    return tmp_path / FOLDER


def tried(*arguments: str) -> dict:
    result = CliRunner().invoke(rules, ["backtest", NAME, *arguments, "--json"])
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def test_every_figure_is_that_of_the_lake(lender: ReportedDays, candidate: Path) -> None:
    said = tried("--candidate", str(candidate), "--days", f"{DAYS[0]}..{DAYS[1]}", "--keep")

    table = record_table("210").path
    batches = f"batch IN ('{lender.first}', '{lender.second}')"
    records = lake().value(f"SELECT count(*) FROM {table} WHERE {batches}")
    hit = lake().value(f"""SELECT count(*) FROM {table} WHERE {batches} AND "B"."AcctType" = 'D1'""")
    before = lake().value(
        f"SELECT count(*) FROM (SELECT DISTINCT record_id, rule FROM {FINDING.path}"
        f" WHERE {batches} AND record_type = '210' AND rule != 'CENTRE')"
    )
    assert said["records"] == records > 0
    assert said["before"]["findings"] == before
    assert said["after"]["findings"] == before + hit
    assert said["newly"] == {"findings": hit, "records": hit}
    assert said["no_longer"] == {"findings": 0, "records": 0}
    (first, *rest) = said["rules"]
    assert (first["rule"], first["before"], first["after"], first["newly"]) == ("P210-900", 0, hit, hit)
    assert all(row["newly"] == row["no_longer"] == 0 for row in rest)
    assert said["products"] == [{"value": "D1", "newly": hit, "no_longer": 0}]
    assert sum(row["newly"] for row in said["branches"]) == hit
    assert [day["day"] for day in said["days"]] == [day.isoformat() for day in DAYS[:2]]
    assert said["seconds"] > 0
    with unit_of_work(reading=True):
        row = kept(said["backtest"])
        assert row is not None
        assert row.result["newly"] == said["newly"]


def test_samples_explain_and_hide_what_is_personal(lender: ReportedDays, candidate: Path) -> None:
    said = tried("--candidate", str(candidate), "--days", DAYS[0].isoformat())

    samples = said["samples"]
    assert 0 < len(samples) <= 5
    keys = {key for (key,) in lake().rows(f"SELECT DISTINCT key FROM {record_table('210').path}")}
    for sample in samples:
        assert (sample["change"], sample["rule"], sample["batch"]) == ("newly", "P210-900", lender.first)
        ((value, *_),) = [check["values"] for check in sample["explanation"]]
        assert (value["path"], value["shown"]) == ("B.AcctType", "D1")
        assert sample["key"] not in keys
    assert not any(key in json.dumps(said) for key in keys)


def test_a_rule_taken_away_and_a_ruleset_retired(lender: ReportedDays, candidate: Path) -> None:
    with unit_of_work(reading=True):
        nothing = backtest(Trial(NAME, None, "210"), DAYS[:2])
    assert nothing["candidate"] is None
    assert nothing["no_longer"]["findings"] == nothing["before"]["findings"] > 0
    assert nothing["after"] == {"findings": 0, "records": 0, "blocked": 0}
    assert {each["change"] for each in nothing["samples"]} == {"no_longer"}


def test_days_that_are_not_stored_and_rules_that_are_not_about_records(lender: ReportedDays, candidate: Path) -> None:
    for arguments, code in (
        ([NAME, "--candidate", str(candidate), "--days", "2020-01-01"], "rules.no_days"),
        (["submission.personal_family", "--candidate", str(candidate), "--days", "2020-01-01"], "rules.candidate"),
        ([NAME, "--candidate", "99", "--days", "2020-01-01"], "rules.edition"),
    ):
        result = CliRunner().invoke(rules, ["backtest", *arguments])
        assert getattr(result.exception, "code", "") == code
    assert CliRunner().invoke(rules, ["backtest", NAME, "--candidate", str(candidate), "--days", "soon"]).exit_code == 2
    with pytest.raises(NotFound, match=r"rules\.untryable"), unit_of_work(reading=True):
        Trial.of("submission.personal_report_file", None, DAYS[0])

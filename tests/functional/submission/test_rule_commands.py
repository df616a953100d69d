"""`creditlink rules …` over the shipped rulesets, as a person would run it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import cli
from app.submission import rule_commands
from app.submission.content import ROOT


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two shipped rulesets with the shared rules that they include."""
    for name in ("personal_general", "personal_normal", "personal_family", "personal_report_file"):
        shutil.copytree(ROOT / "submission" / name, tmp_path / "submission" / name)
    monkeypatch.setattr(rule_commands, "ROOT", tmp_path)
    return tmp_path


def test_cases_of_all_rulesets_are_run(few: Path) -> None:
    result = CliRunner().invoke(cli, ["rules", "test", "--json"])

    said = json.loads(result.stdout)
    assert (said["rulesets"], said["failed"], said["agreement"]["disagreements"]) == (2, 0, 0)
    assert said["agreement"]["checked"] > said["cases"] > said["rules"] > 20


def test_a_wrong_verdict_ends_with_1_and_is_told_with_its_place(few: Path) -> None:
    path = few / "submission" / "personal_report_file" / "ruleset.yaml"
    path.write_text(path.read_text("utf-8").replace("file.utf8", "not file.utf8"), "utf-8")

    result = CliRunner().invoke(cli, ["rules", "test"])

    assert result.exit_code == 1
    assert "personal_report_file/cases/P000-011.yaml:" in result.output
    assert "判错 failed" in result.output


def test_items_without_rules_are_named(few: Path) -> None:
    result = CliRunner().invoke(cli, ["rules", "coverage", "--json"])

    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert {
        "record": "210",
        "subject": "person",
        "item": "H.AcctBal",
        "title": {"zh": "余额", "en": "balance"},
    } in said["unseen"]
    assert not [place for place in said["unseen"] if place["record"] == "120"]
    assert "无规则 unseen" in CliRunner().invoke(cli, ["rules", "coverage"]).output

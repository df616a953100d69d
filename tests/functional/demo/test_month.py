"""A short month of two entities keeps every promise, with all its troubles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import cli
from app.simulator.bank.expected import EXPECTED

DAYS = 7
PROMISED = ("lost", "different", "beyond", "sent_twice", "hand_interventions")


@pytest.mark.slow
@pytest.mark.whole
def test_a_short_month(tmp_path: Path) -> None:
    root = tmp_path / "month"
    options = ["--days", str(DAYS), "--persons", "50", "--companies", "10", "--root", str(root), "--json"]

    result = CliRunner().invoke(cli, ["demo", "month", *options])

    assert result.exit_code == 0, result.output[-3000:]
    summary = json.loads(result.stdout)
    assert summary == json.loads((root / "month.json").read_text(encoding="utf-8"))
    assert {name: summary[name] for name in PROMISED} == dict.fromkeys(PROMISED, 0)
    assert summary["standing"] == []
    assert summary["exceptions"]["open"] == 0
    assert [each["provider"] for each in summary["entities"]] == ["Z9900000000001", "Z9900000000009"]
    assert summary["by_type"].keys() == EXPECTED.keys()
    assert all(each["equal"] == each["expected"] for each in summary["by_type"].values())
    assert sum(each["expected"] for each in summary["by_type"].values()) > 900
    handled = {each["kind"]: each["handled"] for each in summary["troubles"]}
    assert [load["state"] for load in handled["late"]] == ["missing", "late"]
    assert [load["reason"] for load in handled["repeated"]] == ["submission.delivery_day", ""]
    assert [load["reason"] for load in handled["garbage"]] == ["submission.delivery_encoding", ""]
    assert {each["what"] for each in handled["drift"]} == {"new", "renamed"}
    assert not any(each["needed"] for each in handled["drift"])
    assert handled["garbled_feedback"]["unreadable"] >= 1
    assert handled["doubled_feedback"]["repeated"] >= 1
    assert len(handled["centre_away"]) == 4
    assert all(batch["done"] > batch["begun"] for batch in handled["centre_away"])
    truth = json.loads((root / "truth" / "troubles.json").read_text(encoding="utf-8"))
    assert [each["kind"] for each in truth if each["acts"]] == ["wrong_code"]

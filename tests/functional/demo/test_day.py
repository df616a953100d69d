"""The demonstration keeps its promises at a small size: nothing lost, nothing missed, no false alarm, no disagreement."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import cli
from app.submission.tables import RECORD_TYPES

COLUMNS = {"landed", "standardised", "due", "blocked", "sent", "accepted", "rejected", "corrected", "files", "lost"}


@pytest.mark.slow
@pytest.mark.whole
def test_three_days(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    options = ["--persons", "100", "--companies", "20", "--limit", "1", "--root", str(root), "--json"]

    result = CliRunner().invoke(cli, ["demo", "day", *options])

    assert result.exit_code == 0, result.output[-3000:]
    summary = json.loads(result.stdout)
    assert summary == json.loads((root / "summary.json").read_text(encoding="utf-8"))
    assert {name: summary[name] for name in ("lost", "missed", "false_alarms", "disagreements")} == {
        "lost": 0,
        "missed": 0,
        "false_alarms": 0,
        "disagreements": 0,
    }
    assert len(summary["days"]) == 3
    first, second, third = (day["records"] for day in summary["days"])
    for day in summary["days"]:
        assert day["records"].keys() >= set(RECORD_TYPES)
        assert day["seconds"] > 0
        assert day["found"] == day["injected"]
        assert day["agreement"]["disagreements"] == 0
        for code, counts in day["records"].items():
            assert counts.keys() >= COLUMNS
            assert counts["due"] == counts["blocked"] + counts["sent"]
            assert counts["sent"] == counts["accepted"] + counts["rejected"] + counts.get("awaiting", 0)
            assert counts["landed"] == counts["standardised"]
            assert counts["standardised"] >= counts["due"] or code not in RECORD_TYPES, (
                "operations change what is there"
            )
    states = [code for code in RECORD_TYPES if code != "215"]  # an event needs an account that the centre has
    assert all(first[code]["due"] >= second[code]["due"] for code in states), "the first load is the largest"
    assert all(first[code]["accepted"] for code in states), "every record type is taken by the centre"
    assert sum(counts["blocked"] for counts in first.values()) > 10
    assert sum(counts["corrected"] for counts in second.values()) > 10, (
        "what was blocked is mended and sent the next day"
    )
    assert third["210"]["due"] > 0
    assert [day["business_date"] for day in summary["days"]] == sorted(day["business_date"] for day in summary["days"])

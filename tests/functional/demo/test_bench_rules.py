"""`creditlink bench rules` on a few records: it runs, and every engine that is there finds what we find."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from app.cli import cli


@pytest.mark.whole
def test_a_small_run_has_all_figures_and_the_engines_agree() -> None:
    said = CliRunner().invoke(cli, ["bench", "rules", "--records", "1200", "--json"])

    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout)
    assert result["records"] == 1200
    assert result["rules"] > 100
    assert result["sweep"]["records_with_findings"] >= 12
    assert result["explain"]["explain"]["p50_ms"] > 0
    assert result["infer"]["infer_facts_per_second"] > 0
    assert result["infer"]["disagreements"] == 0
    assert result["common"]["rules"] == 40
    for peer in result["common"]["peers"].values():
        assert "unavailable" in peer or peer["same_verdicts"] == peer["records"] > 0

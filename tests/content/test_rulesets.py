"""Every ruleset of the product loads, and every rule passes and fails its own cases, judged by both evaluators."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.rules.cases import run_cases
from app.rules.loading import find_rulesets, load_ruleset

ROOT = Path(__file__).parents[2] / "rulesets"
FOLDERS = find_rulesets(ROOT)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_cases_of_ruleset(folder: Path) -> None:
    report = run_cases(load_ruleset(folder))
    assert not report.faults, "\n" + "\n".join(map(str, report.faults))
    assert report.cases >= 2 * report.rules

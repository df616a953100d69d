"""Every ruleset of the product loads, and every rule passes and fails its own cases, judged by both evaluators."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from app.lake.connection import scratch
from app.rules.cases import CaseReport, run_cases, uncovered_shared
from app.rules.coverage import unseen_items
from app.rules.loading import find_rulesets, load_ruleset
from app.rules.model import Ruleset
from app.standard import catalogue

ROOT = Path(__file__).parents[2] / "rulesets"
FOLDERS = find_rulesets(ROOT)


@lru_cache(maxsize=128)
def loaded(folder: Path) -> Ruleset:
    return load_ruleset(folder)


@lru_cache(maxsize=128)
def reported(folder: Path) -> CaseReport:
    """The cases of a ruleset judged by both evaluators."""
    with scratch(few=True) as connection:

        def execute(statement: str, parameters: Sequence[str]) -> list[tuple[Any, ...]]:
            return connection.execute(statement, parameters).fetchall()

        return run_cases(loaded(folder), execute)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_cases_of_ruleset(folder: Path) -> None:
    report = reported(folder)

    assert not report.faults, "\n" + "\n".join(map(str, report.faults))
    assert report.cases >= 2 * sum(rule.own for rule in report.ruleset.rules)


def test_every_shared_rule_has_cases_in_some_ruleset() -> None:
    assert not uncovered_shared([reported(folder) for folder in FOLDERS])


def test_the_four_record_types_and_the_file_have_rulesets() -> None:
    facts = {loaded(folder).facts for folder in FOLDERS}

    assert facts >= {"record.110", "record.210", "record.310", "record.410", "file.report"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_rules_use_error_codes_of_the_catalogue(folder: Path) -> None:
    errors = catalogue.current().errors

    unknown = {rule.id: rule.code for rule in loaded(folder).rules if rule.code and rule.code not in errors}

    assert not unknown


@pytest.mark.parametrize("folder", find_rulesets(ROOT / "submission"), ids=lambda folder: folder.name)
def test_every_item_is_looked_at_by_some_rule(folder: Path) -> None:
    ruleset = loaded(folder)
    if ruleset.record_type is None:
        return

    assert not unseen_items(ruleset)

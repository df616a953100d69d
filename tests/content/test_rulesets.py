"""Every ruleset of the product loads, and every rule passes and fails its own cases, judged by both evaluators."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.rules.cases import run_cases, uncovered_shared
from app.rules.coverage import unseen_items
from app.rules.loading import find_rulesets, load_ruleset
from app.standard import catalogue

ROOT = Path(__file__).parents[2] / "rulesets"
FOLDERS = find_rulesets(ROOT)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_cases_of_ruleset(folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    def execute(statement: str, parameters: Sequence[str]) -> list[tuple[Any, ...]]:
        return connection.execute(statement, parameters).fetchall()

    report = run_cases(load_ruleset(folder), execute)

    assert not report.faults, "\n" + "\n".join(map(str, report.faults))
    assert report.cases >= 2 * sum(rule.own for rule in report.ruleset.rules)


def test_every_shared_rule_has_cases_in_some_ruleset() -> None:
    reports = [run_cases(load_ruleset(folder)) for folder in FOLDERS]

    assert not uncovered_shared(reports)


def test_the_four_record_types_and_the_file_have_rulesets() -> None:
    facts = {load_ruleset(folder).facts for folder in FOLDERS}

    assert facts >= {"record.110", "record.210", "record.310", "record.410", "file.report"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_rules_use_error_codes_of_the_catalogue(folder: Path) -> None:
    errors = catalogue.current().errors

    unknown = {rule.id: rule.code for rule in load_ruleset(folder).rules if rule.code and rule.code not in errors}

    assert not unknown


@pytest.mark.parametrize("folder", find_rulesets(ROOT / "submission"), ids=lambda folder: folder.name)
def test_every_item_is_looked_at_by_some_rule(folder: Path) -> None:
    ruleset = load_ruleset(folder)
    if ruleset.record_type is None:
        return

    assert not unseen_items(ruleset)

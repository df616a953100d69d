"""Defects: made on purpose, told truly, gone with the next delivery."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import Invalid
from app.rules.registry.shipped import shipped_ruleset
from app.simulator.bank import DefectPlan, World
from app.simulator.bank.defects import KINDS

START = dt.date(2026, 10, 27)
RULESETS_OF = {
    "110": "personal_basic",
    "210": "personal_loan_account",
    "310": "corporate_basic",
    "410": "corporate_loan_account",
    "120": "personal_family",
    "130": "personal_document_validity",
    "140": "personal_document_linking",
    "220": "personal_credit_agreement",
    "230": "personal_guarantee_account",
    "340": "corporate_identifier_integration",
    "350": "corporate_relationship",
    "420": "corporate_credit_agreement",
    "440": "corporate_guarantee_account",
    "510": "personal_collateral_contract corporate_collateral_contract",
    "610": "corporate_balance_sheet",
    "620": "corporate_income_statement",
    "630": "corporate_cash_flow",
    "640": "corporate_institution_balance_sheet",
    "650": "corporate_institution_income",
}


def _truth(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "truth" / "defects.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_there_are_kinds_for_every_record_type_and_occasion() -> None:
    assert len(KINDS) >= 25
    assert {kind.record_type for kind in KINDS.values()} == set(RULESETS_OF)
    assert {kind.occasion for kind in KINDS.values()} == {"first report", "settlement", "closing", "later report"}
    assert [name for name, kind in KINDS.items() if kind.centre_only] == ["loan_card_unknown"]


@pytest.mark.parametrize("record_type", RULESETS_OF)
def test_every_finding_named_is_a_rule_of_its_record(record_type: str) -> None:
    names = RULESETS_OF[record_type].split()
    rules = [rule for name in names for rule in shipped_ruleset(f"submission.{name}").rules]
    known = {(rule.id, code) for rule in rules for code in (rule.code, *(each.code for each in rule.checks))}
    for kind in KINDS.values():
        if kind.record_type == record_type:
            assert set(kind.findings) <= known, kind.name


def test_the_truth_names_each_record_once(world: World, tmp_path: Path) -> None:
    world.export(START, tmp_path, DefectPlan(seed=1, each=2))
    truth = _truth(tmp_path)
    assert len({(line["record_type"], line["record_key"]) for line in truth}) == len(truth)
    assert {line["record_type"] for line in truth} == set(RULESETS_OF)
    assert all(line["findings"] and line["repaired_on"] == "2026-10-28" for line in truth)
    first = {name for name, kind in KINDS.items() if kind.occasion == "first report"}
    assert len(first & {line["kind"] for line in truth}) > len(first) - 4


def test_kinds_and_numbers_can_be_chosen(world: World, tmp_path: Path) -> None:
    plan = DefectPlan(seed=1, counts={"sex_missing": 3, "share_zero": 1}, repaired_on=dt.date(2026, 10, 31))
    world.export(START, tmp_path, plan)
    assert sorted(line["kind"] for line in _truth(tmp_path)) == ["sex_missing"] * 3 + ["share_zero"]
    assert _truth(tmp_path)[0]["repaired_on"] == "2026-10-31"


def test_a_share_spreads_over_the_kinds(world: World, tmp_path: Path) -> None:
    world.export(START, tmp_path, DefectPlan(seed=1, share=0.1))
    assert 60 < len(_truth(tmp_path)) < 130


def test_the_delivery_differs_only_where_defects_are(world: World, delivery: Path, tmp_path: Path) -> None:
    world.export(START, tmp_path, DefectPlan(seed=1, counts={"card_tail_wrong": 1}))
    name = Path("card_system") / "CARD_ACCT.csv"
    before = (delivery / name).read_text(encoding="gbk").splitlines()
    after = (tmp_path / name).read_text(encoding="gbk").splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1
    assert "AB12" in changed[0][1]
    assert changed[0][1].startswith(_truth(tmp_path)[0]["record_key"])


def test_no_truth_without_a_plan(delivery: Path) -> None:
    assert not (delivery / "truth" / "defects.jsonl").exists()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        DefectPlan(seed=1, counts={"gremlins": 1})
    assert "gremlins" in refused.value.message.en

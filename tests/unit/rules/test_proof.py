"""The proof of all rulesets together, and what rules leave unseen of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.rules.cases import Execute
from app.rules.coverage import cover
from app.rules.loading import load_ruleset
from app.rules.proof import prove
from app.standard import catalogue

COMMON = "title: {zh: 规则, en: rule}, severity: warn, confidence: high, stage: format"
RULES = f"  - {{id: R1, {COMMON}, require: filled(B.AcctType)}}\n"
BASE = "good: {B: {AcctType: D1}}"
NAME = "name: {zh: 用例, en: case}, base: good"
PASS, FAIL = f"{{{NAME}, expect: []}}", f"{{{NAME}, set: {{B.AcctType: ''}}, expect: [R1]}}"

WriteRuleset = Callable[..., Path]


def cases(*several: str) -> dict[str, str]:
    return {"_base.yaml": BASE, "R1.yaml": f"rule: R1\ncases: [{', '.join(several)}]"}


def test_a_proof_counts_what_was_shown(write_ruleset: WriteRuleset, execute: Execute) -> None:
    proof = prove([write_ruleset(RULES, cases(PASS, FAIL))], execute)

    assert proof.as_data() == {
        "rulesets": 1,
        "rules": 1,
        "tables": 0,
        "rows": 0,
        "rows_without_case": 0,
        "cases": 2,
        "failed": 0,
        "rules_without_pass_case": 0,
        "rules_without_fail_case": 0,
        "agreement": {"checked": 3, "disagreements": 0},
        "faults": [],
    }


def test_a_proof_counts_what_is_wanting(write_ruleset: WriteRuleset, execute: Execute) -> None:
    wrong = FAIL.replace("expect: [R1]", "expect: []")
    data = prove([write_ruleset(RULES, cases(wrong))], execute).as_data()

    assert (data["failed"], data["rules_without_pass_case"], data["rules_without_fail_case"]) == (1, 0, 1)
    assert [fault["line"] for fault in data["faults"]] == [2, 8]
    assert data["faults"][1]["message"]["zh"] == "没有违反的用例"


def test_a_proof_counts_disagreements(write_ruleset: WriteRuleset) -> None:
    folder = write_ruleset(RULES, cases(PASS, FAIL))

    data = prove([folder], lambda statement, parameters: []).as_data()

    assert data["agreement"] == {"checked": 3, "disagreements": 1}
    assert len(data["faults"]) == 1


def test_rulesets_that_cannot_be_used_are_told(write_ruleset: WriteRuleset, execute: Execute, tmp_path: Path) -> None:
    data = prove([write_ruleset(RULES + RULES, cases(PASS)), tmp_path / "missing"], execute).as_data()

    assert data["rulesets"] == 0
    assert [fault["file"] for fault in data["faults"]] == ["example/ruleset.yaml", "missing/ruleset.yaml"]


def test_of_two_rulesets_about_the_same_records_the_second_is_told(
    write_ruleset: WriteRuleset, execute: Execute, tmp_path: Path
) -> None:
    first = write_ruleset(RULES, cases(PASS, FAIL))
    second = first.rename(tmp_path / "first")
    (second / "ruleset.yaml").write_text(
        (second / "ruleset.yaml").read_text("utf-8").replace("submission.example", "submission.first"), "utf-8"
    )
    first = write_ruleset(RULES, cases(PASS, FAIL))

    faults = prove([first, second], execute).faults

    assert [str(fault) for fault in faults] == [
        "first/ruleset.yaml:1 record.210 is judged by submission.example already"
    ]


def test_items_that_no_rule_of_any_ruleset_reads_are_named(write_ruleset: WriteRuleset) -> None:
    rule = f"  - {{id: R1, {COMMON}, each: {{of: item, except: [CloseDate]}}, require: has(item)}}\n"
    ruleset = load_ruleset(write_ruleset(rule))

    found = cover([ruleset])

    of_210 = [place for place in found.unseen if place.of == "210"]
    assert [(place.item, place.title.zh) for place in of_210] == [
        ("H.CloseDate", "账户关闭日期"),
        ("J.CloseDate", "账户关闭日期"),
    ]
    assert {place.of for place in found.unseen} == set(catalogue.current().records)
    assert any(place.item == "MdfcSgmt.H.AcctStatus" for place in found.unseen)
    assert {place.subject for place in found.unseen if place.of == "510"} == {"person", "organisation"}
    assert found.items > len(found.unseen)
    assert found.as_data()["only_shared"] == []

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.rules.cases import Execute, load_bases, load_cases, run_cases
from app.rules.loading import load_ruleset
from app.rules.model import RulesetInvalid

COMMON = "code: X, title: {zh: 规则, en: rule}, severity: warn, confidence: high, stage: format"
RULES = (
    f"  - {{id: R1, {COMMON}, require: filled(B.AcctType)}}\n"
    f"  - {{id: R2, {COMMON}, require: all(p.ArlpAmt > 0 for p in D.RltRepymtInf)}}\n"
)
BASE = """\
good:
  B: {AcctType: D1}
  D: {RltRepymtNm: '1', RltRepymtInf: [{ArlpAmt: '5'}, {ArlpAmt: '6'}]}
  batch: {same_key: 1}
"""
NAME = "name: {zh: 用例, en: case}, base: good"
FIRST = f"rule: R1\ncases:\n  - {{{NAME}, expect: []}}\n  - {{{NAME}, set: {{B.AcctType: null}}, expect: [R1]}}\n"
SECOND = (
    f"rule: R2\ncases:\n  - {{{NAME}, expect: []}}\n"
    f"  - {{{NAME}, set: {{D.RltRepymtInf.1.ArlpAmt: '0'}}, expect: [R2], exactly: true}}\n"
)

WriteRuleset = Callable[..., Path]


def test_cases_are_run_by_both_evaluators(write_ruleset: WriteRuleset, execute: Execute) -> None:
    ruleset = load_ruleset(write_ruleset(RULES, {"_base.yaml": BASE, "R1.yaml": FIRST, "R2.yaml": SECOND}))

    report = run_cases(ruleset, execute)

    assert report.passed
    assert (report.cases, report.rules) == (4, 2)
    assert load_cases(ruleset)[3].fact["D"]["RltRepymtInf"] == [{"ArlpAmt": "5"}, {"ArlpAmt": "0"}]
    assert load_bases(ruleset)["good"]["B"] == {"AcctType": "D1"}


def test_wrong_verdicts_and_missing_cases_are_told(write_ruleset: WriteRuleset, execute: Execute) -> None:
    wrong = f"rule: R1\ncases:\n  - {{{NAME}, set: {{B.AcctType: ' '}}, expect: []}}\n"
    ruleset = load_ruleset(write_ruleset(RULES, {"_base.yaml": BASE, "R1.yaml": wrong}))

    told = [(fault.file, fault.line, fault.rule, fault.message.en) for fault in run_cases(ruleset, execute).faults]

    assert told == [
        ("example/cases/R1.yaml", 3, "R1", "case “case” should give -, gives R1"),
        ("example/ruleset.yaml", 8, "R1", "the rule has no failing case"),
        ("example/ruleset.yaml", 9, "R2", "the rule has no passing case"),
        ("example/ruleset.yaml", 9, "R2", "the rule has no failing case"),
    ]


def test_evaluators_that_differ_are_told(write_ruleset: WriteRuleset) -> None:
    ruleset = load_ruleset(write_ruleset(RULES, {"_base.yaml": BASE, "R1.yaml": FIRST, "R2.yaml": SECOND}))

    told = [fault.message.en for fault in run_cases(ruleset, lambda statement, parameters: [(0, "R2")]).faults]

    assert "the evaluators differ on “good”: only explain -, only sweep R2" in told
    assert "the evaluators differ on “case”: only explain R1, only sweep -" in told


def test_a_base_must_be_clean(write_ruleset: WriteRuleset) -> None:
    base = BASE + "bad:\n  B: {}\n"
    ruleset = load_ruleset(write_ruleset(RULES, {"_base.yaml": base, "R1.yaml": FIRST, "R2.yaml": SECOND}))

    assert [fault.message.en for fault in run_cases(ruleset).faults] == ["the base fact “bad” itself violates R1"]


@pytest.mark.parametrize(
    ("cases", "base"),
    [
        ("- x", BASE),
        ("rule: R9\ncases: []", BASE),
        (f"rule: R1\ncases: [{{{NAME}, expect: [], more: 1}}]", BASE),
        ("rule: R1\ncases: [{name: {zh: 一, en: one}, base: none, expect: []}]", BASE),
        (f"rule: R1\ncases: [{{{NAME}, expect: R1}}]", BASE),
        (f"rule: R1\ncases: [{{{NAME}, expect: [R7]}}]", BASE),
        (f"rule: R1\ncases: [{{{NAME}, expect: [], set: 5}}]", BASE),
        (f"rule: R1\ncases: [{{{NAME}, expect: [], set: {{B.Nothing: '1'}}}}]", BASE),
        (f"rule: R1\ncases: [{{{NAME}, expect: [], set: {{B.AcctType: 5}}}}]", BASE),
        (f"rule: R1\ncases: [{{{NAME}, expect: [], set: {{batch.same_key: '5'}}}}]", BASE),
        (f"rule: R1\ncases: [{{{NAME}, expect: [], set: {{form.parsed: 'yes'}}}}]", BASE),
        (f"rule: R1\ncases: [{{{NAME}, expect: [], set: {{D.RltRepymtInf.7.ArlpAmt: '5'}}}}]", BASE),
        (f"rule: R1\ncases: [{{{NAME}, expect: [], set: {{D.RltRepymtInf: {{ArlpAmt: '5'}}}}}}]", BASE),
        ("rule: R1\ncases: [{name: one, base: good, expect: []}]", BASE),
        (FIRST, "- x"),
        (FIRST, "good: {B: x}"),
        (FIRST, "good: {B: {AcctTyp: D1}}"),
        (FIRST, "good: {D: {RltRepymtInf: [x]}}"),
    ],
)
def test_faulty_case_files_are_refused(cases: str, base: str, write_ruleset: WriteRuleset) -> None:
    ruleset = load_ruleset(write_ruleset(RULES, {"_base.yaml": base, "R1.yaml": cases}))

    with pytest.raises(RulesetInvalid) as raised:
        load_cases(ruleset)

    assert raised.value.faults[0].line >= 1

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.rules.explain import RuleFinding, judge, judge_of
from app.rules.loading import load_ruleset
from app.rules.registry.shipped import shipped_ruleset

COMMON = "code: X, title: {zh: 规则, en: rule}, severity: warn, confidence: high, stage: format"
RULES = (
    f"  - {{id: R1, {COMMON}, require: filled(B.AcctType), blame: B.AcctType}}\n"
    f"  - {{id: R2, {COMMON}, needs: [R1], when: has(H), require: H.AcctBal >= 0, blame: H.AcctBal}}\n"
    f"  - {{id: R3, {COMMON}, needs: [R2], checks: [{{require: has(C)}}, {{require: has(D), blame: D}}]}}\n"
)


def test_findings_carry_what_is_blamed(write_ruleset: Callable[..., Path]) -> None:
    ruleset = load_ruleset(write_ruleset(RULES))

    findings = judge(ruleset, {"B": {"AcctType": "D1"}, "H": {"AcctBal": "5"}})

    assert findings == (
        RuleFinding("R3", "X", "0000", "warn", 0, "", ruleset.rule("R3").title),
        RuleFinding("R3", "X", "RltRepymtInfSgmt", "warn", 1, "D", ruleset.rule("R3").title),
    )


def test_a_rule_is_judged_only_where_those_it_needs_held(write_ruleset: Callable[..., Path]) -> None:
    ruleset = load_ruleset(write_ruleset(RULES))

    assert [finding.rule for finding in judge(ruleset, {"B": {}, "H": {"AcctBal": "-1"}})] == ["R1"]
    assert [finding.rule for finding in judge(ruleset, {"B": {"AcctType": "D1"}, "H": {"AcctBal": "-1"}})] == ["R2"]


def test_what_is_unknown_gives_no_finding(write_ruleset: Callable[..., Path]) -> None:
    ruleset = load_ruleset(write_ruleset(RULES))

    rules = [finding.rule for finding in judge(ruleset, {"B": {"AcctType": "D1"}, "H": {"AcctBal": "many"}})]

    assert rules == ["R3", "R3"]


def test_the_explanation_shows_outcomes_and_traces(write_ruleset: Callable[..., Path]) -> None:
    judge_ = judge_of(load_ruleset(write_ruleset(RULES)))

    first, second, third = judge_.explain({"B": {"AcctType": "D1"}, "H": {"AcctBal": "-1"}})

    assert (first.outcome, second.outcome, third.outcome) == ("held", "violated", "not_judged")
    assert third.waiting == ("R2",)
    assert second.checks[0].violated
    assert second.checks[0].when is not None
    assert second.checks[0].when.state == "true"
    assert second.checks[0].require.children[0].value == "-1"


def test_a_requirement_is_skipped_where_its_condition_does_not_hold(write_ruleset: Callable[..., Path]) -> None:
    judge_ = judge_of(load_ruleset(write_ruleset(RULES)))

    (explained,) = judge_.explain({"B": {"AcctType": "D1"}}, "R2")

    assert explained.outcome == "held"
    assert explained.checks[0].require.state == "skipped"


def test_values_go_by_the_name_that_their_rule_has_for_them() -> None:
    """Shared rules call every item `item`; other rules that read the same path must not, or its value is hidden as another's."""
    judge_ = judge_of(shipped_ruleset("submission.personal_loan_account"))

    (explained,) = judge_.explain({"H": {"AcctStatus": "41", "TotOverd": "0"}}, "P210-041")

    check = explained.checks[0]
    assert check.when is not None
    assert [node.text for node in check.when.walk() if node.kind == "path"] == ["H.AcctStatus"]
    assert [node.text for node in check.require.walk() if node.kind == "path"] == ["H.TotOverd"]

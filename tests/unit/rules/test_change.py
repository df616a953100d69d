"""What of a candidate a back-test judges anew: the rules that changed, and those that wait for one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.rules.loading import load_ruleset
from app.rules.registry.backtest import Change


def rule(rule_id: str, body: str) -> str:
    """The YAML of one rule."""
    given = ["code: BLE001", f"title: {{zh: 规则{rule_id}, en: rule {rule_id}}}", "severity: block", "confidence: high"]
    lines = [f"- id: {rule_id}", *(f"  {line}" for line in (*given, "stage: format", *body.splitlines()))]
    return "".join(f"  {line}\n" for line in lines)


FIRST = rule("R1", "require: has(B)")
SECOND = rule("R2", "needs: [R1]\nrequire: has(C)")
THIRD = rule("R3", "needs: [R2]\nrequire: has(D)")
OTHER = rule("R4", "require: has(H)")


@pytest.mark.parametrize(
    ("rules", "changed", "judged"),
    [
        ((FIRST, SECOND, THIRD, OTHER), set(), set()),
        ((FIRST.replace("has(B)", "has(C)"), SECOND, THIRD, OTHER), {"R1", "R2", "R3"}, {"R1", "R2", "R3"}),
        ((FIRST, SECOND, THIRD.replace("has(D)", "has(E)"), OTHER), {"R3"}, {"R1", "R2", "R3"}),
        ((FIRST, SECOND, THIRD, OTHER.replace("severity: block", "severity: warn")), {"R4"}, {"R4"}),
        ((FIRST, SECOND.replace("needs: [R1]", "needs: [R4]"), THIRD, OTHER), {"R2", "R3"}, {"R2", "R3", "R4"}),
        ((OTHER, FIRST, SECOND.replace("规则R2", "另一个名称"), THIRD), set(), set()),
        ((FIRST, SECOND), set(), set()),
    ],
)
def test_changed_rules_and_those_that_wait_for_them(
    write_ruleset: Callable[..., Path], rules: tuple[str, ...], changed: set[str], judged: set[str]
) -> None:
    base = load_ruleset(write_ruleset(FIRST + SECOND + THIRD + OTHER))
    candidate = load_ruleset(write_ruleset("".join(rules)))

    change = Change.between(base, candidate)

    assert set(change.changed) == changed
    assert set(change.same) == {each.id for each in candidate.rules} - changed
    assert {row.rule for row in change.compiled.sweep.rows} == judged if change.compiled else not judged


def test_beside_nothing_all_is_new_and_nothing_leaves_nothing(write_ruleset: Callable[..., Path]) -> None:
    ruleset = load_ruleset(write_ruleset(FIRST + OTHER))
    assert set(Change.between(None, ruleset).changed) == {"R1", "R4"}
    assert Change.between(ruleset, None) == Change((), (), None)

"""A policy is refused with all its faults at once, each at its place; what can be put in order is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.rules.inference.policy_loading import load_policy
from app.rules.loading import find_inferring, find_rulesets, kind_of
from app.rules.model import RulesetInvalid

Write = Callable[..., Path]
PAIR = "for: {loan: loan, other: loan}\nwhen: other.customer == loan.customer and "


def rule(rule_id: str, body: str) -> str:
    lines = [f"- id: {rule_id}", "  title: {zh: 规则, en: rule}", *(f"  {each}" for each in body.splitlines())]
    return "\n".join("  " + line for line in lines) + "\n"


def faults(folder: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(RulesetInvalid) as refused:
        load_policy(folder)
    return [(fault.rule, fault.line, fault.message.en) for fault in refused.value.faults]


def test_rules_are_put_in_the_order_in_which_they_read(write_policy: Write) -> None:
    policy = load_policy(
        write_policy(
            rule("LAST", "for: loan\nwhen: loan.own >= '2'\nthen: {outcome: loan.own}")
            + rule(
                "MIDDLE",
                "for: customer\nwhen: any(l.own == '3' for l in customer.loans)\nthen: {set: watched, value: 'True'}",
            )
            + rule("FIRST", "for: loan\nwhen: loan.days > 90\nthen: {set: own, value: '3'}")
        )
    )

    assert [[each.id for each in stratum.rules] for stratum in policy.strata] == [["FIRST"], ["LAST", "MIDDLE"]]
    assert not any(stratum.lifting for stratum in policy.strata)


def test_a_name_may_lift_itself_up_its_scale(write_policy: Write) -> None:
    policy = load_policy(write_policy(rule("R", f"{PAIR}other.outcome >= '2'\nthen: {{outcome: other.outcome}}")))

    assert policy.strata[0].lifting == {("loan", "outcome")}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"{PAIR}other.outcome == '2'\nthen: {{outcome: '3'}}", "in a circle: loan.outcome"),
        ("for: loan\nwhen: empty(loan.outcome)\nthen: {outcome: '3'}", "in a circle"),
        (f"{PAIR}filled(other.big)\nthen: {{set: big, value: other.big + 1}}", "in a circle: loan.big"),
        (f"{PAIR}other.outcome >= '2'\npriority: 1\nthen: {{outcome: '3'}}", "have no priority"),
        (
            f"{PAIR}other.days < loan.days and other.outcome >= '2'\nthen: {{outcome: '3'}}",
            "can only be that they are equal",
        ),
    ],
)
def test_circles_that_may_not_end_are_refused(write_policy: Write, body: str, words: str) -> None:
    ((rule_id, line, message),) = faults(write_policy(rule("R", body)))

    assert (rule_id, line >= 28) == ("R", True)
    assert words in message


def test_a_circle_over_lists_is_refused_at_every_rule_in_it(write_policy: Write) -> None:
    rules = rule(
        "A", "for: customer\nwhen: any(l.own == '3' for l in customer.loans)\nthen: {set: watched, value: 'True'}"
    ) + rule(
        "B",
        "for: {loan: loan, customer: customer}\nwhen: customer.id == loan.customer and customer.watched == True\n"
        "then: {set: own, value: '3'}",
    )

    assert [fault[0] for fault in faults(write_policy(rules))] == ["A", "B"]


def test_all_faults_are_told_at_once_with_their_places(write_policy: Write) -> None:
    rules = (
        rule("A", "for: loan\nwhen: loan.dayz > 1\nthen: {outcome: '3'}")
        + rule("B", "for: loam\nthen: {outcome: '3'}")
        + rule("C", "for: {loan: loan, other: loan}\nwhen: other.days > loan.days\nthen: {outcome: '3'}")
        + rule("D", "for: loan\nthen: {outcome: '4'}")
        + rule("E", "for: loan\nthen: {set: due, value: loan.due}")
        + rule("F", "for: loan\nthen: {set: big, value: loan.account}\nwenn: loan.days > 1")
        + rule("A", "for: loan\nthen: {outcome: '3'}")
    )

    found = faults(write_policy(rules))

    said = {rule_id: [message for other, _, message in found if other == rule_id] for rule_id, _, _ in found}
    assert "did you mean “loan.days”" in said["A"][0]
    assert said["A"][1] == "this rule id stands twice"
    assert "no kind of fact “loam”" in said["B"][0]
    assert "“other” is tied to no other by ==" in said["C"][0]
    assert said["D"] == ["a number is needed here"] or "scale" in said["D"][0] or "text" in said["D"][0]
    assert "no derived name “due”" in said["E"][0]
    assert any("did you mean “when”" in message for message in said["F"])
    assert any("a number is needed" in message for message in said["F"])
    assert [line for _, line, _ in found] == sorted(line for _, line, _ in found)


def test_declarations_are_checked_as_well(write_policy: Write) -> None:
    head = (
        "ruleset: risk.example\nkind: policy\ntitle: {zh: 例, en: e}\neffective: {from: '2026-01-01'}\n"
        "scales: {g: {title: {zh: 级, en: g}, values: {b: {zh: 坏, en: bad}, a: {zh: 好, en: good}}}}\n"
        "facts:\n  loan:\n    title: {zh: 贷, en: loan}\n    key: number\n    fields: {account: {type: txt, title: {zh: 账, en: a}}}\n"
        "    lists: {others: {of: lone, by: account, title: {zh: 列, en: l}}}\n"
        "outcome: {of: loam, scale: g, title: {zh: 果, en: o}}\nrules:\n"
    )

    said = " ".join(
        message for _, _, message in faults(write_policy(rule("A", "for: loan\nthen: {outcome: a}"), head=head))
    )

    for words in ("must rise in the order of text", "key must name a text field", "needs a type", "“lone”", "“loam”"):
        assert words in said


def test_policies_are_found_by_their_kind(write_policy: Write) -> None:
    folder = write_policy(rule("R", "for: loan\nthen: {outcome: '2'}"))

    assert kind_of(folder) == "policy"
    assert find_inferring(folder.parent) == [folder]
    assert find_rulesets(folder.parent) == []

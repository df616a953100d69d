"""What an inference comes to: the worst counts, priorities put aside, reasons go back to what was given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import CreditLinkError, Invalid
from app.rules.inference.facts import FactsInvalid, read_facts
from app.rules.inference.inferring import infer, infer_all
from app.rules.inference.policy import Policy
from app.rules.inference.policy_loading import load_policy
from app.rules.inference.reference import infer_plainly

Write = Callable[..., Path]
TITLE = "title: {zh: 规则, en: rule}"


def policy_of(write: Write, *rules: str) -> Policy:
    return load_policy(write("".join(f"  - {{{TITLE}, {each}}}\n" for each in rules)))


def loans(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"loan": [{"account": "ABCDEFG"[number], **row} for number, row in enumerate(rows)]}


def outcomes(policy: Policy, data: dict[str, Any]) -> dict[str, object]:
    found = infer(policy, read_facts(policy.shapes, data))
    assert found == infer_plainly(policy, read_facts(policy.shapes, data))
    return {each.key: each.value for each in found.outcomes}


def test_the_worst_outcome_counts_and_the_default_where_there_is_none(write_policy: Write) -> None:
    policy = policy_of(
        write_policy,
        "id: A, for: loan, when: loan.days > 1, then: {outcome: '2'}",
        "id: B, for: loan, when: loan.days > 2, then: {outcome: '3'}",
    )

    assert outcomes(policy, loans({"days": 3}, {"days": 2}, {"days": 1}, {})) == {
        "A": "3",
        "B": "2",
        "C": "1",
        "D": "1",
    }


def test_a_higher_priority_puts_worse_values_aside_and_says_so(write_policy: Write) -> None:
    policy = policy_of(
        write_policy,
        "id: A, for: loan, when: loan.days > 1, then: {outcome: '3'}",
        "id: B, for: loan, when: loan.days > 2, then: {outcome: '2'}, priority: 5",
    )

    (outcome,) = infer(policy, read_facts(policy.shapes, loans({"days": 3}))).outcomes

    assert (outcome.value, outcome.rules) == ("2", ("B",))
    aside = [
        each for each in infer(policy, read_facts(policy.shapes, loans({"days": 3}))).derivations if not each.stands
    ]
    assert [(each.rule, each.value) for each in aside] == [("A", "3")]


def test_a_grade_lifts_another_through_a_chain_and_the_reasons_lead_back(write_policy: Write) -> None:
    policy = policy_of(
        write_policy,
        "id: OWN, for: loan, when: loan.days > 90, then: {outcome: '3'}",
        "id: LIFT, for: {loan: loan, old: loan}, when: old.account == loan.customer and old.outcome >= '2',"
        " then: {outcome: old.outcome}",
    )
    data = loans({"days": 91, "customer": "C"}, {"customer": "A"}, {"customer": "B"})

    last = infer(policy, read_facts(policy.shapes, data)).outcomes[2]

    assert outcomes(policy, data) == {"A": "3", "B": "3", "C": "3"}
    assert [(each.rule, each.key) for each in last.reasons] == [("OWN", "A"), ("LIFT", "B"), ("LIFT", "C")]
    assert [(read.path, read.value) for read in last.reasons[0].reads] == [("loan.days", 91)]
    assert last.reasons[2].reads[-1].source == ("loan", "B", "outcome", "3")


def test_sums_over_referring_facts_read_what_was_derived(write_policy: Write) -> None:
    policy = policy_of(
        write_policy,
        "id: OWN, for: loan, when: loan.days > 90, then: {set: own, value: '3'}",
        "id: SUM, for: customer, when: sum(l.days for l in customer.loans if l.own == '3') > 100,"
        " then: {set: watched, value: 'True'}",
        "id: ALL, for: {loan: loan, customer: customer}, when: customer.id == loan.customer and customer.watched == True,"
        " then: {outcome: '2'}",
    )
    data = loans({"days": 95, "customer": "K"}, {"days": 5, "customer": "K"}) | {"customer": [{"id": "K"}]}

    assert set(outcomes(policy, data).values()) == {"1"}
    data["loan"][0]["days"] = 101
    assert set(outcomes(policy, data).values()) == {"2"}


def test_rules_that_contradict_each_other_are_told_and_spoil_no_other_facts(write_policy: Write) -> None:
    policy = policy_of(
        write_policy,
        "id: A, for: loan, when: loan.days > 1, then: {set: big, value: '1'}",
        "id: B, for: loan, when: loan.days > 2, then: {set: big, value: '2'}",
        "id: C, for: loan, when: loan.big == 1, then: {outcome: '2'}",
    )

    bad, good = infer_all(policy, [read_facts(policy.shapes, loans({"days": days})) for days in (3, 2)])

    assert isinstance(bad, CreditLinkError)
    assert (bad.code, "A, B" in bad.message.en) == ("rules.contradiction", True)
    assert not isinstance(good, CreditLinkError)
    assert good.outcomes[0].value == "2"


def test_a_value_off_the_scale_is_refused(write_policy: Write) -> None:
    policy = policy_of(write_policy, "id: A, for: loan, then: {outcome: loan.customer}")

    with pytest.raises(Invalid, match="not on the scale"):
        infer(policy, read_facts(policy.shapes, loans({"customer": "9"})))


def test_facts_are_refused_with_every_place(write_policy: Write) -> None:
    policy = policy_of(write_policy, "id: A, for: loan, then: {outcome: '2'}")
    data = {
        "loan": [{"account": "A", "days": 1.5, "due": "2026-02-30"}, {"account": "A"}, {"days": True}, 7],
        "lone": [],
        "customer": {},
    }

    with pytest.raises(FactsInvalid) as refused:
        read_facts(policy.shapes, data)

    assert [each.place for each in refused.value.problems] == [
        "loan[1].days",
        "loan[1].due",
        "loan[2].account",
        "loan[3].days",
        "loan[3].account",
        "loan[4]",
        "lone",
        "customer",
    ]

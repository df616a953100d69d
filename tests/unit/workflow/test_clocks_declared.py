"""`clocks:` of a description: what is read, and every fault at once with its place."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from app.core.errors import Invalid
from app.core.text import Text
from app.workflow.clocks import Declared, Limit, declared, faults

GOOD = """
clocks:
  answer:
    title: {zh: 异议答复, en: Answer to the objection}
    kind: statutory
    from: start
    until: [SendAnswer, Withdraw]
    within: 20 days
    warn: [3 working days, 1个工作日]
    escalate: compliance
    basis: 征信业管理条例第二十五条
  review:
    title: {zh: 复核, en: Review}
    kind: house
    from: Review
    within: PT4H
"""


def read(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_a_declaration_is_read() -> None:
    answer, review = declared(read(GOOD))

    assert answer == Declared(
        name="answer",
        title=Text("异议答复", "Answer to the objection"),
        kind="statutory",
        begins="start",
        until=frozenset({"SendAnswer", "Withdraw"}),
        within=Limit(20, "day"),
        warn=(Limit(3, "working_day"), Limit(1, "working_day")),
        escalate="compliance",
        basis="征信业管理条例第二十五条",
    )
    assert (review.begins, review.until, review.warn) == ("Review", frozenset(), ())
    assert declared({}) == declared({"clocks": None}) == ()


def test_all_faults_are_told_at_once_with_their_places() -> None:
    wrong = """
clocks:
  answer:
    title: {zh: 答复}
    kind: legal
    until: SendAnswer
    within: soon
    warn: [1 working day, later, 3]
    escalate: 7
    untill: [X]
  second: 20 days
"""
    found = faults(read(wrong))

    assert [each.place for each in found] == [
        "clocks.answer.untill",
        "clocks.answer.title",
        "clocks.answer.kind",
        "clocks.answer.from",
        "clocks.answer.until",
        "clocks.answer.within",
        "clocks.answer.warn[1]",
        "clocks.answer.warn[2]",
        "clocks.answer.escalate",
        "clocks.second",
    ]
    with pytest.raises(Invalid) as refused:
        declared(read(wrong))
    assert refused.value.code == "workflow.clocks"
    for each in found:
        assert each.place in refused.value.message.zh
        assert each.message.en in refused.value.message.en


def test_elements_and_roles_are_looked_up_where_they_are_known() -> None:
    found = faults(read(GOOD), nodes={"Review", "SendAnswer"}, roles={"reviewer"})

    assert [each.place for each in found] == ["clocks.answer.until", "clocks.answer.escalate"]
    assert "Withdraw" in found[0].message.en
    assert faults(read(GOOD), nodes={"Review", "SendAnswer", "Withdraw"}, roles={"compliance"}) == ()


@pytest.mark.parametrize("clocks", [["a"], "20 days", 7, {1: {}}, {"": {}}, {"a" * 81: {}}, {"x": None}])
def test_what_is_no_declaration_is_a_fault_and_no_crash(clocks: Any) -> None:
    with pytest.raises(Invalid):
        declared({"clocks": clocks})

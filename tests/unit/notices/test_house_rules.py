"""The rules of the house: what comes with the product holds, and what is wrong with a file is said all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import Invalid
from app.notices.house_rules import FOLDER, house_rules, notice_faults, read_rules, rule_problems

WRONG = """
title: {zh: 通知规则}
window_minutes: {high: 1, normal: soon}
quiet_hours: {from: 22:00, until: '25:00'}
digest_at: '08:30'
extra: 1
kinds:
  a.b:
    one: {zh: 一条, en: one}
    many: {zh: '{count} 条', en: 'many {name}'}
    rules:
      - {severity: urgent, to: [x], channels: []}
      - {severity: low, to: [x], channels: [sms]}
      - {severity: low, to: [x], channels: []}
      - {severity: normal, to: [], channels: [fax], must: maybe, escalate: {after_minutes: 0, to: [y]}}
"""
PLACES = (
    "title",
    "window_minutes.normal",
    "quiet_hours.from",
    "quiet_hours.until",
    "extra",
    "kinds.a.b.many",
    "kinds.a.b.rules[1].severity",
    "kinds.a.b.rules[2].channels",
    "kinds.a.b.rules[3].severity",
    "kinds.a.b.rules[4].to",
    "kinds.a.b.rules[4].channels",
    "kinds.a.b.rules[4].must",
    "kinds.a.b.rules[4].escalate.after_minutes",
    "kinds.a.b.rules[4].escalate",
)


def test_all_faults_are_said_at_once_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "notices.yaml"
    path.write_text(WRONG, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        read_rules(path)
    said = refused.value.message.en.split("; ")
    assert sorted(each.partition(": ")[0] for each in said) == sorted(PLACES)
    assert len(refused.value.message.zh.split("；")) == len(PLACES)


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "", "kinds: 3"])
def test_what_is_no_set_of_rules_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notices.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid):
        read_rules(path)


def test_the_rules_of_the_product_prove_their_cases() -> None:
    assert list(notice_faults()) == []
    text = (FOLDER / "cases" / "notices.yaml").read_text(encoding="utf-8")
    assert text.count("- name:") >= 6


def test_what_the_rules_name_must_be_known() -> None:
    rules = house_rules()
    kinds = [*(each for each in rules.kinds if each != "workflow.mention"), "x.new"]
    roles = ["operator", "compliance", "analyst", "admin_system"]
    said = [each.en for each in rule_problems(rules, kinds, roles)]
    assert "rules of notices: there is no kind workflow.mention" in said
    assert "rules of notices: x.new is missing" in said
    assert "rules of notices, submission.warning.high: there is no role manager" in said
    assert not [each for each in said if "named" in each]

"""A watch is refused with all its faults at once, each at its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from app.rules.inference.watch import load_watch
from app.rules.loading import find_inferring
from app.rules.model import RulesetInvalid

HEAD = """\
ruleset: security.example
kind: watch
title: {zh: 示例, en: An example}
effective: {from: '2026-01-01'}
events:
  look:
    title: {zh: 查询, en: look}
    key: id
    fields:
      id: {type: text, title: {zh: 号, en: id}}
      user: {type: text, title: {zh: 人, en: user}}
      size: {type: number, title: {zh: 数, en: size}}
rules:
"""
RULE = "  - {{id: {}, title: {{zh: 规则, en: rule}}, on: look, by: user, count: 3, within: 2 hours, then: {{outcome: alert}}{}}}\n"
Write = Callable[..., Path]


def test_a_watch_is_read(write_policy: Write) -> None:
    folder = write_policy(RULE.format("A", ", when: look.size > 3, quiet: 1 day"), head=HEAD)

    (rule,) = load_watch(folder).rules

    assert (rule.count, rule.within, rule.quiet) == (3, timedelta(hours=2), timedelta(days=1))
    assert find_inferring(folder.parent) == [folder]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("on: look", "on: lok", "no kind of event “lok”"),
        ("by: user", "by: size", "by must name a text field"),
        ("by: user", "by: user, distinct: userr", "distinct must name a text field"),
        ("count: 3", "count: 0", "count must be from 1"),
        ("2 hours", "2 weeks", "must be like “10 minutes”"),
        ("2 hours", "90 days", "at most 31 days"),
        ("{outcome: alert}", "{set: x}", "then must be {outcome: text}"),
        ("by: user", "by: user, when: look.sise > 3", "did you mean “look.size”"),
        ("by: user", "by: user, whithin: 1 day", "did you mean “within”"),
    ],
)
def test_what_is_wrong_is_told_with_rule_and_line(write_policy: Write, old: str, new: str, words: str) -> None:
    with pytest.raises(RulesetInvalid) as refused:
        load_watch(write_policy(RULE.format("A", "") + RULE.format("B", "").replace(old, new), head=HEAD))

    (fault,) = refused.value.faults
    assert words in fault.message.en
    assert fault.line == 15


def test_events_have_fields_alone(write_policy: Write) -> None:
    head = HEAD.replace("      size: {type: number", "      at: {type: number")

    with pytest.raises(RulesetInvalid, match="“at” is its time"):
        load_watch(write_policy(RULE.format("A", ""), head=head))

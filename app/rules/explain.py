"""Judges one fact and can show why: the interpreter over a ruleset, with the value of every node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from app.core.text import Text
from app.language import Trace, compile_node, evaluate
from app.language.facts import Fact
from app.language.interpreter import skipped
from app.rules.model import Check, Rule, Ruleset

Outcome = Literal["held", "violated", "not_judged"]


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """A rule that a fact violates: which check of it (`check` counts from 0), and the item it blames."""

    rule: str
    code: str
    tag: str
    severity: str
    check: int
    blame: str
    message: Text


@dataclass(frozen=True, slots=True)
class CheckExplained:
    """How one check came out. `require` is skipped where `when` was not true."""

    check: Check
    violated: bool
    when: Trace | None
    require: Trace


@dataclass(frozen=True, slots=True)
class RuleExplained:
    """How one rule came out; `waiting` names the needed rules that did not hold, for a rule that was not judged."""

    rule: Rule
    outcome: Outcome
    waiting: tuple[str, ...]
    checks: tuple[CheckExplained, ...]


class Judge:
    """Judges facts one after the other by one ruleset; compile once, ask often."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        self._conditions = ruleset.conditions()
        self._tests = {rule.id: [(check, _violates(check)) for check in rule.checks] for rule in ruleset.rules}

    def judge(self, fact: Fact) -> tuple[RuleFinding, ...]:
        """All findings about a fact, in the order of the rules. Never raises for what stands in the fact."""
        raw = {
            rule_id: [check for check, violates in tests if violates(fact)] for rule_id, tests in self._tests.items()
        }
        failed = {rule_id for rule_id, checks in raw.items() if checks}
        return tuple(
            make_finding(rule, check)
            for rule in self.ruleset.rules
            if raw[rule.id] and not self._conditions[rule.id] & failed
            for check in raw[rule.id]
        )

    def explain(self, fact: Fact, rule_id: str | None = None) -> tuple[RuleExplained, ...]:
        """How each rule (or the one named) came out, with the trace of every check."""
        failed = {other for other, tests in self._tests.items() if any(violates(fact) for _, violates in tests)}
        return tuple(self._explained(rule, fact, failed) for rule in self.ruleset.rules if rule_id in (None, rule.id))

    def _explained(self, rule: Rule, fact: Fact, failed: set[str]) -> RuleExplained:
        waiting = tuple(sorted(self._conditions[rule.id] & failed))
        outcome: Outcome = "not_judged" if waiting else "violated" if rule.id in failed else "held"
        return RuleExplained(rule, outcome, waiting, tuple(_explained(check, fact) for check in rule.checks))


def judge(ruleset: Ruleset, fact: Fact) -> tuple[RuleFinding, ...]:
    """All findings of a ruleset about one fact. For many facts keep a `Judge`."""
    return judge_of(ruleset).judge(fact)


def judge_of(ruleset: Ruleset) -> Judge:
    """The judge of a ruleset, compiled once a process per edition."""
    return _judges(_Keyed(ruleset))


def make_finding(rule: Rule, check: Check) -> RuleFinding:
    """The finding that a violated check amounts to."""
    return RuleFinding(rule.id, check.code or rule.code, check.tag, rule.severity, check.index, check.blame, rule.title)


class _Keyed:
    """A ruleset under its edition, for the cache."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        self.key = (ruleset.name, ruleset.edition, id(ruleset.vocabulary))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.key == other.key


@lru_cache(maxsize=32)
def _judges(keyed: _Keyed) -> Judge:
    return Judge(keyed.ruleset)


def _violates(check: Check) -> Callable[[Fact], bool]:
    require = compile_node(check.require.root)
    if check.when is None:
        return lambda fact: require(fact, {}) is False
    when = compile_node(check.when.root)
    return lambda fact: when(fact, {}) is True and require(fact, {}) is False


def _explained(check: Check, fact: Fact) -> CheckExplained:
    when = evaluate(check.when, fact) if check.when else None
    judged = when is None or when.state == "true"
    require = evaluate(check.require, fact) if judged else skipped(check.require.root)
    return CheckExplained(check, judged and require.state == "false", when, require)

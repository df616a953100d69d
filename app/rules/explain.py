"""Judges one fact and can show why: the interpreter over a ruleset, with the value of every node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from app.core.text import Text
from app.language import Trace, compile_node
from app.language.facts import Fact
from app.language.interpreter import Memo, Tracing
from app.language.nodes import Path, walk
from app.language.traces import keep, skipped
from app.language.types import Scalar
from app.rules.model import Check, Rule, Ruleset

_NO_VARIABLES: Mapping[str, object] = {}
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


class CheckExplained(NamedTuple):
    """How one check came out. `require` is skipped where `when` was not true."""

    check: Check
    violated: bool
    when: Trace | None
    require: Trace


class RuleExplained(NamedTuple):
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
        wanted = [rule for rule in self.ruleset.rules if rule_id in (None, rule.id)]
        tracing, traces = self._tracing
        memo = tracing.memo()
        traced = {rule.id: tuple(_explained_checks(traces[rule.id], fact, memo)) for rule in wanted}
        failed = {each for each, checks in traced.items() if any(check.violated for check in checks)}
        asked = {need for each in traced for need in self._conditions[each]} - traced.keys() if rule_id else set()
        failed |= {need for need in asked if any(violates(fact) for _, violates in self._tests[need])}
        return tuple(self._explained(rule, traced[rule.id], failed) for rule in wanted)

    @cached_property
    def _tracing(self) -> tuple[Tracing, Mapping[str, list[_CheckTracer]]]:
        tracing = Tracing()
        tracers = {rule.id: [_tracer(check, tracing) for check in rule.checks] for rule in self.ruleset.rules}
        nothing: Fact = {}
        memo = tracing.memo()
        return tracing, {
            rule.id: [
                _CheckTracer(*_anchor(check, missing := trace(nothing, memo)), missing, trace)
                for check, trace in zip(rule.checks, tracers[rule.id], strict=True)
            ]
            for rule in self.ruleset.rules
        }

    def _explained(self, rule: Rule, checks: tuple[CheckExplained, ...], failed: set[str]) -> RuleExplained:
        waiting = tuple(sorted(self._conditions[rule.id] & failed)) if failed else ()
        outcome: Outcome = "not_judged" if waiting else "violated" if rule.id in failed else "held"
        return RuleExplained(rule, outcome, waiting, checks)


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


class _CheckTracer(NamedTuple):
    """How to trace a check, and how it comes out wherever the segment, or its item, that it rests on is missing."""

    segment: str | None
    item: str | None
    missing: CheckExplained
    trace: Callable[[Fact, Memo], CheckExplained]


def _explained_checks(tracers: list[_CheckTracer], fact: Fact, memo: Memo) -> Iterator[CheckExplained]:
    """How each check comes out. Most ask about something that the fact has not, and come out as they do for an empty fact."""
    for segment, item, missing, trace in tracers:
        if segment is not None:
            held = fact.get(segment)
            if held is None or (item is not None and type(held) is dict and held.get(item) is None):
                yield missing
                continue
        yield trace(fact, memo)


def _anchor(check: Check, of_nothing: CheckExplained) -> tuple[str | None, str | None]:
    """The one segment, and the one item of it, that a check rests on: without it, it comes out as for an empty fact."""
    asked = [check.when.root] if check.when is not None else []
    if of_nothing.when is None or of_nothing.when.state == "true":
        asked.append(check.require.root)
    paths = [node for root in asked for node in walk(root) if isinstance(node, Path) and not node.variable]
    if len({path.parts[0] for path in paths}) != 1:
        return None, None
    # a list without its segment is unknown, and within it empty: there the segment itself must be missing
    single = len({path.parts for path in paths}) == 1 and isinstance(paths[0].type, Scalar) and len(paths[0].parts) == 2
    return paths[0].parts[0], paths[0].parts[1] if single else None


def _tracer(check: Check, tracing: Tracing) -> Callable[[Fact, Memo], CheckExplained]:
    require, passed_over = tracing.compile(check.require.root), skipped(check.require.root)
    when = tracing.compile(check.when.root) if check.when is not None else None

    kept: dict[tuple[int, int], CheckExplained] = {}

    def trace(fact: Fact, memo: Memo) -> CheckExplained:
        asked = when(fact, _NO_VARIABLES, memo) if when is not None else None
        skipping = asked is not None and asked.state != "true"
        judged = passed_over if skipping else require(fact, _NO_VARIABLES, memo)
        key = (id(asked), id(judged))
        found = kept.get(key)
        if found is not None:
            return found
        made = CheckExplained(check, judged.state == "false", asked, judged)
        return keep(kept, key, made) if judged.lasting and (asked is None or asked.lasting) else made

    return trace

"""How a draft's rules come out: on their own cases, and on a record that somebody gives, with the value of every node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import NotFound
from app.core.text import Text
from app.language import Trace, word
from app.rules.cases import Case, load_cases
from app.rules.editing.cases import cases_of
from app.rules.editing.names import pair
from app.rules.explain import CheckExplained, Judge, RuleExplained
from app.rules.loading import load_ruleset
from app.rules.model import Ruleset
from app.rules.source import Texts

_DEEPEST: Final = 14


def known_rule(ruleset: Ruleset, rule: str) -> str:
    """The id, if the ruleset has such a rule. Raises NotFound (`rules.rule`)."""
    if all(each.id != rule for each in ruleset.rules):
        words = Text("规则集中没有规则“{rule}”", "the ruleset has no rule “{rule}”")
        raise NotFound("rules.rule", words.format(rule=rule[:80]))
    return rule


def run_cases(texts: Texts, rule: str) -> list[dict[str, Any]]:
    """Every case of a rule: whether it came out as it should, what fired, and how the rule was judged.

    Raises RulesetInvalid where the draft or one of its cases cannot be read.
    """
    ruleset = load_ruleset(texts)
    known_rule(ruleset, rule)
    judge = Judge(ruleset)
    outcomes = []
    cases = iter([case for case in load_cases(ruleset) if case.rule == rule])
    for form in cases_of(texts, rule):
        case = next(cases)
        found = frozenset(finding.rule for finding in judge.judge(case.fact))
        outcomes.append(
            {
                "file": form["file"],
                "index": form["index"],
                "good": _as_expected(case, found),
                "found": sorted(found),
                "explained": explained_data(judge.explain(case.fact, rule)[0]),
            }
        )
    return outcomes


def _as_expected(case: Case, found: frozenset[str]) -> bool:
    return (found if case.exactly else found & {case.rule}) == case.expect


def judged(ruleset: Ruleset, fact: Mapping[str, Any], rule: str) -> dict[str, Any]:
    """How one rule, or with '' every rule, comes out on a fact; rules that hold are told without their nodes."""
    judge = Judge(ruleset)
    found = judge.explain(fact, known_rule(ruleset, rule) if rule else None)
    return {"rules": [explained_data(each, whole=bool(rule) or each.outcome == "violated") for each in found]}


def explained_data(explained: RuleExplained, whole: bool = True) -> dict[str, Any]:
    """A rule's outcome, fit for JSON."""
    return {
        "rule": explained.rule.id,
        "title": pair(explained.rule.title),
        "severity": explained.rule.severity,
        "outcome": explained.outcome,
        "waiting": list(explained.waiting),
        "checks": [_check_data(each) for each in explained.checks] if whole else [],
    }


def _check_data(explained: CheckExplained) -> dict[str, Any]:
    check, when = explained.check, explained.when
    return {
        "violated": explained.violated,
        "blame": check.blame,
        "when": None
        if when is None or check.when is None
        else {"words": pair(word(check.when)), "node": _node(when, 0)},
        "require": {"words": pair(word(check.require)), "node": _node(explained.require, 0)},
    }


def _node(trace: Trace, depth: int) -> dict[str, Any]:
    shown = trace.read if trace.read is not None else trace.value
    return {
        "text": trace.text,
        "label": pair(trace.label) if trace.label else None,
        "state": trace.state,
        "shown": None if shown is None or isinstance(shown, bool) else str(shown),
        "children": [_node(each, depth + 1) for each in trace.children if each.kind != "literal"]
        if depth < _DEEPEST
        else [],
    }

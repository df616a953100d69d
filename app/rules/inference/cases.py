"""The cases that every rule of a policy or a watch carries, run by both evaluators."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import CreditLinkError
from app.core.text import Text
from app.rules.cases import BASE, NEVER_FAILS, NEVER_PASSES
from app.rules.inference.facts import FactsInvalid, read_facts
from app.rules.inference.inferring import Judged, infer_all
from app.rules.inference.policy import Policy
from app.rules.inference.policy_loading import load_policy
from app.rules.inference.reference import infer_plainly
from app.rules.inference.watch import load_watch
from app.rules.inference.watching import read_events, watch_all, watch_plainly
from app.rules.loading import WATCH, kind_of
from app.rules.model import Fault
from app.rules.reading import Content, read_content
from app.rules.source import Folder

_KEYS = frozenset({"name", "base", "set", "expect", "outcome", "exactly"})


@dataclass(frozen=True, slots=True)
class Case:
    """Facts, the rules that must fire for them (of `rule` alone unless `exactly`), and outcomes that must come of it."""

    rule: str
    name: Text
    facts: Any
    expect: frozenset[str]
    exactly: bool
    outcome: Mapping[str, Any]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class InferenceReport:
    """What came of the cases of one policy or watch; see `app.rules.cases.CaseReport`."""

    name: str
    rules: frozenset[str]
    cases: int
    failed: int
    checked: int
    disagreements: int
    faults: tuple[Fault, ...]


def run_inference_cases(folder: Path) -> InferenceReport:
    """Run the cases of the policy or watch in a folder. Raises RulesetInvalid when it cannot be loaded."""
    return run_watch_cases(folder) if kind_of(folder) == WATCH else run_policy_cases(folder)


def run_watch_cases(folder: Path) -> InferenceReport:
    """Run the cases of a watch by the definition and by the engine. Raises RulesetInvalid when it cannot be loaded."""
    watch = load_watch(folder)
    rules = [rule.id for rule in watch.rules]
    cases, faults = read_cases(folder, rules, lambda data: read_events(watch, data))
    plainly = [watch_plainly(watch, case.facts) for case in cases]
    matched = [watch_all(watch, case.facts) for case in cases]
    wrong = [
        fault
        for case, alerts in zip(cases, plainly, strict=True)
        for fault in wrong_rules(case, frozenset(alert.rule for alert in alerts))
    ]
    differing = [
        fault
        for case, mine, other in zip(cases, plainly, matched, strict=True)
        if (fault := differs(case, mine == other)) is not None
    ]
    return report(
        watch.name, [(rule.id, rule.file, rule.line) for rule in watch.rules], cases, faults, wrong, differing
    )


def run_policy_cases(folder: Path) -> InferenceReport:
    """Run the cases of a policy by the interpreter and by the engine. Raises RulesetInvalid when it cannot be loaded."""
    policy = load_policy(folder)
    cases, faults = read_cases(folder, [rule.id for rule in policy.rules], lambda data: read_facts(policy.shapes, data))
    explained = [_plainly(policy, case) for case in cases]
    matched = infer_all(policy, [case.facts for case in cases]) if cases else []
    wrong = [fault for case, judged in zip(cases, explained, strict=True) for fault in _wrong(policy, case, judged)]
    differing = [
        fault
        for case, mine, other in zip(cases, explained, matched, strict=True)
        if (fault := differs(case, _told(mine) == _told(other))) is not None
    ]
    return report(
        policy.name, [(rule.id, rule.file, rule.line) for rule in policy.rules], cases, faults, wrong, differing
    )


def report(
    name: str,
    rules: Sequence[tuple[str, str, int]],
    cases: Sequence[Case],
    faults: Iterable[Fault],
    wrong: Sequence[Fault],
    differing: Sequence[Fault],
) -> InferenceReport:
    """The report, with a fault for each rule that no case shows firing, or none shows not firing."""
    failing = {case.rule for case in cases if case.rule in case.expect}
    passing = {case.rule for case in cases if case.rule not in case.expect}
    uncovered = [Fault(file, line, rule, NEVER_PASSES) for rule, file, line in rules if rule not in passing]
    uncovered += [Fault(file, line, rule, NEVER_FAILS) for rule, file, line in rules if rule not in failing]
    return InferenceReport(
        name,
        rules=frozenset(rule for rule, _, _ in rules),
        cases=len(cases),
        failed=len({(fault.file, fault.line) for fault in wrong}),
        checked=len(cases),
        disagreements=len(differing),
        faults=(*faults, *wrong, *differing, *uncovered),
    )


def differs(case: Case, same: bool) -> Fault | None:
    """A fault where the two evaluators did not come to the same."""
    zh = f"“{case.name.zh}”两种推理不一致"
    return (
        None if same else Fault(case.file, case.line, case.rule, Text(zh, f"the evaluators differ on “{case.name.en}”"))
    )


def wrong_rules(case: Case, fired: frozenset[str]) -> Iterator[Fault]:
    """A fault where other rules fired than the case says."""
    got = fired if case.exactly else fired & {case.rule}
    if got != case.expect:
        wanted, given = ", ".join(sorted(case.expect)) or "-", ", ".join(sorted(fired)) or "-"
        zh = f"用例“{case.name.zh}”应触发{wanted}，实触发{given}"
        yield Fault(
            case.file, case.line, case.rule, Text(zh, f"case “{case.name.en}” should fire {wanted}, fires {given}")
        )


def _plainly(policy: Policy, case: Case) -> Judged:
    try:
        return infer_plainly(policy, case.facts)
    except CreditLinkError as error:
        return error


def _told(judged: Judged) -> object:
    return judged.code if isinstance(judged, CreditLinkError) else judged


def _wrong(policy: Policy, case: Case, judged: Judged) -> Iterator[Fault]:
    if isinstance(judged, CreditLinkError):
        yield Fault(case.file, case.line, case.rule, judged.message)
        return
    yield from wrong_rules(case, judged.fired)
    outcomes = {each.key: each.value for each in judged.outcomes}
    for key, value in case.outcome.items():
        if outcomes.get(key) != value:
            zh = f"用例“{case.name.zh}”：{policy.about} {key} 应得{value}，实得{outcomes.get(key)}"
            en = f"case “{case.name.en}”: {policy.about} {key} should get {value}, gets {outcomes.get(key)}"
            yield Fault(case.file, case.line, case.rule, Text(zh, en))


def read_cases(
    folder: Path,
    rules: Sequence[str],
    read: Callable[[object], Any],
    put: Callable[[Any, str, object], None] | None = None,
) -> tuple[list[Case], list[Fault]]:
    """The cases beside a ruleset. `read` makes facts of plain data, `put` changes the data at a path."""
    base = read_content((folder / BASE).read_bytes, f"{folder.name}/{BASE}")
    bases = base.data if isinstance(base.data, dict) else {}
    if not bases and not base.faults:
        base.wrong(Text("须是名称到事实的键值结构", "must map names to facts"))
    reading = _Reading(rules, bases, read, put or put_fact)
    faults = list(base.faults)
    cases: list[Case] = []
    for file in Folder(folder).cases():
        if file != BASE:
            content = read_content((folder / file).read_bytes, f"{folder.name}/{file}")
            cases += reading.cases(content)
            faults += content.faults
    return cases, faults


def put_fact(data: Any, path: str, value: object) -> None:
    """Set one field of one fact (`loan.A.overdue_days`); null takes it away. LookupError where there is no such fact."""
    kind, key, name = path.split(".")
    (row,) = [each for each in data[kind] if key in each.values()][:1] or [None]
    if row is None:
        raise LookupError(path)
    if value is None:
        row.pop(name, None)
    else:
        row[name] = value


class _Reading:
    def __init__(
        self,
        rules: Sequence[str],
        bases: Mapping[str, Any],
        read: Callable[[object], Any],
        put: Callable[[Any, str, object], None],
    ) -> None:
        self.rules = rules
        self.bases = bases
        self.read = read
        self.put = put

    def cases(self, content: Content) -> Iterator[Case]:
        data = content.data
        if not isinstance(data, dict) or not isinstance(data.get("cases"), list):
            if not content.faults:
                content.wrong(Text("须有rule和cases", "needs rule and cases"))
            return
        rule = str(data.get("rule", ""))
        if rule not in self.rules:
            content.wrong(Text(f"规则集中没有规则“{rule}”", f"the ruleset has no rule “{rule}”"), "rule")
            return
        for index, raw in enumerate(data["cases"]):
            case = self.case(content, rule, index, raw)
            if case is not None:
                yield case

    def case(self, content: Content, rule: str, index: int, raw: object) -> Case | None:
        if not isinstance(raw, dict) or raw.keys() - _KEYS:
            names = ", ".join(sorted(_KEYS))
            content.wrong(Text(f"用例只有{names}", f"a case has {names}"), "cases", index)
            return None
        base = self.bases.get(str(raw.get("base")))
        if base is None:
            zh, en = f"没有基础事实“{raw.get('base')}”", f"there are no base facts “{raw.get('base')}”"
            content.wrong(Text(zh, en), "cases", index, "base")
            return None
        expect, changes, outcome = raw.get("expect"), raw.get("set") or {}, raw.get("outcome") or {}
        if not isinstance(expect, list) or not set(map(str, expect)) <= set(self.rules):
            zh, en = "expect须是规则id的列表", "expect must be a list of ids of this ruleset"
            content.wrong(Text(zh, en), "cases", index, "expect")
            return None
        if not isinstance(changes, dict) or not isinstance(outcome, dict):
            content.wrong(Text("set和outcome须是键值结构", "set and outcome must be mappings"), "cases", index)
            return None
        data = copy.deepcopy(base)
        for path, value in changes.items():
            try:
                self.put(data, path, value)
            except (LookupError, ValueError, TypeError, AttributeError):
                zh, en = f"“{path}”没有这一项", f"“{path}” leads nowhere in the base facts"
                content.wrong(Text(zh, en), "cases", index, "set", path, rule=rule)
                return None
        try:
            facts = self.read(data)
        except FactsInvalid as refused:
            for problem in refused.problems:
                zh, en = f"{problem.place} {problem.message.zh}", f"{problem.place} {problem.message.en}"
                content.wrong(Text(zh, en), "cases", index, rule=rule)
            return None
        name = content.text_pair(raw.get("name"), "cases", index, "name", rule=rule)
        exactly = raw.get("exactly") is True
        place = content.line("cases", index)
        return Case(rule, name, facts, frozenset(map(str, expect)), exactly, outcome, content.file, place)

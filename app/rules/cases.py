"""The cases that every rule carries: small facts with the verdict they must get, run by both evaluators."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.core.text import Text
from app.language import ListOf, Scalar, SetOf, Struct, Type, Vocabulary
from app.language.types import Kind
from app.rules.explain import judge_of
from app.rules.model import Fault, Rule, Ruleset, RulesetInvalid
from app.rules.reading import Content, Key, read_content
from app.rules.source import CASES
from app.rules.sweep import compile_sweep, facts_to_relation

BASE = f"{CASES}/_base.yaml"
_KEYS = frozenset({"name", "base", "set", "expect", "exactly"})

NEVER_PASSES = Text("没有通过的用例", "the rule has no passing case")
NEVER_FAILS = Text("没有违反的用例", "the rule has no failing case")

Verdict = frozenset[str]
"""The ids of the rules that have a finding."""

Execute = Callable[[str, Sequence[str]], Iterable[Sequence[Any]]]
"""Runs one SQL statement with its parameters on DuckDB and gives the rows; the caller owns the connection."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case: a fact, and whether its rule must have a finding. With `exactly` no other rule may have one."""

    rule: str
    name: Text
    fact: Mapping[str, Any]
    expect: frozenset[str]
    exactly: bool
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class CaseReport:
    """How many cases were run, which rules they showed, and all that is wrong with verdicts, agreement and coverage.

    `failed` are the cases and base facts with a wrong verdict; `checked` the facts that both evaluators have judged,
    `disagreements` those on which they differ.
    """

    ruleset: Ruleset
    cases: int
    failed: int
    checked: int
    disagreements: int
    passing: frozenset[str]
    failing: frozenset[str]
    faults: tuple[Fault, ...]

    @property
    def rules(self) -> int:
        return len(self.ruleset.rules)

    @property
    def passed(self) -> bool:
        return not self.faults


def load_cases(ruleset: Ruleset) -> tuple[Case, ...]:
    """The cases that stand beside a ruleset, in the order of files. Raises RulesetInvalid with every fault found."""
    cases, _, faults = _read(ruleset)
    if faults:
        raise RulesetInvalid(tuple(faults))
    return cases


def load_bases(ruleset: Ruleset) -> Mapping[str, Mapping[str, Any]]:
    """The complete facts that cases start from, by name. Raises RulesetInvalid with every fault found."""
    _, bases, faults = _read(ruleset)
    if faults:
        raise RulesetInvalid(tuple(faults))
    return bases


def run_cases(ruleset: Ruleset, execute: Execute | None = None) -> CaseReport:
    """Run all cases of a ruleset by explain and, if there is something to execute SQL, by the sweep.

    A fault is told for each wrong verdict, each case on which the evaluators differ, each base fact that is not clean,
    and each of the ruleset's own rules without a passing or without a failing case. Of shared rules `uncovered_shared`
    tells it, over all rulesets. A decision table has a case for each row instead.
    """
    if ruleset.table is not None:
        from app.rules.tables.cases import run_table_cases  # it is made of the parts below

        return run_table_cases(ruleset, ruleset.table, execute)
    cases, bases, faults = _read(ruleset)
    judge = judge_of(ruleset)
    facts: list[Mapping[str, Any]] = [*bases.values(), *(case.fact for case in cases)]
    explained = [frozenset(finding.rule for finding in judge.judge(fact)) for fact in facts]
    swept = sweep_facts(ruleset, facts, execute) if execute and facts else explained
    verdicts = zip(bases, explained, strict=False)
    wrong = [Fault(_shown(ruleset, BASE), 1, "", _unclean(name, found)) for name, found in verdicts if found]
    for case, found in zip(cases, explained[len(bases) :], strict=True):
        wrong.extend(_wrong_verdict(case, found))
    places = [(_shown(ruleset, BASE), 1, "", name) for name in bases]
    places += [(case.file, case.line, case.rule, case.name.en) for case in cases]
    differing = [
        Fault(file, line, rule, _differs(name, mine, other))
        for (file, line, rule, name), mine, other in zip(places, explained, swept, strict=True)
        if mine != other
    ]
    failing = frozenset(case.rule for case in cases if case.rule in case.expect)
    passing = frozenset(case.rule for case in cases if case.rule not in case.expect)
    uncovered = _uncovered((rule for rule in ruleset.rules if rule.own), passing, failing)
    return CaseReport(
        ruleset,
        cases=len(cases),
        failed=len(wrong),
        checked=len(facts) if execute else 0,
        disagreements=len(differing),
        passing=passing,
        failing=failing,
        faults=(*faults, *wrong, *differing, *uncovered),
    )


def uncovered_shared(reports: Sequence[CaseReport]) -> tuple[Fault, ...]:
    """A fault for each shared rule that no ruleset shows passing, or none shows failing."""
    shared = {(rule.fragment, rule.id): rule for report in reports for rule in report.ruleset.rules if not rule.own}
    found: list[Fault] = []
    for (fragment, rule_id), rule in shared.items():
        holders = [report for report in reports if rule_id in _shared_ids(report.ruleset, fragment)]
        passing = frozenset[str]().union(*(report.passing for report in holders))
        failing = frozenset[str]().union(*(report.failing for report in holders))
        found.extend(_uncovered([rule], passing, failing))
    return tuple(found)


def _shared_ids(ruleset: Ruleset, fragment: str) -> frozenset[str]:
    return frozenset(rule.id for rule in ruleset.rules if rule.fragment == fragment)


def sweep_facts(ruleset: Ruleset, facts: Sequence[Mapping[str, Any]], execute: Execute) -> list[Verdict]:
    """The rules with findings for each fact, in order, as the sweep has them."""
    relation, parameters = facts_to_relation(ruleset.vocabulary, facts)
    found: list[set[str]] = [set() for _ in facts]
    for row in execute(compile_sweep(ruleset).sql(relation), parameters):
        found[row[0]].add(row[1])
    return [frozenset(rules) for rules in found]


def _wrong_verdict(case: Case, found: Verdict) -> Iterable[Fault]:
    got = found if case.exactly else found & {case.rule}
    if got != case.expect:
        wanted, given = ", ".join(sorted(case.expect)) or "-", ", ".join(sorted(found)) or "-"
        yield Fault(
            case.file,
            case.line,
            case.rule,
            Text(
                f"用例“{case.name.zh}”应得{wanted}，实得{given}",
                f"case “{case.name.en}” should give {wanted}, gives {given}",
            ),
        )


def _differs(name: str, mine: Verdict, other: Verdict) -> Text:
    only = ", ".join(sorted(mine - other)) or "-", ", ".join(sorted(other - mine)) or "-"
    return Text(
        f"“{name}”两种判断不一致：仅逐条判断{only[0]}，仅批量判断{only[1]}",
        f"the evaluators differ on “{name}”: only explain {only[0]}, only sweep {only[1]}",
    )


def _unclean(name: str, rules: Verdict) -> Text:
    listed = ", ".join(sorted(rules))
    return Text(f"基础记录“{name}”本身违反{listed}", f"the base fact “{name}” itself violates {listed}")


def _uncovered(rules: Iterable[Rule], passing: frozenset[str], failing: frozenset[str]) -> Iterable[Fault]:
    for rule in rules:
        if rule.id not in passing:
            yield Fault(rule.file, rule.line, rule.id, NEVER_PASSES)
        if rule.id not in failing:
            yield Fault(rule.file, rule.line, rule.id, NEVER_FAILS)


def _shown(ruleset: Ruleset, name: str) -> str:
    return f"{ruleset.source.name}/{name}"


def _read(ruleset: Ruleset) -> tuple[tuple[Case, ...], dict[str, dict[str, Any]], list[Fault]]:
    bases, contents, faults = read_case_files(ruleset)
    cases: list[Case] = []
    for content in contents:
        cases.extend(_cases(content, ruleset, bases))
        faults.extend(content.faults)
    return tuple(cases), bases, faults


def read_case_files(ruleset: Ruleset) -> tuple[dict[str, dict[str, Any]], list[Content], list[Fault]]:
    """The base facts by name, the files of cases as they are read, and the faults of the base facts."""
    source = ruleset.source
    base = read_content(lambda: source.read(BASE), _shown(ruleset, BASE))
    files = [file for file in source.cases() if file != BASE]
    contents = [read_content(partial(source.read, file), _shown(ruleset, file)) for file in files]
    return _bases(base, ruleset.vocabulary), contents, base.faults


def _bases(content: Content, vocabulary: Vocabulary) -> dict[str, dict[str, Any]]:
    if not isinstance(content.data, dict):
        if not content.faults:
            content.wrong(Text("须是名称到记录的键值结构", "must map names to facts"))
        return {}
    bases: dict[str, dict[str, Any]] = {}
    for name, fact in content.data.items():
        _check_value(content, fact, Struct(vocabulary.fields), (name,), "")
        if isinstance(fact, dict):
            bases[str(name)] = fact
    return bases


def _cases(content: Content, ruleset: Ruleset, bases: Mapping[str, dict[str, Any]]) -> Iterable[Case]:
    data = content.data
    if not isinstance(data, dict) or not isinstance(data.get("cases"), list):
        if not content.faults:
            content.wrong(Text("须有rule和cases", "needs rule and cases"))
        return
    rule = str(data.get("rule", ""))
    if rule not in {known.id for known in ruleset.rules}:
        content.wrong(Text(f"规则集中没有规则“{rule}”", f"the ruleset has no rule “{rule}”"), "rule")
        return
    for index, raw in enumerate(data["cases"]):
        case = _case(content, ruleset, bases, rule, index, raw)
        if case is not None:
            yield case


def _case(
    content: Content, ruleset: Ruleset, bases: Mapping[str, dict[str, Any]], rule: str, index: int, raw: object
) -> Case | None:
    key: Key = ("cases", index)
    if not isinstance(raw, dict) or raw.keys() - _KEYS:
        content.wrong(
            Text("用例只有name、base、set、expect、exactly", "a case has name, base, set, expect, exactly"), *key
        )
        return None
    expect = raw.get("expect")
    known = {known.id for known in ruleset.rules}
    if not isinstance(expect, list) or not known.issuperset(map(str, expect)):
        content.wrong(Text("expect须是规则id的列表", "expect must be a list of ids of this ruleset"), *key, "expect")
        return None
    fact = changed_fact(content, ruleset.vocabulary, bases, raw, key, rule)
    if fact is None:
        return None
    name = content.text_pair(raw.get("name"), *key, "name", rule=rule)
    exactly = raw.get("exactly") is True
    return Case(rule, name, fact, frozenset(map(str, expect)), exactly, content.file, content.line(*key))


def changed_fact(
    content: Content,
    vocabulary: Vocabulary,
    bases: Mapping[str, dict[str, Any]],
    raw: Mapping[str, Any],
    key: Key,
    rule: str,
) -> dict[str, Any] | None:
    """The base fact that a case names with the changes under its `set`; None, and faults in the content, if it has none."""
    base = bases.get(str(raw.get("base")))
    if base is None:
        content.wrong(
            Text(f"没有基础记录“{raw.get('base')}”", f"there is no base fact “{raw.get('base')}”"), *key, "base"
        )
        return None
    changes = raw.get("set") or {}
    if not isinstance(changes, dict):
        content.wrong(Text("set须是路径到值的键值结构", "set must map paths to values"), *key, "set")
        return None
    fact = copy.deepcopy(base)
    for path, value in changes.items():
        if _check_path(content, vocabulary, path, value, (*key, "set", path), rule):
            try:
                put(fact, path.split("."), value)
            except LookupError:
                message = Text(f"“{path}”没有这一项", f"“{path}” has no such position in the base fact")
                content.wrong(message, *key, "set", path, rule=rule)
    return fact


def put(fact: dict[str, Any], parts: Sequence[str], value: object) -> None:
    """Set what stands at a path; None takes it away. Positions in lists count from 0; LookupError beyond their end."""
    holder: Any = fact
    for part in parts[:-1]:
        if isinstance(holder, list):
            holder = holder[int(part)]
            continue
        if not isinstance(holder.get(part), dict | list):
            if value is None:
                return
            holder[part] = {}
        holder = holder[part]
    last = parts[-1]
    if isinstance(holder, list):
        holder[int(last)] = copy.deepcopy(value)
    elif value is None:
        holder.pop(last, None)
    else:
        holder[last] = copy.deepcopy(value)


def _check_path(content: Content, vocabulary: Vocabulary, path: str, value: object, key: Key, rule: str) -> bool:
    names = ".".join(part for part in path.split(".") if not part.isdigit())
    field = vocabulary.find(names)
    if field is None:
        content.wrong(Text(f"没有“{path}”这个名称", f"there is no name “{path}”"), *key, rule=rule)
        return False
    if value is None:
        return True
    inner = field.type.element if isinstance(field.type, ListOf) and path.split(".")[-1].isdigit() else field.type
    return _check_value(content, value, inner, key, rule, field.written)


def _check_value(content: Content, value: object, wanted: Type, key: Key, rule: str, written: bool = True) -> bool:
    """Whether a value has the shape its name asks for; what has not is noted."""
    match wanted:
        case Struct(fields=fields):
            if not isinstance(value, dict):
                content.wrong(Text("须是键值结构", "must be a mapping"), *key, rule=rule)
                return False
            good = True
            for name, inner in value.items():
                field = fields.get(name)
                if field is None:
                    content.wrong(Text(f"没有“{name}”这个名称", f"there is no name “{name}”"), *key, name, rule=rule)
                    good = False
                else:
                    good &= _check_value(content, inner, field.type, (*key, name), rule, field.written)
            return good
        case ListOf() | SetOf():
            element = wanted.element if isinstance(wanted, ListOf) else Scalar(Kind.TEXT)
            if not isinstance(value, list):
                content.wrong(Text("须是列表", "must be a list"), *key, rule=rule)
                return False
            return all(_check_value(content, inner, element, (*key, i), rule) for i, inner in enumerate(value))
        case Scalar(kind=kind):
            expected = bool if kind is Kind.BOOL else int if kind is Kind.NUMBER and not written else str
            if type(value) is expected:
                return True
            content.wrong(
                Text(f"值须是{expected.__name__}，文本请加引号", f"must be {expected.__name__}; put texts in quotes"),
                *key,
                rule=rule,
            )
            return False

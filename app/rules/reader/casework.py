"""The cases of a rule as people read them: what is set, what is expected, and how each comes out when it is run now."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import yaml

from app.core.errors import CreditLinkError
from app.core.text import Text
from app.language import Vocabulary
from app.rules.cases import BASE, changed_fact
from app.rules.explain import judge_of
from app.rules.inference.cases import Case, read_cases
from app.rules.inference.facts import read_facts
from app.rules.inference.policy import Policy
from app.rules.inference.reference import infer_plainly
from app.rules.inference.watch import Watch
from app.rules.inference.watching import read_events, watch_plainly
from app.rules.model import Ruleset
from app.rules.reader.conditions import label_of
from app.rules.reader.shown import ShownRule, ShownRuleset
from app.rules.reading import read_content
from app.rules.source import Folder, Source
from app.rules.tables.deciding import TableJudge
from app.rules.tables.model import Table

_RULE: Final = re.compile(r"^(?:rule|row):\s*['\"]?([^'\"\s#]+)", re.MULTILINE)
_MOST_SHOWN: Final = 400
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """One thing that a case sets: `value` None takes the item away."""

    path: str
    label: Text
    value: str | None


@dataclass(frozen=True, slots=True)
class ShownCase:
    """A case. `expect` and `found` are ids of rules (of a table: the deciding rows); `right` None where it was not run."""

    name: Text
    base: str
    sets: tuple[SetValue, ...]
    expect: tuple[str, ...]
    found: tuple[str, ...]
    right: bool | None
    fails: bool
    file: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many cases of a rule pass it and how many it has a finding in."""

    passing: int = 0
    failing: int = 0


def counts_of(ruleset: ShownRuleset) -> Mapping[str, Count]:
    """The counts by rule. Cases are no part of what an edition is known by, so they are known by their own texts."""
    key = _key(_source(ruleset))
    found = _counted.get(key)
    if found is None:
        found = _counts(ruleset)
        if len(_counted) >= _COUNTED_MOST:
            _counted.clear()
        _counted[key] = found
    return found


_COUNTED_MOST: Final = 512
_counted: Final[dict[str, Mapping[str, Count]]] = {}


def _key(source: Source) -> str:
    """What tells the cases of one source from those of another; a folder is read once a process, like the ruleset in it."""
    if isinstance(source, Folder):
        return str(source.path)
    digest = hashlib.sha256()
    for file in source.cases():
        digest.update(file.encode() + b"\0" + source.read(file) + b"\0")
    return digest.hexdigest()


def cases_of(ruleset: ShownRuleset, rule: ShownRule) -> tuple[ShownCase, ...]:
    """The cases of one rule, run by the interpreter now. What is wrong with the files of others does not matter here."""
    checks = ruleset.checks
    if checks is None:
        return tuple(_inferred(ruleset, rule))
    if checks.table is not None:
        return tuple(_of_row(checks, checks.table, rule.id))
    return tuple(_of_rule(checks, rule.id))


def _counts(ruleset: ShownRuleset) -> Mapping[str, Count]:
    passing: Counter[str] = Counter()
    failing: Counter[str] = Counter()
    for rule, cases in raw_cases(ruleset).items():
        for case in cases:
            expect = case.get("expect")
            # In a table every case shows the row that decides it.
            hit = rule in expect if isinstance(expect, list) else True
            (failing if hit else passing)[rule] += 1
    return {rule: Count(passing[rule], failing[rule]) for rule in passing.keys() | failing.keys()}


def _source(ruleset: ShownRuleset) -> Source:
    judged = ruleset.judged
    return judged.source if isinstance(judged, Ruleset) else Folder(judged.path.parent)


def _read(source: Source, file: str) -> tuple[str, list[dict[str, Any]]]:
    """The rule that a file of cases is about, and its cases; nothing where it cannot be read, as the check will tell."""
    try:
        data = yaml.load(source.read(file).decode("utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        return "", []
    if not isinstance(data, dict) or not isinstance(data.get("cases"), list):
        return "", []
    return str(data.get("rule") or data.get("row") or ""), [each for each in data["cases"] if isinstance(each, dict)]


def files_about(source: Source, rule_id: str) -> Iterator[str]:
    """The files whose cases are about a rule."""
    for file in source.cases():
        try:
            about = _RULE.search(source.read(file).decode("utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if about and about[1] == rule_id and file != BASE:
            yield file


def raw_cases(ruleset: ShownRuleset) -> Mapping[str, list[dict[str, Any]]]:
    """The cases of every rule as they are written."""
    source = _source(ruleset)
    found: dict[str, list[dict[str, Any]]] = {}
    for file in source.cases():
        rule, cases = _read(source, file) if file != BASE else ("", [])
        found.setdefault(rule, []).extend(cases)
    return found


def _of_rule(ruleset: Ruleset, rule_id: str) -> Iterator[ShownCase]:
    judge = judge_of(ruleset)

    def run(fact: dict[str, Any]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(finding.rule for finding in judge.judge(fact)))

    yield from _run(ruleset, rule_id, run)


def _of_row(ruleset: Ruleset, table: Table, row: str) -> Iterator[ShownCase]:
    judge = TableJudge(table)
    yield from _run(ruleset, row, lambda fact: judge.decide(fact).deciding)


def _run(ruleset: Ruleset, rule_id: str, run: Callable[[dict[str, Any]], tuple[str, ...]]) -> Iterator[ShownCase]:
    source = ruleset.source
    about = list(files_about(source, rule_id))
    if not about:
        return
    base = read_content(lambda: source.read(BASE), BASE).data
    bases = {str(name): fact for name, fact in base.items() if isinstance(fact, dict)} if isinstance(base, dict) else {}
    for file in about:
        content = read_content(partial(source.read, file), file)
        data = content.data if isinstance(content.data, dict) else {}
        for index, raw in enumerate(data.get("cases") or ()):
            if not isinstance(raw, dict):
                continue
            expect = _expected(raw, rule_id, ruleset.table is not None)
            fact = changed_fact(content, ruleset.vocabulary, bases, raw, ("cases", index), rule_id)
            found = run(fact) if fact is not None else ()
            shown = found if raw.get("exactly") is True else tuple(each for each in found if each == rule_id)
            right = None if fact is None else set(shown) == set(expect)
            yield ShownCase(
                name=_pair(raw.get("name")),
                base=str(raw.get("base") or ""),
                sets=tuple(_sets(raw, ruleset.vocabulary)),
                expect=expect,
                found=found,
                right=right,
                fails=rule_id in expect,
                file=file,
            )


def _expected(raw: Mapping[str, Any], rule_id: str, table: bool) -> tuple[str, ...]:
    expect = raw.get("expect")
    if table:
        return (rule_id,)
    return tuple(map(str, expect)) if isinstance(expect, list) else ()


def _sets(raw: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[SetValue]:
    changes = raw.get("set")
    for path, value in changes.items() if isinstance(changes, dict) else ():
        plain = ".".join(part for part in str(path).split(".") if not part.isdigit())
        yield SetValue(str(path), label_of(plain, vocabulary), _shown(value))


def _shown(value: object) -> str | None:
    """A value as it is written in a case; None for one that is taken away."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)[:_MOST_SHOWN]


def _pair(given: object) -> Text:
    pair = given if isinstance(given, dict) else {}
    return Text(str(pair.get("zh") or ""), str(pair.get("en") or pair.get("zh") or ""))


def _inferred(ruleset: ShownRuleset, rule: ShownRule) -> Iterator[ShownCase]:
    """The cases of a policy or a watch, run by the definition."""
    judged, folder = ruleset.judged, _source(ruleset)
    assert isinstance(folder, Folder)  # noqa: S101  policies and watches are only shipped
    ids = [each.id for each in ruleset.rules]
    if isinstance(judged, Policy):
        cases, _ = read_cases(folder.path, ids, lambda data: read_facts(judged.shapes, data))
        fired = {case.name.zh: _fired(judged, case) for case in cases if case.rule == rule.id}
    elif isinstance(judged, Watch):
        cases, _ = read_cases(folder.path, ids, lambda data: read_events(judged, data))
        fired = {
            case.name.zh: tuple(dict.fromkeys(alert.rule for alert in watch_plainly(judged, case.facts)))
            for case in cases
            if case.rule == rule.id
        }
    for file in files_about(folder, rule.id):
        for raw in _read(folder, file)[1]:
            name, expect = _pair(raw.get("name")), _expected(raw, rule.id, False)
            found = fired.get(name.zh)
            yield ShownCase(
                name=name,
                base=str(raw.get("base") or ""),
                sets=tuple(_plain_sets(raw)),
                expect=expect,
                found=found or (),
                right=None if found is None else (rule.id in found) == (rule.id in expect),
                fails=rule.id in expect,
                file=file,
            )


def _fired(policy: Policy, case: Case) -> tuple[str, ...] | None:
    try:
        return tuple(sorted(infer_plainly(policy, case.facts).fired))
    except CreditLinkError:
        return None


def _plain_sets(raw: Mapping[str, Any]) -> Iterator[SetValue]:
    changes = raw.get("set")
    for path, value in changes.items() if isinstance(changes, dict) else ():
        yield SetValue(str(path), Text(str(path), str(path)), _shown(value))

"""Two contents of a ruleset beside each other, rule by rule: what was added, taken away and changed, and in which words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from app.core.text import Text
from app.rules.reader.casework import raw_cases
from app.rules.reader.conditions import answer_words, cell_words
from app.rules.reader.marking import Span, marked
from app.rules.reader.shown import Condition, ShownRule, ShownRuleset
from app.rules.reader.words import CONFIDENCES, SEVERITIES, STAGES, named
from app.rules.tables.cells import show_cell
from app.rules.tables.model import Row, Table

Kind = Literal["added", "removed", "changed"]

_TITLE: Final = Text("名称", "Title")
_NOTE: Final = Text("说明", "Note")
_TEXT: Final = Text("条件原文", "Condition as written")
_WORDS: Final = Text("条件", "Condition")


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not the same on both sides. `before` and `after` are spans in which the changed words are marked; `zh`
    and `en` of words that have both.
    """

    label: Text
    zh: tuple[tuple[Span, ...], tuple[Span, ...]]
    en: tuple[tuple[Span, ...], tuple[Span, ...]]
    written: bool = False
    """whether it is told as it is written, not in words"""


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that was added, taken away or changed."""

    kind: Kind
    name: Text


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that is not the same on both sides; `judging` tells whether it may judge otherwise now."""

    kind: Kind
    id: str
    title: Text
    severity: str
    fragment: str
    differences: tuple[Difference, ...]
    cases: tuple[CaseChange, ...]
    judging: bool
    rule: ShownRule


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two contents of a ruleset."""

    before: ShownRuleset
    after: ShownRuleset
    head: tuple[Difference, ...]
    rules: tuple[RuleChange, ...]

    def of(self, kind: Kind) -> tuple[RuleChange, ...]:
        return tuple(each for each in self.rules if each.kind == kind)

    @property
    def same(self) -> bool:
        return not self.head and not self.rules

    @property
    def cases(self) -> int:
        return sum(len(each.cases) for each in self.rules)


def compare(before: ShownRuleset, after: ShownRuleset) -> Comparison:
    """Compare rule by rule, by id; the order of the second counts, what is gone comes last."""
    return Comparison(before, after, tuple(_head(before, after)), tuple(_rules(before, after)))


def _head(before: ShownRuleset, after: ShownRuleset) -> Iterator[Difference]:
    yield from _differing(_TITLE, before.title, after.title)
    yield from _differing(Text("依据", "Basis"), _lines(before.basis), _lines(after.basis))
    yield from _differing(Text("说明", "Notes"), _lines(before.notes), _lines(after.notes))
    yield from _plain(Text("起始业务日", "From the business day"), before.effective_from, after.effective_from)
    yield from _plain(Text("判断对象", "Judges"), before.facts, after.facts)
    yield from _plain(
        Text("共用规则", "Shared rules"), "\n".join(before.fragments), "\n".join(after.fragments), written=True
    )
    old, new = before.table, after.table
    if old is not None and new is not None:
        yield from _plain(Text("命中方式", "Hit policy"), old.hit, new.hit)
        yield from _plain(Text("列", "Columns"), _columns(old), _columns(new), written=True)
        if new.hit == "first":  # then the order decides
            yield from _plain(Text("行的次序", "Order of the rows"), _order(old, new), _order(new, old), written=True)


def _order(table: Table, other: Table) -> str:
    """The rows that both tables have, in the order of the first."""
    known = {row.id for row in other.rows}
    return " ".join(row.id for row in table.rows if row.id in known)


def _columns(table: Table) -> str:
    lines = [f"{each.id}: {each.expression.text} ({each.type})" for each in table.inputs]
    return "\n".join([*lines, *(f"{each.id} ({each.type})" for each in table.outputs)])


def _lines(texts: Sequence[Text]) -> Text:
    return Text("\n".join(each.zh for each in texts), "\n".join(each.en for each in texts))


def _rules(before: ShownRuleset, after: ShownRuleset) -> Iterator[RuleChange]:
    old = {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in after.rules}
    old_cases, new_cases = raw_cases(before), raw_cases(after)
    for rule_id, rule in new.items():
        mine = new_cases.get(rule_id, [])
        if rule_id not in old:
            cases = tuple(CaseChange("added", _name(each)) for each in mine)
            yield _change("added", rule, (), cases, True)
            continue
        judged = tuple(_judged(before.table, after.table, old[rule_id], rule))
        differences = differences_of(before, after, old[rule_id], rule)
        cases = tuple(_case_changes(old_cases.get(rule_id, []), mine))
        if differences or cases:
            yield _change("changed", rule, differences, cases, bool(judged))
    for rule_id, rule in old.items():
        if rule_id not in new:
            cases = tuple(CaseChange("removed", _name(each)) for each in old_cases.get(rule_id, []))
            yield _change("removed", rule, (), cases, True)


def _change(
    kind: Kind,
    rule: ShownRule,
    differences: tuple[Difference, ...],
    cases: tuple[CaseChange, ...],
    judging: bool,
) -> RuleChange:
    return RuleChange(kind, rule.id, rule.title, rule.severity, rule.fragment, differences, cases, judging, rule)


def differences_of(before: ShownRuleset, after: ShownRuleset, old: ShownRule, new: ShownRule) -> tuple[Difference, ...]:
    """All that differs between two forms of one rule, its cases left out."""
    return (*_described(old, new), *_judged(before.table, after.table, old, new))


def _described(old: ShownRule, new: ShownRule) -> Iterator[Difference]:
    """How the rule is called and where it comes from: nothing of it changes a judgement."""
    yield from _differing(_TITLE, old.title, new.title)
    yield from _plain(Text("官方编号", "Official number"), old.number, new.number)
    yield from _plain(Text("错误代码", "Error code"), old.code, new.code)
    yield from _named(Text("可靠程度", "Confidence"), CONFIDENCES, old.confidence, new.confidence)
    yield from _named(Text("判断范围", "Scope"), STAGES, old.stage, new.stage)
    yield from _differing(_NOTE, old.note or Text("", ""), new.note or Text("", ""))
    yield from _plain(Text("来自共用规则", "From shared rules"), old.fragment, new.fragment, written=True)


def _judged(before: Table | None, after: Table | None, old: ShownRule, new: ShownRule) -> Iterator[Difference]:
    """What may change a judgement."""
    if before is not None and after is not None:
        yield from _table_row(before, after, new.id)
        return
    yield from _named(Text("级别", "Severity"), SEVERITIES, old.severity, new.severity)
    yield from _plain(Text("前提规则", "Needs"), ", ".join(old.needs), ", ".join(new.needs))
    yield from _conditions(old.conditions, new.conditions)


def _conditions(old: Sequence[Condition], new: Sequence[Condition]) -> Iterator[Difference]:
    """Conditions one beside the other; those that are alike on both sides are passed over."""
    first, second = [_written(each) for each in old], [_written(each) for each in new]
    gone = [each for each, text in zip(old, first, strict=True) if text not in second]
    come = [each for each, text in zip(new, second, strict=True) if text not in first]
    for place in range(max(len(gone), len(come))):
        before = gone[place] if place < len(gone) else None
        after = come[place] if place < len(come) else None
        yield from _differing(_WORDS, _worded(before), _worded(after))
        yield from _plain(_TEXT, _written(before), _written(after), written=True)


def _written(condition: Condition | None) -> str:
    if condition is None:
        return ""
    lines = [f"{clause.label.en.lower()}: {clause.text}" for clause in condition.clauses if clause.text]
    blamed = ", ".join(each.path for each in condition.blamed if each.path)
    return "\n".join(
        [*lines, *([f"blame: {blamed}"] if blamed else []), *([f"code: {condition.code}"] if condition.code else [])]
    )


def _worded(condition: Condition | None) -> Text:
    if condition is None:
        return Text("", "")
    return Text(
        "，".join(f"{clause.label.zh}{clause.words.zh}" for clause in condition.clauses),
        "; ".join(f"{clause.label.en}: {clause.words.en}" for clause in condition.clauses),
    )


def _table_row(before: Table, after: Table, row_id: str) -> Iterator[Difference]:
    """The cells of a row that are not the same, column by column."""
    old, new = _find(before, row_id), _find(after, row_id)
    if old is None or new is None:
        return
    cells = dict(zip((each.id for each in before.inputs), old.cells, strict=True))
    asked = {each.id: each for each in before.inputs}
    for input_, cell in zip(after.inputs, new.cells, strict=True):
        former = cells.get(input_.id)
        if former is not None and show_cell(former) != show_cell(cell):
            yield from _differing(input_.title, cell_words(asked[input_.id], former), cell_words(input_, cell))
    answers = dict(zip((each.id for each in before.outputs), old.answers, strict=True))
    for output, answer in zip(after.outputs, new.answers, strict=True):
        past = answers.get(output.id)
        if past != answer:
            nothing = Text("–", "–")
            old_words = nothing if past is None else answer_words(output, past)
            yield from _differing(output.title, old_words, nothing if answer is None else answer_words(output, answer))


def _find(table: Table, row_id: str) -> Row | None:
    return next((row for row in table.rows if row.id == row_id), None)


def _differing(label: Text, before: Text, after: Text) -> Iterator[Difference]:
    if before != after:
        yield Difference(label, marked(before.zh, after.zh), marked(before.en, after.en))


def _plain(label: Text, before: str, after: str, written: bool = False) -> Iterator[Difference]:
    if before != after:
        both = marked(before, after)
        yield Difference(label, both, both, written)


def _named(label: Text, words: Mapping[str, Text], before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield from _differing(label, named(words, before), named(words, after))


def _case_changes(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[CaseChange]:
    before = {_name(each).zh: each for each in old}
    after = {_name(each).zh: each for each in new}
    for name, case in after.items():
        if name not in before:
            yield CaseChange("added", _name(case))
        elif _content(before[name]) != _content(case):
            yield CaseChange("changed", _name(case))
    for name, case in before.items():
        if name not in after:
            yield CaseChange("removed", _name(case))


def _content(case: Mapping[str, Any]) -> str:
    return json.dumps(case, sort_keys=True, ensure_ascii=False, default=str)


def _name(case: Mapping[str, Any]) -> Text:
    given = case.get("name")
    pair = given if isinstance(given, dict) else {}
    return Text(str(pair.get("zh") or "–"), str(pair.get("en") or pair.get("zh") or "–"))

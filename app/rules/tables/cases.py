"""The cases of a decision table: each row has one that it decides, and all evaluators give it the same answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from app.core.text import Text
from app.rules.cases import CaseReport, Execute, changed_fact, read_case_files, sweep_facts
from app.rules.explain import judge_of
from app.rules.model import Fault, Ruleset
from app.rules.reading import Content, Key
from app.rules.source import RULESET
from app.rules.sweep import facts_to_relation
from app.rules.tables.deciding import Decision, TableJudge
from app.rules.tables.model import SEVERITY, Answer, Table
from app.rules.tables.sweep import compile_table

NEVER_HIT: Final = Text("没有命中本行的用例", "the row has no case that it decides")
NO_ROW: Final = "none"
_KEYS: Final = frozenset({"name", "base", "set", "expect", "matches"})

Decided = tuple[tuple[str, tuple[Answer | None, ...]], ...]
"""The deciding rows with their answers, in the order of the table."""


@dataclass(frozen=True, slots=True)
class TableCase:
    """A fact, the row that must decide it (`none`: no row), the answers and, if given, all rows that must match."""

    row: str
    name: Text
    fact: Mapping[str, Any]
    expect: Mapping[str, Any]
    matches: tuple[str, ...] | None
    file: str
    line: int


def run_table_cases(ruleset: Ruleset, table: Table, execute: Execute | None = None) -> CaseReport:
    """Run all cases of a table by explain and, if there is something to execute SQL, by the sweep; of a table that checks
    also by its rules. A fault is told for each wrong decision, each difference, and each row that no case shows.
    """
    bases, contents, faults = read_case_files(ruleset)
    cases: list[TableCase] = []
    for content in contents:
        cases.extend(_cases(content, ruleset, table, bases))
        faults.extend(content.faults)
    judge = TableJudge(table)
    facts: list[Mapping[str, Any]] = [*bases.values(), *(case.fact for case in cases)]
    decisions = [judge.decide(fact) for fact in facts]
    wrong = [
        fault
        for case, decision in zip(cases, decisions[len(bases) :], strict=True)
        for fault in _wrong(case, decision, table)
    ]
    places = [("", 1, "", name) for name in bases] + [(c.file, c.line, c.row, c.name.en) for c in cases]
    differing = [
        Fault(places[n][0], places[n][1], places[n][2], message)
        for n, message in _differences(ruleset, table, facts, decisions, execute)
    ]
    hit = frozenset(case.row for case, decision in zip(cases, decisions[len(bases) :], strict=True)
                    if case.row in decision.deciding)  # fmt: skip
    shown = f"{ruleset.source.name}/{RULESET}"
    uncovered = [Fault(shown, row.line, row.id, NEVER_HIT) for row in table.rows if row.id not in hit]
    return CaseReport(
        ruleset,
        cases=len(cases),
        failed=len(wrong),
        checked=len(facts) if execute else 0,
        disagreements=len(differing),
        passing=hit,
        failing=hit,
        faults=(*faults, *wrong, *differing, *uncovered),
    )


def sweep_table(ruleset: Ruleset, table: Table, facts: Sequence[Mapping[str, Any]], execute: Execute) -> list[Decided]:
    """The deciding rows of each fact with their answers, as the sweep has them."""
    relation, parameters = facts_to_relation(ruleset.vocabulary, facts)
    order = {row.id: place for place, row in enumerate(table.rows)}
    found: list[list[tuple[str, tuple[Answer | None, ...]]]] = [[] for _ in facts]
    for number, row, *answers in execute(compile_table(table, ruleset.vocabulary).sql(relation), parameters):
        if row is not None:
            found[number].append((row, tuple(answers)))
    return [tuple(sorted(rows, key=lambda row: order[row[0]])) for rows in found]


def decided(table: Table, decision: Decision) -> Decided:
    """A decision in the form in which the sweep gives it."""
    rows = {row.id: row.answers for row in table.rows}
    return tuple((row, rows[row]) for row in decision.deciding)


def findings(table: Table, decision: Decision) -> frozenset[str]:
    """The deciding rows that make a finding."""
    rows = {row.id: row for row in table.rows}
    return frozenset(row for row in decision.deciding if table.answer(rows[row], SEVERITY) is not None)


def _differences(
    ruleset: Ruleset,
    table: Table,
    facts: Sequence[Mapping[str, Any]],
    decisions: Sequence[Decision],
    execute: Execute | None,
) -> Iterable[tuple[int, Text]]:
    """The numbers of the facts on which two evaluators differ, and what each says."""
    if execute is not None and facts:
        for number, other in enumerate(sweep_table(ruleset, table, facts, execute)):
            if decided(table, decisions[number]) != other:
                mine, theirs = ", ".join(decisions[number].deciding) or "-", ", ".join(row for row, _ in other) or "-"
                yield (
                    number,
                    Text(f"两种判断不一致：逐条{mine}，批量{theirs}", f"explain says {mine}, the sweep {theirs}"),
                )
    if not ruleset.rules:
        return
    judge = judge_of(ruleset)
    swept = sweep_facts(ruleset, facts, execute) if execute is not None and facts else None
    for number, fact in enumerate(facts):
        mine_found = findings(table, decisions[number])
        by_rules = frozenset(finding.rule for finding in judge.judge(fact))
        if by_rules != mine_found or (swept is not None and swept[number] != mine_found):
            yield number, Text("作为校验规则时结论不同", "judged as rules the table says something else")


def _wrong(case: TableCase, decision: Decision, table: Table) -> Iterable[Fault]:
    def fault(zh: str, en: str) -> Fault:
        return Fault(case.file, case.line, case.row, Text(f"用例“{case.name.zh}”{zh}", f"case “{case.name.en}” {en}"))

    got = ", ".join(decision.deciding) or NO_ROW
    if case.row not in decision.deciding and not (case.row == NO_ROW and not decision.deciding):
        yield fault(f"应由{case.row}决定，实由{got}", f"should be decided by {case.row}, is by {got}")
        return
    for name, value in case.expect.items():
        answer = decision.answers[name]
        if not _same(value, answer):
            yield fault(f"的{name}应为{value}，实为{answer}", f"should have {name} {value}, has {answer}")
    if case.matches is not None and case.matches != decision.matched:
        wanted, matched = ", ".join(case.matches) or "-", ", ".join(decision.matched) or "-"
        yield fault(f"应符合{wanted}，实际符合{matched}", f"should match {wanted}, matches {matched}")


def _same(wanted: object, answer: object) -> bool:
    if isinstance(wanted, list) and isinstance(answer, list):
        return len(wanted) == len(answer) and all(map(_same, wanted, answer))
    if isinstance(answer, Decimal | int) and not isinstance(answer, bool) and not isinstance(wanted, bool):
        return str(wanted) == f"{answer:f}" if isinstance(answer, Decimal) else str(wanted) == str(answer)
    return wanted == answer


def _cases(
    content: Content, ruleset: Ruleset, table: Table, bases: Mapping[str, dict[str, Any]]
) -> Iterable[TableCase]:
    data = content.data
    if not isinstance(data, dict) or not isinstance(data.get("cases"), list):
        if not content.faults:
            content.wrong(Text("须有row和cases", "needs row and cases"))
        return
    content.known_keys(data, ("row", "cases"))
    row = str(data.get("row", ""))
    if row != NO_ROW and row not in {known.id for known in table.rows}:
        content.wrong(Text(f"决策表中没有行“{row}”（没有行决定时写none）",
                           f"the table has no row “{row}” (write none where no row is to decide)"), "row")  # fmt: skip
        return
    for index, raw in enumerate(data["cases"]):
        case = _case(content, ruleset, table, bases, row, ("cases", index), raw)
        if case is not None:
            yield case


def _case(
    content: Content,
    ruleset: Ruleset,
    table: Table,
    bases: Mapping[str, dict[str, Any]],
    row: str,
    key: Key,
    raw: object,
) -> TableCase | None:
    if not isinstance(raw, dict) or raw.keys() - _KEYS:
        content.wrong(
            Text("用例只有name、base、set、expect、matches", "a case has name, base, set, expect, matches"), *key
        )
        return None
    expect, matches = raw.get("expect") or {}, raw.get("matches")
    outputs = {output.id for output in table.outputs}
    if not isinstance(expect, dict) or not outputs.issuperset(expect):
        content.wrong(
            Text("expect须是输出列到结论的键值结构", "expect must map output columns to answers"), *key, "expect"
        )
        return None
    if matches is not None and not isinstance(matches, list):
        content.wrong(Text("matches须是行id的列表", "matches must be a list of row ids"), *key, "matches")
        return None
    fact = changed_fact(content, ruleset.vocabulary, bases, raw, key, row)
    if fact is None:
        return None
    name = content.text_pair(raw.get("name"), *key, "name", rule=row)
    listed = None if matches is None else tuple(map(str, matches))
    return TableCase(row, name, fact, expect, listed, content.file, content.line(*key))

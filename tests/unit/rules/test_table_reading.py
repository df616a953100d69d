"""Tables written as YAML: what is wrong is told all at once with line and row; each row has to have a case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.rules.cases import Execute
from app.rules.coverage import cover
from app.rules.explain import judge
from app.rules.loading import load_ruleset, read_facts
from app.rules.model import RulesetInvalid
from app.rules.proof import prove
from app.rules.tables.writing import table_data

HEAD = """\
ruleset: risk.example
kind: table
title: {zh: 示例, en: An example}
effective: {from: '2024-01-01'}
facts: {record: record.410}
"""
TABLE = """\
hit: unique
inputs:
  - {id: overdue, title: {zh: 逾期天数, en: days overdue}, value: H.OverdDy, type: integer, range: '[0, 999]'}
  - {id: kind, title: {zh: 账户类型, en: type of account}, value: B.AcctType, type: code}
outputs:
  - {id: severity, title: {zh: 级别, en: severity}, type: text}
  - {id: blame, title: {zh: 指向, en: blame}, type: text}
rows:
  - id: A1
    when: {overdue: '> 90', kind: [D1, R1]}
    then: {severity: warn, blame: H.OverdDy}
    note: {zh: 逾期超过90天, en: More than 90 days overdue}
  - id: A2
    when: {overdue: '[1, 90]'}
    then: {severity: info}
    note: {zh: 有逾期, en: Overdue}
"""
CASES = {
    "_base.yaml": "plain:\n  B: {AcctType: D1}\n  H: {OverdDy: '0'}\n",
    "A1.yaml": (
        "row: A1\ncases:\n  - name: {zh: 九十一, en: ninety-one}\n    base: plain\n"
        "    set: {H.OverdDy: '91'}\n    expect: {severity: warn}\n    matches: [A1]\n"
    ),
    "A2.yaml": (
        "row: A2\ncases:\n  - name: {zh: 九十, en: ninety}\n    base: plain\n    set: {H.OverdDy: '90'}\n"
        "    expect: {severity: info, blame: null}\n"
    ),
    "none.yaml": "row: none\ncases:\n  - {name: {zh: 没有逾期, en: not overdue}, base: plain}\n",
}


def faults_of(folder: Path) -> list[tuple[int, str, str]]:
    with pytest.raises(RulesetInvalid) as refused:
        load_ruleset(folder)
    return [(fault.line, fault.rule, fault.message.en) for fault in refused.value.faults]


def test_a_table_with_severities_is_a_check(write_ruleset: Callable[..., Path], execute: Execute) -> None:
    folder = write_ruleset(TABLE, CASES, HEAD)
    ruleset = load_ruleset(folder)

    found = judge(ruleset, {"H": {"OverdDy": "120"}, "B": {"AcctType": "R1"}})

    assert read_facts(folder) == ("record.410", None)
    assert [(f.rule, f.tag, f.severity, f.message.zh) for f in found] == [("A1", "OverdDy", "warn", "逾期超过90天")]
    data = prove([folder], execute).as_data()
    assert (data["faults"], data["cases"], data["agreement"]) == ([], 3, {"checked": 4, "disagreements": 0})


def test_a_table_without_severities_decides_and_finds_nothing(write_ruleset: Callable[..., Path]) -> None:
    text = TABLE.replace("id: severity", "id: grade").replace("severity:", "grade:") + "complete: false\n"
    ruleset = load_ruleset(write_ruleset(text, CASES, HEAD))

    assert ruleset.rules == ()
    assert read_facts(ruleset.source) == ("", None)
    assert ruleset.table is not None
    assert ruleset.table.rows[0].answers == ("warn", "H.OverdDy")
    assert cover([ruleset]).only_shared == ()


def test_rows_without_a_case_and_wrong_decisions_are_told(write_ruleset: Callable[..., Path], execute: Execute) -> None:
    wrong = CASES["A2.yaml"].replace("row: A2", "row: A1")
    folder = write_ruleset(TABLE, {**CASES, "A2.yaml": wrong}, HEAD)

    faults = {(fault.rule, fault.message.en) for fault in prove([folder], execute).faults}

    data = prove([folder], execute).as_data()
    assert (data["tables"], data["rows"], data["rows_without_case"]) == (1, 2, 1)
    assert faults == {
        ("A1", "case “ninety” should be decided by A1, is by A2"),
        ("A2", "the row has no case that it decides"),
    }


def test_however_it_is_spelt_a_table_is_written_in_one_way(write_ruleset: Callable[..., Path]) -> None:
    def written(text: str) -> dict[str, Any]:
        ruleset = load_ruleset(write_ruleset(text, CASES, HEAD))
        assert ruleset.table is not None
        return table_data(ruleset, ruleset.table)

    spelt = TABLE.replace("'> 90', kind: [D1, R1]", "'>90', kind: 'D1,R1'").replace("'[1, 90]'", "'1..90', kind: '-'")

    assert written(TABLE) == written(spelt) != written(TABLE.replace("'> 90'", "'> 91'"))


def test_everything_wrong_is_told_at_once_with_its_line(write_ruleset: Callable[..., Path]) -> None:
    text = (
        TABLE.replace("H.OverdDy, type", "H.OverdDays, type")
        .replace("value: B.AcctType, type: code", "value: B.AcctType, type: number")
        .replace("hit: unique", "hit: best")
        .replace("severity: warn", "severity: worse")
        .replace("blame: H.OverdDy", "blame: H.Nothing")
        .replace("id: A2", "id: A1")
        .replace("note: {zh: 有逾期, en: Overdue}", "remark: 有逾期")
    )
    faults = faults_of(write_ruleset(text, {}, HEAD))

    assert [(line, rule) for line, rule, _ in faults] == [
        (6, ""), (8, ""), (9, ""), (16, "A1"), (16, "A1"), (18, "A1"), (18, "A1"), (21, "A1"),
    ]  # fmt: skip
    words = " | ".join(text for _, _, text in faults)
    for said in ("hit must be one of", "did you mean “H.OverdDy”", "the type number needs a number", "one of info, warn, block",
                 "no name “H.Nothing”", "stands twice", "no key “remark”", "needs a note"):  # fmt: skip
        assert said in words


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rows:\n", "rows: []\nold_rows:\n", "rows must be a list of at least one"),
        ("'> 90'", "'> B'", "“B” is not a number"),
        ("[D1, R1]", "[D1, Q9]", "the code table has no “Q9”"),
        ("overdue: '> 90'", "overdu: '> 90'", "did you mean “overdue”"),
        ("'> 90'", "'> 999'", "no value that can occur fits the column overdue"),
        ("'> 90'", "'> 80'", "contradict each other: both match days overdue is 81"),
        ("type: integer, range: '[0, 999]'", "type: integer, range: 'not 5'", "must be one range"),
        ("hit: unique", "hit: unique\ncomplete: true", "no row covers days overdue is 0"),
        ("kind: [D1, R1]", "kind: {a: b}", "must be a text or a list"),
        ("id: A1", "id: 'A 1'", "a row needs an id"),
        ("id: kind", "id: Kind", "a column id has small letters"),
        ("id: kind", "id: overdue", "stands twice"),
        ("value: H.OverdDy", "value: days(H.CloseDate)", "wrong number of arguments"),
        ("value: H.OverdDy", "value: __import__('os')", "there is no function"),
        ("en: Overdue", 'en: "Over\\u0001due"', "control characters"),
        ("hit: unique", "hit: worst", ""),
    ],
)
def test_what_a_table_may_not_be(write_ruleset: Callable[..., Path], old: str, new: str, says: str) -> None:
    assert old in TABLE
    folder = write_ruleset(TABLE.replace(old, new, 1), CASES, HEAD)
    if not says:
        assert load_ruleset(folder).table is not None
        return

    assert any(says in text for _, _, text in faults_of(folder))

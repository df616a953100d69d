"""Two contents of a ruleset compared rule by rule: what was added, taken away and changed, and whether it judges otherwise."""

from __future__ import annotations

from app.rules.loading import load_ruleset, texts_of
from app.rules.reader.comparing import Comparison, compare
from app.rules.reader.shelf import shown
from app.rules.registry.shipped import ROOT
from app.rules.source import Texts

FOLDER = "submission/personal_credit_agreement_deletion"
FILE, CASES = f"{FOLDER}/ruleset.yaml", f"{FOLDER}/cases/P224-001.yaml"
TABLE = "risk/overdue_to_five_level"


def compared(folder: str, *changes: tuple[str, str, str]) -> Comparison:
    """The shipped ruleset against itself with texts replaced: (file, old, new)."""
    texts = texts_of(ROOT / folder)
    files = dict(texts.files)
    for file, old, new in changes:
        assert old in files[file]
        files[file] = files[file].replace(old, new, 1)
    return compare(shown(load_ruleset(texts)), shown(load_ruleset(Texts(folder, files))))


def told(found: Comparison) -> list[tuple[str, str]]:
    """What was removed and came, of everything that differs, in Chinese."""
    differences = [*found.head, *(each for rule in found.rules for each in rule.differences)]
    return [
        (
            "".join(s.text for s in each.zh[0] if s.change == "gone"),
            "".join(s.text for s in each.zh[1] if s.change == "new"),
        )
        for each in differences
    ]


def test_the_same_content_differs_in_nothing() -> None:
    assert compared(FOLDER).same


def test_a_severity_changes_what_is_judged_and_is_told_in_words() -> None:
    found = compared(FOLDER, (FILE, "severity: block", "severity: warn"))

    (change,) = found.rules
    assert (change.id, change.kind, change.judging) == ("P224-001", "changed", True)
    assert told(found) == [("拦截", "提示")]


def test_a_title_judges_nothing_otherwise() -> None:
    found = compared(FOLDER, (FILE, "待删除的授信协议须已在征信中心", "待删除的授信协议应已在征信中心"))

    (change,) = found.rules
    assert not change.judging
    assert told(found) == [("须", "应")]


def test_a_condition_is_told_in_words_and_as_written() -> None:
    found = compared(FOLDER, (FILE, "require: accepted.exists", "require: not accepted.exists"))

    (change,) = found.rules
    assert change.judging
    labels = [(each.label.en, each.written) for each in change.differences]
    assert labels == [("Condition", False), ("Condition as written", True)]


def test_rules_and_cases_that_came_and_went() -> None:
    added = (FILE, "rules:\n", "rules:\n  - {id: P224-900, title: {zh: 新, en: new}, severity: info, confidence: low, stage: format,"
             " require: filled(DelRecCode)}\n")  # fmt: skip
    found = compared(FOLDER, added, (CASES, "expect: [P224-001]", "expect: []"))

    assert [each.id for each in found.of("added")] == ["P224-900"]
    (change,) = found.of("changed")
    assert [case.kind for case in change.cases] == ["changed"]
    assert not change.judging, "cases judge nothing"
    turned = compare(found.after, found.before)
    assert [each.id for each in turned.of("removed")] == ["P224-900"]


def test_a_table_is_compared_cell_by_cell() -> None:
    file = f"{TABLE}/ruleset.yaml"
    found = compared(TABLE, (file, "when: {overdue: '> 270'}", "when: {overdue: '> 260'}"))

    (change,) = found.rules
    assert change.judging
    assert [each.label.zh for each in change.differences] == ["当前逾期天数"]
    assert told(found) == [("270", "260")]

"""Shared rules: written out for the record type that includes them, told with their own places, shown by cases once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.rules.cases import run_cases, uncovered_shared
from app.rules.loading import load_ruleset
from app.rules.model import RulesetInvalid

COMMON = "title: {zh: 规则, en: rule}, severity: block, confidence: high, stage: format"
HEAD = """\
ruleset: submission.example
kind: check
title: {zh: 示例, en: An example}
effective: {from: '2022-10-01'}
facts: {record: record.210}
include: [area.general]
rules:
"""
OWN = f"  - {{id: R1, {COMMON}, needs: [S1], require: has(B)}}\n"
SHARED = (
    f"  - {{id: S1, {COMMON}, each: {{of: item, tags: [RptDate]}}, require: item <= header.created_date}}\n"
    f"  - {{id: S2, {COMMON}, needs: [S3], each: {{of: item, tags: [InfRecType]}}, require: item == record.type}}\n"
    f"  - {{id: S3, {COMMON}, each: {{of: item, tags: [ContractCode]}}, require: filled(item)}}\n"
    f"  - {{id: S4, number: N4, {COMMON}, checks: []}}\n"
)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a ruleset into an area beside fragments, each given as the text below its title."""

    def written(rules: str = OWN, head: str = HEAD, cases: dict[str, str] | None = None, **fragments: str) -> Path:
        for name, text in {"general": f"rules:\n{SHARED}", **fragments}.items():
            place = tmp_path / "area" / name
            place.mkdir(parents=True, exist_ok=True)
            (place / "rules.yaml").write_text(f"title: {{zh: 共用, en: shared}}\n{text}", encoding="utf-8")
        folder = tmp_path / "area" / "example"
        (folder / "cases").mkdir(parents=True, exist_ok=True)
        (folder / "ruleset.yaml").write_text(head + rules, encoding="utf-8")
        for name, text in (cases or {}).items():
            (folder / "cases" / name).write_text(text, encoding="utf-8")
        return folder

    return written


def faults(folder: Path) -> list[str]:
    with pytest.raises(RulesetInvalid) as raised:
        load_ruleset(folder)
    return [str(fault) for fault in raised.value.faults]


def test_shared_rules_come_first_and_are_written_out_for_the_record(write: Write) -> None:
    ruleset = load_ruleset(write())

    assert [(rule.id, rule.fragment, rule.file, rule.line) for rule in ruleset.rules] == [
        ("S1", "area.general", "general/rules.yaml", 3),
        ("S2", "area.general", "general/rules.yaml", 4),
        ("R1", "", "example/ruleset.yaml", 8),
    ]
    assert [check.blame for check in ruleset.checks] == ["B.RptDate", "B.InfRecType", ""]
    assert ruleset.rule("S2").needs == ()  # S3 is about an item that this record does not have
    assert ruleset.conditions()["R1"] == {"S1"}


def test_a_flat_record_and_a_correction_have_the_same_rules(write: Write) -> None:
    rules = (
        "rules:\n"
        + SHARED
        + (
            f"  - {{id: S5, {COMMON}, each: {{of: item, presence: M}}, when: has_items(segment), require: has(item)}}\n"
            f"  - {{id: S6, {COMMON}, each: {{of: segment, required: true}}, require: has(segment)}}\n"
        )
    )
    own = f"  - {{id: R1, {COMMON}, require: form.parsed}}\n"

    flat = load_ruleset(write(own, HEAD.replace("210", "120"), general=rules))
    correction = load_ruleset(write(own, HEAD.replace("210", "212"), general=rules))

    assert flat.rule("S1").checks[0].blame == "RptDate"
    assert "FamMemName" in {check.blame for check in flat.rule("S5").checks}
    assert correction.rule("S1").checks[0].blame == "BsSgmt.RptDate"
    assert {"BsSgmt.ModRecCode", "MdfcSgmt.H.AcctStatus"} <= {check.blame for check in correction.rule("S5").checks}
    assert [check.tag for check in correction.rule("S6").checks] == ["BsSgmt"]


def test_a_ruleset_adds_to_shared_rules(write: Write) -> None:
    folder = write(
        OWN
        + "  - {extends: S1, needs: [S2], note: {zh: 注, en: note}, require: filled(B.RptDate), blame: B.RptDate}\n"
        + "  - {extends: S4, checks: [{code: X9, require: has(B)}]}\n"
    )

    ruleset = load_ruleset(folder)

    extended = ruleset.rule("S1")
    assert [check.index for check in extended.checks] == [0, 1]
    assert (extended.needs, extended.note and extended.note.en, extended.own) == (("S2",), "note", True)
    assert (extended.file, extended.line) == ("example/ruleset.yaml", 9)
    assert ruleset.rule("S4").number == "N4"
    assert ruleset.rule("S4").checks[0].code == "X9"
    assert not ruleset.rule("S2").own


def test_the_edition_depends_on_what_is_included(write: Write) -> None:
    first = load_ruleset(write()).edition
    same = load_ruleset(write(general=f"# a comment\nrules:\n{SHARED}")).edition
    other = load_ruleset(write(general="rules:\n" + SHARED.replace("<=", "<"))).edition

    assert first == same
    assert first != other


def test_fragments_include_fragments_once(write: Write) -> None:
    head = HEAD.replace("[area.general]", "[area.normal, area.general]")

    ruleset = load_ruleset(
        write(
            head=head,
            normal=f"include: [area.general]\nrules:\n  - {{id: S9, {COMMON}, needs: [S1], require: has(B)}}\n",
        )
    )

    assert [rule.id for rule in ruleset.rules] == ["S1", "S2", "S9", "R1"]


def test_all_faults_of_an_include_are_told_at_once(write: Write) -> None:
    head = HEAD.replace("[area.general]", "[area.general, area.nothing, ../x, area.general]")
    rules = (
        f"  - {{id: S1, {COMMON}, require: has(B)}}\n"
        f"  - {{id: R2, number: N4, {COMMON}, require: has(B)}}\n"
        f"  - {{id: R3, number: N4, {COMMON}, require: has(B)}}\n"
        "  - {extends: S7, require: has(B)}\n"
        "  - {extends: R2, require: has(B)}\n"
    )
    shared = f"more: 1\nrules:\n  - {{id: S1, {COMMON}, each: {{of: item, tags: [RptDat]}}, require: filled(item)}}\n"

    assert faults(write(rules, head, general=shared)) == [
        "example/ruleset.yaml:6 there are no shared rules “area.nothing”",
        "example/ruleset.yaml:6 “../x” is not a name of shared rules (area.folder)",
        "example/ruleset.yaml:6 “area.general” stands twice",
        "example/ruleset.yaml:10 [R3] the official number N4 belongs to rule R2 already (example/ruleset.yaml:9)",
        "example/ruleset.yaml:11 [S7] no shared rule “S7” is included",
        "example/ruleset.yaml:12 [R2] no shared rule “R2” is included",
        "general/rules.yaml:2 there is no key “more”",
        "general/rules.yaml:4 [S1] “RptDat” is not a value for tags in this record",
    ]


def test_an_id_of_a_shared_rule_is_not_given_again(write: Write) -> None:
    found = faults(write(f"  - {{id: S1, {COMMON}, require: has(B)}}\n"))

    assert found == [
        "example/ruleset.yaml:8 [S1] this rule id stands already at general/rules.yaml:3; "
        "to add to a shared rule, write extends"
    ]


def test_includes_may_not_go_in_a_circle(write: Write) -> None:
    one = f"include: [area.other]\nrules:\n{SHARED}"
    other = f"include: [area.general]\nrules:\n  - {{id: S9, {COMMON}, require: has(B)}}\n"

    assert faults(write(general=one, other=other)) == [
        "other/rules.yaml:2 include goes in a circle: area.general → area.other → area.general"
    ]


def test_unreadable_fragments_are_told_with_their_file(write: Write) -> None:
    assert any("general/rules.yaml:3 not valid YAML" in fault for fault in faults(write(general="rules: [")))
    assert "general/rules.yaml:2 rules must be a list of rules" in faults(write(general="rules: 5"))


def test_shared_rules_are_shown_by_cases_in_any_ruleset(write: Write) -> None:
    name = "name: {zh: 用例, en: case}, base: good"
    cases = {
        "_base.yaml": "good: {B: {RptDate: '2026-01-01', InfRecType: '210'}, header: {created_date: '2026-01-02'}}",
        "R1.yaml": f"rule: R1\ncases: [{{{name}, expect: []}}, {{{name}, set: {{B: null}}, expect: [R1]}}]",
        "S1.yaml": f"rule: S1\ncases: [{{{name}, set: {{B.RptDate: '2026-02-01'}}, expect: [S1]}}]",
    }

    report = run_cases(load_ruleset(write(cases=cases)))

    assert report.faults == ()
    assert [str(fault) for fault in uncovered_shared([report])] == [
        "general/rules.yaml:3 [S1] the rule has no passing case",
        "general/rules.yaml:4 [S2] the rule has no passing case",
        "general/rules.yaml:4 [S2] the rule has no failing case",
    ]

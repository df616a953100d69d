from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.rules.loading import find_rulesets, load_ruleset, read_head
from app.rules.model import Fault, RulesetInvalid
from app.rules.source import Texts

HEAD = """\
ruleset: submission.example
kind: check
title: {zh: 示例, en: An example}
effective: {from: '2022-10-01'}
facts: {record: record.210}
rules:
"""
COMMON = "code: X, title: {zh: 规则, en: rule}, severity: block, confidence: high, stage: format"

WriteRuleset = Callable[..., Path]


def faults(folder: Path) -> tuple[Fault, ...]:
    with pytest.raises(RulesetInvalid) as raised:
        load_ruleset(folder)
    return raised.value.faults


def test_a_ruleset_is_loaded(write_ruleset: WriteRuleset) -> None:
    folder = write_ruleset(
        f"  - {{id: R1, {COMMON}, when: B.AcctType == 'D1', require: filled(H.CloseDate), blame: H.CloseDate}}\n"
        f"  - {{id: R2, {COMMON}, needs: [R1], checks: [{{require: has(B), blame: B}}, {{require: has(C)}}]}}\n"
    )

    ruleset = load_ruleset(folder)

    assert ruleset.record_type == "210"
    assert [(check.rule_id, check.index, check.blame, check.tag) for check in ruleset.checks] == [
        ("R1", 0, "H.CloseDate", "CloseDate"),
        ("R2", 0, "B", "AcctBsSgmt"),
        ("R2", 1, "", "0000"),
    ]
    assert ruleset.conditions()["R2"] == {"R1"}
    assert ruleset.rule("R2").needs == ("R1",)
    with pytest.raises(KeyError):
        ruleset.rule("R3")
    assert find_rulesets(folder.parent) == [folder]


def test_the_edition_depends_on_content_not_on_layout(write_ruleset: WriteRuleset) -> None:
    first = load_ruleset(write_ruleset(f"  - {{id: R1, {COMMON}, require: has(B)}}\n")).edition
    same = load_ruleset(write_ruleset(f"\n  # a comment\n  - {{id:   R1, {COMMON}, require: 'has(B)'}}\n")).edition
    other = load_ruleset(write_ruleset(f"  - {{id: R1, {COMMON}, require: has(C)}}\n")).edition

    assert first == same
    assert first != other
    assert len(first) == 64


def test_all_faults_are_told_with_rule_and_line(write_ruleset: WriteRuleset) -> None:
    folder = write_ruleset(
        "  - id: R1\n"
        "    title: {zh: 规则}\n"
        "    severity: bad\n"
        "    confidence: high\n"
        "    stage: format\n"
        "    requires: has(B)\n"
        "    require: >-\n"
        "      has(B) and\n"
        "      filled(B.AccType)\n"
        f"  - {{id: R1, {COMMON}, require: has(B), blame: B.Nothing}}\n"
        f"  - {{id: R2, {COMMON}, needs: [R9], require: 5}}\n"
        f"  - {{{COMMON}}}\n"
    )

    found = [(fault.line, fault.rule, fault.message.en) for fault in faults(folder)]

    assert [line for line, _, _ in found] == sorted(line for line, _, _ in found)
    assert (9, "R1", "must have both zh and en") in found
    assert (10, "R1", "severity must be one of block, warn, info") in found
    assert (13, "R1", "there is no key “requires”; did you mean “require”?") in found
    assert (15, "R1", "require, column 19: there is no name “B.AccType”; did you mean “B.AcctType”?") in found
    assert (17, "R1", "this rule id stands twice") in found
    assert (17, "R1", "there is no name “B.Nothing”") in found
    assert (18, "R2", "needs names no rule “R9”") in found
    assert (18, "R2", "“require” is missing or not a text") in found
    assert (19, "", "a rule needs an id") in found


def test_needs_may_not_go_in_a_circle(write_ruleset: WriteRuleset) -> None:
    folder = write_ruleset(
        f"  - {{id: R1, {COMMON}, needs: [R2], require: has(B)}}\n"
        f"  - {{id: R2, {COMMON}, needs: [R1], require: has(B)}}\n"
    )

    assert [fault.message.en for fault in faults(folder)] == ["needs go in a circle: R1, R2"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a list",
        "ruleset: [",
        "ruleset: {a: &x [*x]}",
        "ruleset: !!python/object/apply:os.system ['true']",
        "? [a, b]\n: c",
        "a: 1\na: 2",
        "facts: {record: record.999}\nrules: []",
        "facts: nothing\nrules: 5",
        "x: " + "[" * 2000,
        "x: " + "{a: " * 60 + "1" + "}" * 60,
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]",
        HEAD.replace("record.210", "file.report") + f"  - {{id: R1, {COMMON}, require: has(name)}}",
        HEAD + f"  - {{id: R1, {COMMON}, checks: []}}",
        HEAD + f"  - {{id: R1, {COMMON}, checks: [{{require: has(B), other: 1}}]}}",
        HEAD + f"  - {{id: R1, {COMMON}, require: has(B), checks: [{{require: has(B)}}]}}",
        HEAD + f"  - {{id: R1, {COMMON}, when: has(B), checks: [{{require: has(B)}}]}}",
        HEAD + f"  - {{id: R1, {COMMON}, when: true, require: has(B)}}",
        HEAD + f"  - {{id: R1, {COMMON}, needs: R2, require: has(B)}}",
        HEAD + f"  - {{id: R1, {COMMON}, each: {{of: things}}, require: has(item)}}",
        HEAD + f"  - {{id: R1, {COMMON}, each: {{of: item, tags: [Nothing]}}, require: has(item)}}",
        HEAD + f"  - {{id: R1, {COMMON}, each: {{of: item, tag: [RptDate]}}, require: has(item)}}",
        HEAD + f"  - {{id: R1, {COMMON}, each: {{of: item, types: [T]}}, require: has(item)}}",
        HEAD + f"  - {{id: R1, {COMMON}, each: {{of: item}}, require: has(itm)}}",
    ],
)
def test_what_cannot_be_used_is_refused(text: str, write_ruleset: WriteRuleset) -> None:
    assert faults(write_ruleset("", head=text))


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    assert faults(tmp_path / "missing")
    (tmp_path / "ruleset.yaml").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in faults(tmp_path)[0].message.en
    (tmp_path / "ruleset.yaml").write_bytes(b"# " + b"x" * 4_000_001)
    assert "too large" in faults(tmp_path)[0].message.en


def test_file_rules_have_names_of_their_own(write_ruleset: WriteRuleset) -> None:
    head = HEAD.replace("{record: record.210}", "{file: file.report}")
    ruleset = load_ruleset(
        write_ruleset(f"  - {{id: F1, {COMMON}, require: name.length == 30 and file.utf8}}\n", head=head)
    )

    assert ruleset.record_type is None
    assert (ruleset.facts, ruleset.subject) == ("file.report", None)


def test_file_rules_may_be_for_one_subject(write_ruleset: WriteRuleset) -> None:
    head = HEAD.replace("{record: record.210}", "{file: file.report, subject: organisation}")
    ruleset = load_ruleset(write_ruleset(f"  - {{id: F1, {COMMON}, require: file.utf8}}\n", head=head))

    assert (ruleset.facts, ruleset.subject) == ("file.report", "organisation")


class TestEach:
    def test_items_are_written_out_over_the_catalogue(self, write_ruleset: WriteRuleset) -> None:
        folder = write_ruleset(
            f"  - {{id: R1, {COMMON}, each: {{of: item, types: [D], segments: [B, K]}}, when: filled(item), require: is_date(item)}}\n"
        )

        checks = load_ruleset(folder).checks

        assert [(check.index, check.blame, check.tag) for check in checks] == [
            (0, "B.RptDate", "RptDate"),
            (1, "K.CagOfTrdInf.TranDate", "TranDate"),
        ]
        assert checks[1].when is None
        assert checks[1].require.text == "all(is_date(item) for p in K.CagOfTrdInf if filled(item))"

    def test_segments_and_groups(self, write_ruleset: WriteRuleset) -> None:
        folder = write_ruleset(
            f"  - {{id: R1, {COMMON}, each: {{of: segment, required: true}}, require: has(segment)}}\n"
            f"  - {{id: R2, {COMMON}, each: {{of: group, segments: [D]}}, require: count_item == count(group)}}\n"
        )

        first, second = load_ruleset(folder).checks

        assert (first.blame, first.tag) == ("B", "AcctBsSgmt")
        assert (second.blame, second.tag) == ("D.RltRepymtNm", "RltRepymtNm")

    def test_selection(self, write_ruleset: WriteRuleset) -> None:
        def selected(each: str) -> list[str]:
            rule = f"  - {{id: R1, {COMMON}, each: {{of: item, {each}}}, require: has(item)}}\n"
            return [check.blame for check in load_ruleset(write_ruleset(rule)).checks]

        assert selected("segments: [B], presence: M, except: [RptDate]")[:2] == ["B.InfRecType", "B.AcctType"]
        assert selected("tags: [H.CloseDate]") == ["H.CloseDate"]
        assert selected("tags: [CloseDate]") == ["H.CloseDate", "J.CloseDate"]
        assert all(
            path.startswith(("D.RltRepymtInf.", "E.CccInf.", "K.CagOfTrdInf.")) for path in selected("in: group")
        )
        assert "B.AcctType" in selected("codes: any")
        assert "B.AcctType" not in selected("codes: none")
        assert selected("codes: FiveCate") == ["H.FiveCate", "J.FiveCate"]
        assert "H.PridAcctBal" in selected("accounts: any")
        assert "H.PridAcctBal" in selected("conditional: true")
        assert "H.CloseDate" in selected("empty_tag: true")

    def test_a_check_can_be_of_each_and_know_the_accounts(self, write_ruleset: WriteRuleset) -> None:
        folder = write_ruleset(
            f"  - id: R1\n    {COMMON.replace(', ', chr(10) + '    ').replace('规则' + chr(10) + '    en', '规则, en')}\n"
            "    checks:\n"
            "      - each: {of: item, accounts: any, tags: [PridAcctBal]}\n"
            "        when: has(segment)\n"
            "        require: has(item) == (B.AcctType in item.accounts)\n"
            "      - require: has(B)\n"
        )

        checks = load_ruleset(folder).checks

        assert [check.index for check in checks] == [0, 1]
        assert checks[0].tag == "PridAcctBal"


def test_what_stands_before_the_rules_is_told_only_where_it_is_a_single_value() -> None:
    bomb = "".join(f"k{n}: &k{n} [{f'*k{n - 1}, *k{n - 1}' if n else 'x'}]\n" for n in range(60))
    for text in (
        f"{bomb}ruleset: *k59\ntitle: {{zh: *k59, en: *k59}}\nrules: []",
        "[" * 3000,
        "effective: {from: 2026-13-45}",
    ):
        head = read_head(Texts("a/b", {"a/b/ruleset.yaml": text}))
        assert (head.name, head.title.zh, head.effective_from) == ("", "", None)

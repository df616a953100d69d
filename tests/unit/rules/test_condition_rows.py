"""Conditions as rows and back: the meaning stays, over every rule that ships; and what comes from a browser is never trusted."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.language import parse
from app.language.nodes import Node, Path
from app.rules.editing.completing import complete
from app.rules.editing.judging import judge, standing_of
from app.rules.editing.outline import content_of, rules_in
from app.rules.editing.sentences import write
from app.rules.editing.tree_reading import text_of
from app.rules.editing.trees import tree_of
from app.rules.loading import find_rulesets, load_ruleset, read_about, texts_of
from app.rules.registry.shipped import ROOT
from app.rules.rule_reading import About

ABOUT = read_about(ROOT / "submission" / "personal_loan_account")
assert ABOUT is not None
HERE = standing_of(ABOUT, "")


def meaning(node: Any) -> Any:
    """A node without its spelling."""
    if isinstance(node, tuple):
        return tuple(map(meaning, node))
    if not isinstance(node, Node):
        return getattr(node, "name", node) if not isinstance(node, str | int) else node
    known = [each.name for each in dataclasses.fields(node) if each.name not in ("text", "field")]
    parts = node.parts if isinstance(node, Path) else ()
    return (type(node).__name__, parts, *(meaning(getattr(node, name)) for name in known))


def test_rows_keep_the_meaning_of_every_shipped_condition() -> None:
    seen = stayed = 0
    for folder in find_rulesets(ROOT):
        ruleset = load_ruleset(folder)
        about = read_about(folder)
        if ruleset.table is not None or about is None:
            continue
        for raw in rules_in(content_of(texts_of(folder)).data):
            for check in raw.get("checks", [raw]):
                if "each" in check:
                    continue
                for text in (check.get("when"), check.get("require")):
                    if text is None:
                        continue
                    root = parse(text, ruleset.vocabulary).root
                    tree = tree_of(root)
                    seen += 1
                    stayed += tree["kind"] == "text"
                    assert meaning(parse(text_of(tree), ruleset.vocabulary).root) == meaning(root), text
                    assert meaning(parse(write(root), ruleset.vocabulary).root) == meaning(root), text
    assert seen > 900
    assert stayed < seen / 20, "rows show nearly all that people have written"


def test_rows_keep_what_is_said_of_every_selected_item() -> None:
    assert ABOUT is not None
    standing = standing_of(ABOUT, "of: item, accounts: any, in: segment")
    text = "has(item) == (B.AcctType in item.accounts) or not filled(segment.X)".partition(" or ")[0]
    judged = judge(text, standing)
    assert judged.places > 1
    tree = judged.as_data()["tree"]
    assert "item.accounts" in text_of(tree)
    assert judge(text_of(tree), standing).expression is not None


@pytest.mark.parametrize(
    "text",
    [
        "not (has(B) and has(H))",
        "not not has(B)",
        "not B.AcctType in ['D1']",
        "(B.RptDate - 1 if True else 2) == 3",
        "1 <= H.AcctBal <= 30 and (has(B) or has(H) or has(J))",
        "H.AcctBal - (H.TotOverd - 1) * 2 >= -5",
        "known(has(B) and has(H)) == True",
        "B.AcctType == 'it\\'s \"x\"'",
        "count(p for p in D.RltRepymtInf if p.ArlpType == '1') == 2",
        "all(any(q.Ccc == p.ArlpName for q in E.CccInf) for p in D.RltRepymtInf if filled(p.ArlpAmt) and has(B))",
        "record.type == '210' and month(B.RptDate) != '2026-10'",
        "has(B) == has(H)",
    ],
)
def test_rows_keep_the_meaning_of_what_is_written_oddly(text: str) -> None:
    assert ABOUT is not None
    found = judge(text, HERE)
    if found.expression is None:
        assert found.problems
        return
    again = judge(text_of(tree_of(found.expression.root)), HERE)
    assert again.expression is not None, again
    assert meaning(again.expression.root) == meaning(found.expression.root)


WORD = st.sampled_from(
    ["group", "each", "compare", "member", "test", "text", "item", "value", "call", "formula", "and", "or", "all", "==", "in", "has",
     "B.AcctType", "p", "days", "number", "'", "__import__('os')", "1) or (1", "a\nb", "\x00", "'\\d' is 1"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["kind", "terms", "join", "negated", "left", "right", "operator", "path", "value", "type", "text", "operands", "name", "test",
     "over", "variable", "quantifier", "such", "body", "item", "values", "container"]
)  # fmt: skip
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | WORD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_rows_from_a_browser_are_a_condition_or_refused(tree: Any) -> None:
    try:
        text = text_of(tree)
    except Invalid:
        return
    assert isinstance(judge(text, HERE).as_data(), dict)


def test_rows_without_end_are_refused() -> None:
    deep: dict[str, Any] = {"kind": "text", "text": "True"}
    for _ in range(200):
        deep = {"kind": "group", "join": "and", "negated": True, "terms": [deep]}
    wide = {"kind": "group", "join": "or", "negated": False, "terms": [{"kind": "text", "text": "True"}] * 5000}
    for tree in (deep, wide, {"kind": "text", "text": "(" * 300}, {"kind": "text", "text": "9" * 5000}):
        with pytest.raises(Invalid):
            text_of(tree)


def options(text: str, about: About | None = ABOUT, each: str = "") -> dict[str, str]:
    assert about is not None
    return {
        option["label"]: option["detail"]["zh"]
        for option in complete(text, len(text), standing_of(about, each))["options"]
    }


def test_names_are_completed_by_letters_and_by_what_they_are_called() -> None:
    assert "账户类型" in options("has(H) and B.Acct")["B.AcctType"]
    assert "B.AcctType" in options("账户类型")
    assert "valid_person_number(" in options("valid_p")
    assert any(label.startswith("codes.AcctType") for label in options("B.AcctType in codes.Acct"))


def test_codes_are_completed_with_their_meanings() -> None:
    assert options("B.AcctType == '")["D1"]
    assert list(options("B.AcctType in ['D1', 'R"))[:4] == ["R1", "R2", "R3", "R4"]
    text = "all(p.ArlpType == '' for p in D.RltRepymtInf)"
    assert complete(text, text.index("''") + 1, HERE)["options"]
    inside = "all(p.ArlpType == '1' for p in D.RltRepymtInf if p.Arlp"
    assert "p.ArlpAmt" in options(inside)
    assert "item" in options("has(it", each="of: item, types: [D]")


def test_faults_come_with_their_place_and_the_nearest_name() -> None:
    (problem,) = judge("has(B) and\n  B.AccType == 'D1'", HERE).problems
    assert (problem.line, problem.column, problem.nearest) == (2, 3, "B.AcctType")
    assert judge("has(B)", standing_of(HERE.about, "of: itme")).problems
    assert judge("has(B)", standing_of(HERE.about, "a: *x")).problems

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language import Vocabulary, compile_node, evaluate, parse

FACT: dict[str, Any] = {
    "B": {"AcctType": " D1 ", "Name": "张三", "RptDate": "2024-02-29"},
    "H": {
        "Status": "9",
        "Division": "999999",
        "Balance": "0100",
        "Ratio": "12.50",
        "Month": "2024-01",
        "CloseDate": "",
        "Moment": "2024-02-29T10:00:00",
        "Parties": [
            {"kind": "1", "amount": "5", "since": "2024-01-01"},
            {"kind": "2", "amount": "", "since": "2024-02-30"},
            {"kind": "2", "amount": "7", "since": ""},
        ],
    },
    "accepted": {"closed": False, "count": 3},
    "form": {"unknown": ["Extra"]},
}


def value_of(text: str, vocabulary: Vocabulary, fact: dict[str, Any] = FACT) -> Any:
    expression = parse(text, vocabulary)
    trace = evaluate(expression, fact)
    quick = compile_node(expression.root)(fact, {})
    assert trace.value == quick
    assert trace.state == {True: "true", False: "false", None: "unknown"}[quick]
    return quick


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # values are read without the blanks around them
        ("B.AcctType == 'D1'", True),
        ("len(B.AcctType) == 2", True),
        ("H.Balance == 100", True),
        ("H.Ratio == 12.5", True),
        ("len(B.Name) == 2 and left(B.Name, 1) == '张'", True),
        # unknown
        ("H.CloseDate > B.RptDate", None),
        ("not H.CloseDate > B.RptDate", None),
        ("H.CloseDate > B.RptDate or True", True),
        ("H.CloseDate > B.RptDate and False", False),
        ("H.CloseDate > B.RptDate and True", None),
        ("B.AcctType in sets.known", None),
        ("B.AcctType in codes.Nowhere", None),
        ("parent('Lines', B.AcctType) == '1'", None),
        # presence is never unknown
        ("has(H.CloseDate)", True),
        ("filled(H.CloseDate)", False),
        ("empty(H.CloseDate)", True),
        ("has(H) and has(H.Parties) and has_items(H)", True),
        ("has(sets) or has(accepted.count)", True),
        # dates and months
        ("days(B.RptDate, '2024-03-01') == 1", True),
        ("month(B.RptDate) == '2024-02'", True),
        ("months(H.Month, month(B.RptDate)) == 1", True),
        ("'2024-01-01' <= B.RptDate <= '2024-12-31'", True),
        ("B.RptDate in ['2024-02-29']", True),
        # text
        ("starts(B.AcctType, 'D') and matches(B.AcctType, '[A-Z][0-9]')", True),
        ("digits(H.Month)", False),
        ("digits(H.Balance, 4)", True),
        ("even_length(B.AcctType, B.Name)", True),
        # numbers are exact
        ("H.Balance * 3 - 1 == 299", True),
        ("abs(-H.Ratio) == 12.5", True),
        ("accepted.count + 1 == 4", True),
        ("or_zero(H.Balance) + or_zero(H.Ratio) + or_zero(accepted.count) == 115.5", True),
        ("known(H.Balance) and known(B.AcctType == 'R1')", True),
        ("not known(H.Balance * 2 > 0)", False),
        ("sum(or_zero(p.amount) for p in H.Parties) == 12", True),
        # forms
        ("conforms(H.Status)", False),
        ("conforms(H.Division)", True),
        ("conforms(B.Name) and conforms(H.Ratio) and conforms(H.Month) and conforms(H.Moment)", True),
        ("conforms(H.CloseDate)", None),
        ("is_date(B.RptDate) and is_date(H.Month) and is_date(H.Moment)", True),
        # groups
        ("count(H.Parties) == 3", True),
        ("count(p for p in H.Parties if p.amount > 1) == 2", True),
        ("all(p.amount > 1 for p in H.Parties)", None),
        ("all(p.amount > 5 for p in H.Parties)", False),
        ("any(p.amount > 5 for p in H.Parties)", True),
        ("any(p.amount > 9 for p in H.Parties)", None),
        ("all(p.amount > 1 for p in H.Parties if filled(p.amount))", True),
        ("sum(p.amount for p in H.Parties) == 12", None),
        ("sum(p.amount for p in H.Parties if filled(p.amount)) == 12", True),
        ("distinct(p.kind for p in H.Parties)", False),
        ("distinct((p.kind, p.amount) for p in H.Parties)", True),
        ("distinct(H.Parties)", True),
        ("any(u == 'Extra' for u in form.unknown) and 'Extra' in form.unknown", True),
        ("all(is_date(p.since) for p in H.Parties)", False),
        ("all(any(q.amount >= p.amount for q in H.Parties) for p in H.Parties if filled(p.amount))", True),
    ],
)
def test_values(text: str, expected: bool | None, vocabulary: Vocabulary) -> None:
    assert value_of(text, vocabulary) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count(H.Parties) == 0", None),
        ("any(p.amount > 0 for p in H.Parties)", None),
        ("has(H) or has(H.Parties) or filled(H.Balance) or has_items(H)", False),
        ("empty(H.Balance)", True),
    ],
)
def test_groups_of_an_absent_segment_are_unknown(text: str, expected: bool | None, vocabulary: Vocabulary) -> None:
    assert value_of(text, vocabulary, {"B": {}}) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count(H.Parties) == 0", True),
        ("any(p.amount > 0 for p in H.Parties)", False),
        ("all(p.amount > 0 for p in H.Parties)", True),
        ("has_items(H)", False),
        ("has(H)", True),
    ],
)
def test_a_segment_without_its_group_has_none(text: str, expected: bool | None, vocabulary: Vocabulary) -> None:
    assert value_of(text, vocabulary, {"H": {}}) is expected


def test_sets_are_known_when_provided(vocabulary: Vocabulary) -> None:
    fact = {**FACT, "sets": {"known": ["D1"]}}

    assert value_of("B.AcctType in sets.known", vocabulary, fact) is True
    assert value_of("B.Name not in sets.known", vocabulary, fact) is True


def test_the_trace_shows_every_node_and_what_was_skipped(vocabulary: Vocabulary) -> None:
    trace = evaluate(parse("B.AcctType == 'R1' and H.Balance > 0 or has(H)", vocabulary), FACT)

    assert trace.state == "true"
    first, second = trace.children
    assert [child.state for child in first.children] == ["false", "skipped"]
    assert first.children[0].children[0].read == " D1 "
    assert first.children[0].children[0].value == "D1"
    assert second.state == "true"
    assert all(node["state"] for node in (trace.as_data(), *trace.as_data()["children"]))  # type: ignore[misc]
    assert len(list(trace.walk())) == 10


def test_the_trace_of_a_quantifier_has_a_branch_per_element(vocabulary: Vocabulary) -> None:
    trace = evaluate(parse("all(p.amount > 5 for p in H.Parties if p.kind == '2')", vocabulary), FACT)

    assert [child.state for child in trace.children] == ["skipped", "unknown", "true"]
    assert trace.children[0].children[-1].state == "skipped"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | st.sampled_from(["2024-02-29", "5"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "amount", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
SHAPELESS = st.dictionaries(
    st.sampled_from(["B", "H", "accepted", "form", "sets"]),
    JSON
    | st.dictionaries(
        st.sampled_from(["AcctType", "Balance", "Parties", "CloseDate", "unknown", "known", "count"]), JSON
    ),
)


@given(SHAPELESS)
def test_any_fact_is_judged_without_an_error(vocabulary: Vocabulary, fact: dict[str, Any]) -> None:
    for text in (
        "B.AcctType == 'D1' and H.Balance * 2 > accepted.count",
        "all(p.amount > 0 for p in H.Parties if p.kind in ['1']) and distinct(H.Parties)",
        "has(H) and has_items(H) and filled(H.Balance) and H.CloseDate < '2024-01-01'",
        "B.AcctType in sets.known or B.AcctType in form.unknown or count(form.unknown) > 1",
        "sum(p.amount for p in H.Parties) > 1 or distinct(p.kind for p in H.Parties) or conforms(H.Balance)",
    ):
        value_of(text, vocabulary, fact)

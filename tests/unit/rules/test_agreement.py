"""The sweep and the interpreter give the same verdict on generated rules over generated records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.text import Text
from app.language import CodeList, Field, Form, Kind, ListOf, Scalar, SetOf, Struct, Vocabulary, parse
from app.rules.explain import Judge
from app.rules.model import Check, Rule, Ruleset
from app.rules.sweep import compile_sweep, facts_to_relation
from app.rules.vocabulary import FUNCTIONS

LETTERS = CodeList("Letters", Text("字母", "letters"), frozenset("ABC"), parents={"A": "X", "B": "Y"})
MANY = CodeList("Many", Text("许多", "many"), frozenset(f"{n:02}" for n in range(40)))
LABEL = Text("项", "item")


def named(name: str, kind: Kind, form: Form | None = None, written: bool = True) -> Field:
    return Field(name, Scalar(kind), LABEL, form, written)


def fields(*named_fields: Field) -> dict[str, Field]:
    return {field.name: field for field in named_fields}


ELEMENT = fields(
    named("t", Kind.TEXT, Form("AN", 3)),
    named("n", Kind.NUMBER, Form("A", 4)),
    named("d", Kind.DATE, Form("D", 10, fixed=True)),
    named("m", Kind.MONTH, Form("M", 7, fixed=True)),
)
SEGMENT = fields(
    named("t", Kind.TEXT, Form("AN", 1, codes=(LETTERS,))),
    named("u", Kind.TEXT, Form("ANC", 3)),
    named("v", Kind.TEXT, Form("AN", 2, fixed=True, codes=(MANY,))),
    named("w", Kind.TEXT, Form("T", 19, fixed=True)),
    named("n", Kind.NUMBER, Form("A", 15)),
    named("o", Kind.NUMBER, Form("N", 6, decimals=2)),
    named("d", Kind.DATE, Form("D", 10, fixed=True)),
    named("e", Kind.DATE, Form("D", 10, fixed=True)),
    named("m", Kind.MONTH, Form("M", 7, fixed=True)),
    Field("G", ListOf(Struct(ELEMENT)), LABEL),
)
VOCABULARY = Vocabulary(
    {
        "B": Field("B", Struct(SEGMENT), LABEL),
        "H": Field("H", Struct(SEGMENT), LABEL),
        "accepted": Field(
            "accepted",
            Struct(
                fields(
                    named("yes", Kind.BOOL, written=False),
                    named("size", Kind.NUMBER, written=False),
                    named("d", Kind.DATE),
                    Field("rows", ListOf(Struct(ELEMENT)), LABEL),
                    Field("previous", Struct(fields(named("n", Kind.NUMBER), named("d", Kind.DATE))), LABEL),
                )
            ),
            LABEL,
        ),
        "header": Field("header", Struct(fields(named("t", Kind.TEXT), named("d", Kind.DATE))), LABEL),
        "form": Field("form", Struct(fields(Field("unknown", ListOf(Scalar(Kind.TEXT)), LABEL))), LABEL),
        "sets": Field("sets", Struct(fields(Field("known", SetOf(), LABEL))), LABEL),
    },
    {"Letters": LETTERS, "Many": MANY, "None": CodeList("None", LABEL, frozenset())},
    FUNCTIONS,
)

# Facts

BLANKS = ["", " ", "\u3000", " \u3000 "]
TEXTS = [
    "A",
    "B",
    "X",
    "AB",
    "张三",
    "12",
    "07",
    "39",
    "Ａ",
    "a|b",
    "é",
    "👨‍👩‍👧",
    "'",
    "x\ny",
    "|",
    "10",
    "20",
    "30",
    "2",
]
NUMBERS = [
    "0",
    "1",
    "5",
    "-3",
    "007",
    "12.5",
    "1.2345",
    "1.23456",
    "1e3",
    "+5",
    ".5",
    "5.",
    "999999999999999",
    "9999999999999999",
]
DATES = [
    "2024-02-29",
    "2023-02-29",
    "2024-2-9",
    "2024-03-01",
    "1900-01-01",
    "2100-01-01",
    "0000-01-01",
    "0001-01-01",
    "infinity",
    "epoch",
]
MONTHS = ["2024-02", "2023-12", "2024-13", "2024-2", "1900-01"]
OTHERS = [
    "2024-02-29T10:00:00",
    "2024-02-29T25:00:00",
    "110000190101010001",
    "110000190101010002",
    "91110000QQ0000012P",
    "CHN123",
]
PADDING = st.sampled_from(["", "", "", "", " ", "\u3000"])
WRITTEN = st.builds(
    lambda before, text, after: before + text + after,
    PADDING,
    st.sampled_from([*TEXTS, *NUMBERS, *DATES, *MONTHS, *OTHERS]),
    PADDING,
) | st.sampled_from(BLANKS)


def likely(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values) | WRITTEN


BY_KIND = {
    Kind.TEXT: likely("A", "B", "AB", "12", "张三"),
    Kind.NUMBER: likely("0", "1", "5", "12.5", "7"),
    Kind.DATE: likely("2024-02-29", "2024-03-01", "2024-01-31"),
    Kind.MONTH: likely("2024-02", "2024-03"),
}


def struct_of(members: dict[str, Field]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: value_of(field) for name, field in members.items()})


def value_of(field: Field) -> st.SearchStrategy[Any]:
    match field.type:
        case Scalar(kind=Kind.BOOL):
            return st.booleans()
        case Scalar(kind=Kind.NUMBER) if not field.written:
            return st.integers(-5, 10**15)
        case Scalar(kind=kind):
            return BY_KIND[kind]
        case ListOf(element=Struct(fields=members)):
            return st.lists(struct_of(members), max_size=3)
        case ListOf() | SetOf():
            return st.lists(BY_KIND[Kind.TEXT], max_size=3)
        case Struct(fields=members):
            return struct_of(members)
        case _:
            raise TypeError(field.type)


FACTS = st.lists(struct_of(dict(VOCABULARY.fields)), min_size=8, max_size=20)

# Expressions, as text


def joined(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda found: pattern.format(*found))


COMPARISONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def paths(kind: str, variable: str) -> st.SearchStrategy[str]:
    top = {
        "text": ["B.t", "H.u", "B.v", "H.w", "header.t"],
        "number": ["B.n", "H.n", "H.o", "accepted.size", "accepted.previous.n"],
        "date": ["B.d", "H.e", "accepted.d", "header.d", "accepted.previous.d"],
        "month": ["B.m", "H.m"],
    }[kind]
    inner = [f"{variable}.{kind[0]}"] * 6 if variable else []
    return st.sampled_from([*top, *inner])


def texts(variable: str) -> st.SearchStrategy[str]:
    path = paths("text", variable)
    return st.one_of(
        path,
        path,
        st.sampled_from(["'A'", "'AB'", "'张三'", "'12'", "'2'"]),
        joined("left({0}, {1})", path, st.sampled_from("0123")),
        joined("parent('Letters', {0})", path),
    )


def numbers(variable: str, deep: bool = True) -> st.SearchStrategy[str]:
    path = paths("number", variable)
    simple = [
        path,
        path,
        st.sampled_from(["0", "1", "5", "12.5", "-3", "999999999999999"]),
        joined("days({0}, {1})", paths("date", variable), paths("date", variable)),
        joined("months({0}, month({1}))", paths("month", variable), paths("date", variable)),
        joined("len({0})", path | paths("text", variable)),
        joined("abs({0})", path),
    ]
    if not deep:
        return st.one_of(*simple)
    lists = st.sampled_from(["B.G", "H.G", "accepted.rows"])
    return st.one_of(
        *simple,
        joined("({0} {1} {2})", numbers(variable, False), st.sampled_from("+-*"), numbers(variable, False)),
        joined("count({0})", lists),
        joined("count(q for q in {0} if {1})", lists, conditions("q", 0)),
        joined("sum(q.n for q in {0})", lists),
        joined("sum({1} for q in {0} if {2})", lists, numbers("q", False), conditions("q", 0)),
    )


def conditions(variable: str = "", depth: int = 2) -> st.SearchStrategy[str]:
    text, date, month = texts(variable), paths("date", variable), paths("month", variable)
    any_path = st.one_of(paths("text", variable), paths("number", variable), date, month)
    standard = st.sampled_from(
        [
            "B.t",
            "B.u",
            "H.v",
            "B.w",
            "B.n",
            "H.o",
            "B.d",
            "H.e",
            "H.m",
            *([f"{variable}.{x}" for x in "tndm"] * 2 if variable else []),
        ]
    )
    leaves = [
        joined("{0} {1} {2}", text, COMPARISONS, text),
        joined("{0} {1} {2}", numbers(variable, depth > 0), COMPARISONS, numbers(variable, False)),
        joined("{0} {1} {2}", date, COMPARISONS, date | st.just("'2024-02-29'")),
        joined("'2024-01-01' <= {0} < {1}", date, date),
        joined("{0} {1} {2}", month | joined("month({0})", date), COMPARISONS, month | st.just("'2024-02'")),
        joined(
            "{0} {1} {2}",
            text,
            st.sampled_from(["in", "not in"]),
            st.sampled_from(
                [
                    "['A', 'AB']",
                    "['A','B','X','12','07','2']",
                    "codes.Letters",
                    "codes.Many",
                    "codes.None",
                    "sets.known",
                    "form.unknown",
                ]
            ),
        ),
        joined("{0} in ['2024-02-29', '2024-03-01']", date),
        joined("{0} not in [1, 5, 12.5, 7, 0, 3]", paths("number", variable)),
        joined("{0}({1})", st.sampled_from(["has", "filled", "empty"]), any_path),
        joined("{0}({1})", st.sampled_from(["conforms", "is_date"]), standard),
        joined("starts({0}, {1})", text, st.sampled_from(["'A'", "'1'"]) | paths("text", variable)),
        joined("digits({0}{1})", any_path, st.sampled_from(["", ", 0", ", 2"])),
        joined("matches({0}, {1})", text, st.sampled_from([r"r'[A-Z]+'", r"r'\d{2}'", "'.*'", "'[^A]'"])),
        joined("valid_person_number({0}, {1})", text, paths("text", variable)),
        joined("valid_organisation_number({0}, {1})", text, paths("text", variable)),
        st.sampled_from(
            [
                "accepted.yes",
                "has(H)",
                "has_items(H)",
                "has(B.G)",
                "has(accepted.previous)",
                "True",
                "accepted.yes == has(H)",
            ]
        ),
    ]
    if depth == 0:
        return st.one_of(*leaves)
    inner = conditions(variable, depth - 1)
    lists = st.sampled_from(["B.G", "H.G", "accepted.rows"])
    name = "p" if not variable else "r"
    loops = [
        joined(
            f"{{0}}({{1}} for {name} in {{2}})", st.sampled_from(["all", "any"]), conditions(name, depth - 1), lists
        ),
        joined(
            f"{{0}}({{1}} for {name} in {{2}} if {{3}})",
            st.sampled_from(["all", "any"]),
            conditions(name, depth - 1),
            lists,
            conditions(name, 0),
        ),
        joined(f"distinct({{0}} for {name} in {{1}})", texts(name) | paths("number", name), lists),
        joined(f"distinct(({{0}}, {name}.n) for {name} in {{1}} if {{2}})", texts(name), lists, conditions(name, 0)),
        joined("distinct({0})", lists),
        st.just(f"any({name} == 'A' for {name} in form.unknown)"),
    ]
    return st.one_of(
        *leaves,
        *loops,
        joined("({0} and {1})", inner, inner),
        joined("({0} or {1})", inner, inner),
        joined("not ({0})", inner),
        joined("({0}) == ({1})", inner, inner),
        joined("({0}) != ({1})", inner, inner),
    )


RULES = st.lists(
    st.tuples(conditions(), st.none() | conditions(depth=1), st.booleans()),
    min_size=4,
    max_size=10,
)


def ruleset_of(parts: list[tuple[str, str | None, bool]]) -> Ruleset:
    rules = []
    for index, (require, when, needs) in enumerate(parts):
        rule_id = f"R{index}"
        check = Check(rule_id, 0, parse(when, VOCABULARY) if when else None, parse(require, VOCABULARY), "", "0000")
        needed = (f"R{index - 1}",) if needs and index else ()
        rules.append(Rule(rule_id, "X", "", LABEL, "block", "high", "format", needed, None, (check,), 1))
    return Ruleset(
        "t", "check", LABEL, (), "", "record.000", tuple(rules), "edition", VOCABULARY, Path("t/ruleset.yaml")
    )


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    return connection


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(RULES, FACTS)
def test_sweep_and_explain_agree(
    connection: duckdb.DuckDBPyConnection, parts: list[tuple[str, str | None, bool]], facts: list[dict[str, Any]]
) -> None:
    ruleset = ruleset_of(parts)
    judge = Judge(ruleset)
    expected = {(row, finding.rule) for row, fact in enumerate(facts) for finding in judge.judge(fact)}

    query, parameters = facts_to_relation(VOCABULARY, facts)
    rows = connection.execute(compile_sweep(ruleset).sql(query), parameters).fetchall()

    assert {(row[0], row[1]) for row in rows} == expected

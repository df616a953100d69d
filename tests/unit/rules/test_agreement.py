"""The sweep and the interpreter give the same verdict on generated rules over generated records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.core.text import Text
from app.language import CodeList, Field, Form, Kind, ListOf, Scalar, SetOf, Struct, Vocabulary, parse
from app.rules.explain import Judge
from app.rules.model import Check, Rule, Ruleset
from app.rules.sweep import Compiled, facts_to_relation
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
        "M": Field(
            "M",
            Struct(fields(Field("H", Struct(SEGMENT), LABEL), Field("D", Struct(SEGMENT), LABEL))),
            LABEL,
        ),
        "t": named("t", Kind.TEXT, Form("AN", 3)),
        "n": named("n", Kind.NUMBER, Form("A", 17, decimals=2)),
        "d": named("d", Kind.DATE, Form("D", 10, fixed=True)),
        "form": Field("form", Struct(fields(Field("unknown", ListOf(Scalar(Kind.TEXT)), LABEL))), LABEL),
        "sets": Field("sets", Struct(fields(Field("known", SetOf(), LABEL))), LABEL),
    },
    {"Letters": LETTERS, "Many": MANY, "Nowhere": CodeList("Nowhere", LABEL, frozenset())},
    FUNCTIONS,
    {"record.type": "A"},
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
PADDINGS = ["", "", "", "", "", "", " ", "\u3000"]
USUAL = {
    Kind.TEXT: ["A", "B", "AB", "12", "张三", "10", "2"],
    Kind.NUMBER: ["0", "1", "5", "12.5", "7"],
    Kind.DATE: ["2024-02-29", "2024-03-01", "2024-01-31"],
    Kind.MONTH: ["2024-02", "2024-03", "2024-01"],
}


class Maker:
    """Makes facts and expressions from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    # facts

    def written(self, kind: Kind) -> str:
        if self.random.random() < 0.6:
            return self.pick(*USUAL[kind])
        if self.random.random() < 0.2:
            return self.pick(*BLANKS)
        text = self.pick(*TEXTS, *NUMBERS, *DATES, *MONTHS, *OTHERS)
        return self.pick(*PADDINGS) + str(text) + self.pick(*PADDINGS)

    def struct(self, members: Mapping[str, Field]) -> dict[str, Any]:
        return {name: self.value(field) for name, field in members.items() if self.random.random() < 0.8}

    def value(self, field: Field) -> Any:
        match field.type:
            case Scalar(kind=Kind.BOOL):
                return self.pick(True, False)
            case Scalar(kind=Kind.NUMBER) if not field.written:
                return self.pick(0, 1, 5, -3, 10**15)
            case Scalar(kind=kind):
                return self.written(kind)
            case ListOf(element=Struct(fields=members)):
                return [self.struct(members) for _ in range(self.random.randrange(4))]
            case Struct(fields=members):
                return self.struct(members)
            case _:
                return [self.written(Kind.TEXT) for _ in range(self.random.randrange(3))]

    # expressions, as text

    def operator(self) -> str:
        return str(self.pick("==", "!=", "<", "<=", ">", ">="))

    def listed(self) -> str:
        return str(self.pick("B.G", "H.G", "M.H.G", "accepted.rows"))

    def path(self, kind: str, variable: str) -> str:
        if variable and self.random.random() < 0.6:
            return f"{variable}.{kind[0]}"
        tops = {
            "text": ["B.t", "H.u", "B.v", "H.w", "header.t", "M.H.t", "t"],
            "number": ["B.n", "H.n", "H.o", "accepted.size", "accepted.previous.n", "M.D.n", "n"],
            "date": ["B.d", "H.e", "accepted.d", "header.d", "accepted.previous.d", "M.H.d", "d"],
            "month": ["B.m", "H.m", "M.D.m"],
        }
        return str(self.pick(*tops[kind]))

    def text(self, variable: str) -> str:
        path = self.path("text", variable)
        literals = ("'A'", "'AB'", "'张三'", "'12'", "'2'")
        return str(
            self.pick(
                path,
                path,
                path,
                self.pick(*literals),
                f"left({path}, {self.pick(0, 1, 2)})",
                f"parent('Letters', {path})",
            )
        )

    def number(self, variable: str, depth: int = 1) -> str:
        path, day, month = (self.path(kind, variable) for kind in ("number", "date", "month"))
        simple = [
            path,
            path,
            self.pick("0", "1", "5", "12.5", "-3", "999999999999999"),
            f"days({day}, {self.path('date', variable)})",
            f"months({month}, month({day}))",
            f"len({self.pick(path, self.path('text', variable))})",
            f"abs({path})",
            f"or_zero({path})",
        ]
        if depth == 0:
            return str(self.pick(*simple))
        items = self.listed()
        return str(
            self.pick(
                *simple,
                f"({self.number(variable, 0)} {self.pick(*'+-*')} {self.number(variable, 0)})",
                "(" + " + ".join(f"or_zero({self.path('number', variable)})" for _ in range(12)) + ")",
                f"({self.pick('2', '-3', '12.5')} * ({self.number(variable, 0)} - or_zero({path}) + 1))",
                f"count({items})",
                f"count(q for q in {items} if {self.condition('q', 0)})",
                f"sum(q.n for q in {items})",
                f"sum({self.number('q', 0)} for q in {items} if {self.condition('q', 0)})",
            )
        )

    def leaf(self, variable: str, depth: int) -> str:
        text, number = self.text(variable), self.number(variable, min(depth, 1))
        day, month = self.path("date", variable), self.path("month", variable)
        anything = self.path(self.pick("text", "number", "date", "month"), variable)
        prescribed = self.pick(
            "B.t", "B.u", "H.v", "B.w", "B.n", "H.o", "B.d", "H.e", "H.m", "M.H.t", "M.D.o", "M.H.d", "t", "n"
        )
        if variable and self.pick(True, False):
            prescribed = f"{variable}.{self.pick(*'tndm')}"
        containers = (
            "['A', 'AB']", "['A', 'B', 'X', '12', '07', '2']", "codes.Letters", "codes.Many", "codes.Nowhere", "sets.known",
            "form.unknown",
        )  # fmt: skip
        patterns = (r"r'[A-Z]+'", r"r'\d{2}'", "'.*'", "'[^A]'", r"r'\(?[0-9]{2}\)?'")
        return str(
            self.pick(
                f"{text} {self.operator()} {self.text(variable)}",
                f"{text} {self.operator()} {self.text(variable)}",
                f"{number} {self.operator()} {self.number(variable, 0)}",
                f"{number} {self.operator()} {self.number(variable, 0)}",
                f"{day} {self.operator()} {self.pick(self.path('date', variable), repr('2024-02-29'))}",
                f"'2024-01-01' <= {day} < {self.path('date', variable)}",
                f"{self.pick(month, f'month({day})')} {self.operator()} {self.pick(month, repr('2024-02'))}",
                f"{text} {self.pick('in', 'not in')} {self.pick(*containers)}",
                f"{text} {self.pick('in', 'not in')} {self.pick(*containers)}",
                f"{day} {self.pick('in', 'not in')} ['2024-02-29', '2024-03-01']",
                f"{self.path('number', variable)} not in [1, 5, 12.5, 7, 0, 3]",
                f"{self.pick('has', 'filled', 'empty')}({anything})",
                f"known({self.pick(number, text, anything)})",
                f"known({text} == {self.text(variable)})",
                f"known({self.pick('accepted.yes', f'{day} < accepted.d', f'{number} > 5')})",
                f"{self.pick('conforms', 'is_date')}({prescribed})",
                f"{self.pick('conforms', 'is_date')}({prescribed})",
                f"starts({text}, {self.pick(repr('A'), repr('1'), self.path('text', variable))})",
                f"digits({anything}{self.pick('', ', 0', ', 2')})",
                f"matches({text}, {self.pick(*patterns)})",
                f"valid_person_number({text}, {self.path('text', variable)})",
                f"valid_organisation_number({text}, {self.path('text', variable)})",
                self.pick("accepted.yes", "has(H)", "has_items(H)", "has(B.G)", "has(accepted.previous)", "True"),
                self.pick("has(M)", "has(M.H)", "has_items(M.D)", "has(M.H.G)", "filled(t)", "t == record.type"),
                "accepted.yes == has(H)",
            )
        )

    def condition(self, variable: str = "", depth: int = 2) -> str:
        if depth == 0:
            return self.leaf(variable, 0)
        name, items = "r" if variable else "p", self.listed()
        match self.random.randrange(12):
            case 0:
                return f"{self.pick('all', 'any')}({self.condition(name, depth - 1)} for {name} in {items})"
            case 1:
                body, test = self.condition(name, depth - 1), self.condition(name, 0)
                return f"{self.pick('all', 'any')}({body} for {name} in {items} if {test})"
            case 2:
                body, test = self.text(name), self.condition(name, 0)
                rows = self.pick(f"{name}.{self.pick(*'tndm')}", f"({body}, {name}.n)")
                return f"distinct({rows} for {name} in {items}{self.pick('', f' if {test}')})"
            case 3:
                return self.pick(f"distinct({items})", f"any({name} == 'A' for {name} in form.unknown)")
            case 4 | 5:
                joint = self.pick("and", "or")
                return f"({self.condition(variable, depth - 1)} {joint} {self.condition(variable, depth - 1)})"
            case 6:
                return f"not ({self.condition(variable, depth - 1)})"
            case 7:
                sign = self.pick("==", "!=")
                return f"({self.condition(variable, depth - 1)}) {sign} ({self.condition(variable, depth - 1)})"
            case _:
                return self.leaf(variable, depth)


def ruleset_of(maker: Maker) -> Ruleset:
    rules = []
    for index in range(12):
        rule_id = f"R{index}"
        when = parse(maker.condition(depth=1), VOCABULARY) if maker.pick(True, False) else None
        check = Check(rule_id, 0, when, parse(maker.condition(), VOCABULARY), "", "0000")
        needed = (f"R{index - 1}",) if index and maker.pick(True, False, False) else ()
        rules.append(Rule(rule_id, "X", "", LABEL, "block", "high", "format", needed, None, (check,), "t", 1))
    return Ruleset(
        "t", "check", LABEL, (), "", "record.000", tuple(rules), "edition", VOCABULARY, Path("t/ruleset.yaml")
    )


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    return connection


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.integers(0, 2**32))
def test_sweep_and_explain_agree(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    maker = Maker(seed)
    ruleset = ruleset_of(maker)
    facts = [maker.struct(VOCABULARY.fields) for _ in range(60)]
    judge = Judge(ruleset)
    expected = {(row, finding.rule) for row, fact in enumerate(facts) for finding in judge.judge(fact)}

    query, parameters = facts_to_relation(VOCABULARY, facts)
    compiled = Compiled.of(ruleset)
    rows = connection.execute(compiled.sweep.sql(query), parameters).fetchall()
    connection.execute(f"CREATE OR REPLACE TEMP TABLE facts AS FROM {query}", parameters)
    stored = connection.execute(compiled.of_stored.sql("facts")).fetchall()
    in_portions = [row for each in compiled.portions for row in connection.execute(each.sql("facts")).fetchall()]
    swept = {(row[0], row[1]) for row in rows}

    texts = {rule.id: (rule.checks[0].when, rule.checks[0].require.text) for rule in ruleset.rules}
    assert not [(facts[row], texts[rule]) for row, rule in sorted(swept ^ expected)]
    assert len(swept) == len(rows)
    assert sorted(stored) == sorted(in_portions) == sorted(rows)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.text import Text
from app.language import Field, Kind, Scalar, Struct, Vocabulary
from app.rules.cases import Execute, sweep_facts
from app.rules.coverage import seen_paths, unseen_items
from app.rules.loading import load_ruleset
from app.rules.sweep import compile_sweep, facts_to_relation
from app.rules.sweep import sql as make
from app.rules.sweep.identity import ADDED
from app.rules.vocabulary import column_types, file_vocabulary, record_vocabulary
from app.standard import catalogue, identifiers
from app.standard.layout import column_types as record_columns
from app.standard.layout import segment_type

COMMON = "code: X, title: {zh: 规则, en: rule}, severity: warn, confidence: high, stage: format"
WriteRuleset = Callable[..., Path]


def test_findings_have_id_extra_columns_and_meaning(write_ruleset: WriteRuleset) -> None:
    ruleset = load_ruleset(
        write_ruleset(
            f"  - {{id: R1, {COMMON}, require: B.RptDate <= header.created_date, blame: B.RptDate}}\n"
            f'  - {{id: R2, {COMMON}, require: "left(B.AcctCode, 3) in sets.sections", blame: B.AcctCode}}\n'
        )
    )
    sweep = compile_sweep(ruleset)
    assert set(sweep.columns) == {"B", "header", "sets"}

    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE record (key INT, bucket INT, B {segment_type('210', 'B')})")
        connection.execute("INSERT INTO record (key, bucket) VALUES (1, 7), (2, 8)")
        connection.execute("UPDATE record SET B = struct_pack(AcctCode := 'AAA1', RptDate := '2024-01-0' || key)")
        constants = {"header": {"created_date": "2024-01-01"}, "sets": {"sections": {"AAA"}}}
        rows = connection.execute(sweep.sql("record", "key", ["bucket"], constants)).fetchall()
        unknown = connection.execute(
            sweep.sql("(SELECT * FROM record)", "key", [], {**constants, "sets": {}})
        ).fetchall()
        constants["sets"] = {"sections": ["B'B"]}
        both = connection.execute(sweep.sql("record", "key", ["bucket"], constants)).fetchall()

    assert rows == [(2, 8, "R1", "X", "RptDate", "warn", 0)]
    assert [row[:2] for row in unknown] == [(2, "R1")]
    assert sorted((row[0], row[2]) for row in both) == [(1, "R2"), (2, "R1"), (2, "R2")]


def test_values_with_blanks_are_judged_as_without(write_ruleset: WriteRuleset) -> None:
    ruleset = load_ruleset(write_ruleset(f"  - {{id: R1, {COMMON}, require: B.AcctType == 'D1'}}\n"))
    facts = [{"B": {"AcctType": text}} for text in ("D1", " D1", "D1\u3000", " ", "", "D 1", "D1\t")]

    query, parameters = facts_to_relation(ruleset.vocabulary, facts)
    with duckdb.connect() as connection:
        rows = connection.execute(compile_sweep(ruleset).sql(query), parameters).fetchall()

    assert sorted(row[0] for row in rows) == [5, 6]


@pytest.mark.parametrize("code", ["110", "210", "310", "410"])
def test_columns_are_those_of_the_record_in_the_lake(code: str) -> None:
    columns = column_types(record_vocabulary(code))

    assert {name: columns[name] for name in record_columns(code)} == record_columns(code)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({', '.join(f'{name} {type_}' for name, type_ in columns.items())})")


def test_every_record_has_a_layout() -> None:
    with duckdb.connect() as connection:
        for code in catalogue.current().records:
            columns = ", ".join(f'"{name}" {type_}' for name, type_ in record_columns(code).items())
            connection.execute(f"CREATE OR REPLACE TABLE t ({columns})")


def test_file_facts_have_columns() -> None:
    assert column_types(file_vocabulary())["file"].startswith('STRUCT("utf8" BOOLEAN')


def test_arithmetic_never_overflows(write_ruleset: WriteRuleset) -> None:
    ruleset = load_ruleset(
        write_ruleset(
            f"  - {{id: R1, {COMMON}, require: H.AcctBal * H.AcctBal < 0}}\n"
            f"  - {{id: R2, {COMMON}, require: \"count(D.RltRepymtInf) * days('0001-01-01', B.RptDate) * 999999999 < 0\"}}\n"
            f'  - {{id: R3, {COMMON}, require: "sum(t.TranAmt for t in K.CagOfTrdInf) * 1000 + batch.same_key < 0"}}\n'
        )
    )
    largest = "9" * 15 + ".9999"
    fact: dict[str, Any] = {
        "B": {"RptDate": "9999-12-31"},
        "H": {"AcctBal": largest},
        "D": {"RltRepymtInf": [{}]},
        "K": {"CagOfTrdInf": [{"TranAmt": largest}] * 3},
        "batch": {"same_key": 10**17},
    }

    query, parameters = facts_to_relation(ruleset.vocabulary, [fact])
    with duckdb.connect() as connection:
        rows = connection.execute(compile_sweep(ruleset).sql(query), parameters).fetchall()

    assert sorted(row[1] for row in rows) == ["R1", "R2", "R3"]


def test_items_that_no_rule_reads_are_listed(write_ruleset: WriteRuleset) -> None:
    ruleset = load_ruleset(
        write_ruleset(
            f"  - {{id: R1, {COMMON}, each: {{of: item, except: [CloseDate, TranAmt]}}, require: has(item)}}\n"
            f"  - {{id: R2, {COMMON}, when: B.AcctType in sets.sections, require: H.CloseDate < B.RptDate}}\n"
        )
    )

    assert unseen_items(ruleset) == ("J.CloseDate", "K.CagOfTrdInf.TranAmt")
    assert "sets.sections" in seen_paths([ruleset.checks])


# Identity numbers: the SQL answers as app.standard.identifiers does

DIGITS = st.text("0123456789", min_size=8, max_size=17)
PERSON_NUMBERS = st.one_of(
    st.dates()
    .map(lambda day: f"110000{day.isoformat().replace('-', '')}000")
    .map(lambda body: body + identifiers.person_check(body)),
    st.builds("110000{:04}{:02}{:02}000".format, st.integers(1896, 2104), st.integers(0, 13), st.integers(0, 32)).map(
        lambda body: body + identifiers.person_check(body)
    ),
    st.builds("110000{:04}0229000".format, st.integers(1896, 2104)).map(
        lambda body: body + identifiers.person_check(body)
    ),
    st.text("0123456789Xx", min_size=18, max_size=18),
    st.from_regex(r"[HM][0-9]{8,10}|[0-9]{8,10}(\([A-Z0-9]{1,2}\))?|(CHN|USA|ZZZ)[0-9A-Za-z]{0,9}", fullmatch=True),
    st.text(min_size=1, max_size=22).map(str.strip).filter(bool),
)
ALPHABET = st.text(identifiers.CREDIT_ALPHABET, min_size=8, max_size=8)


def credit_code(head: str, body: str) -> str:
    organisation = body + identifiers.organisation_check(body)
    if set(organisation) - set(identifiers.CREDIT_ALPHABET):
        return organisation
    return head + organisation + identifiers.credit_code_check(head + organisation)


ORGANISATION_NUMBERS = st.one_of(
    st.builds(credit_code, ALPHABET, ALPHABET),
    ALPHABET.map(lambda body: body + identifiers.organisation_check(body)),
    st.text("0123456789ABYZ", min_size=14, max_size=14).map(lambda body: body + identifiers.zhongzheng_check(body)),
    st.text("0123456789ABX", min_size=9, max_size=18),
    st.text(min_size=1, max_size=45).map(str.strip).filter(bool),
)


@pytest.mark.parametrize(
    ("function", "kinds", "numbers", "check"),
    [
        ("valid_person_number", ["10", "2", "5", "6", "1", "99"], PERSON_NUMBERS, identifiers.valid_person_number),
        (
            "valid_organisation_number",
            ["10", "20", "30", "01"],
            ORGANISATION_NUMBERS,
            identifiers.valid_organisation_number,
        ),
    ],
)
@pytest.mark.parametrize("quick", [False, True])
def test_identity_numbers(function: str, kinds: list[str], numbers: Any, check: Any, quick: bool) -> None:
    statement = f"SELECT {make.render(ADDED[function](make.column('kind'), make.column('number'), quick))} FROM given"
    connection = duckdb.connect()
    connection.execute("CREATE TABLE given (kind VARCHAR, number VARCHAR)")

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(kinds), numbers), min_size=20, max_size=40))
    def agree(pairs: list[tuple[str, str]]) -> None:
        connection.execute("DELETE FROM given")
        connection.executemany("INSERT INTO given VALUES (?, ?)", pairs)
        answers = [row[0] for row in connection.execute(statement).fetchall()]
        assert answers == [check(kind, number) for kind, number in pairs]

    agree()


def test_a_vocabulary_of_another_edition_can_be_swept(write_ruleset: WriteRuleset) -> None:
    ruleset = load_ruleset(write_ruleset(f"  - {{id: R1, {COMMON}, require: has(B)}}\n"))
    label = Text("项", "item")
    segment = Field("B", Struct({"More": Field("More", Scalar(Kind.TEXT), label)}), label)

    assert compile_sweep(ruleset, Vocabulary({"B": segment})).columns == {"B": 'STRUCT("More" VARCHAR)'}


def test_what_is_known_is_asked_exactly_beside_quick_readings(write_ruleset: WriteRuleset, execute: Execute) -> None:
    rules = f"  - {{id: R1, {COMMON}, when: H.AcctBal > 0 or filled(H.Month), require: known(H.AcctBal)}}\n"
    ruleset = load_ruleset(write_ruleset(rules))
    facts = [{"H": {"AcctBal": value, "Month": "2024-01"}} for value in ("1e3", "5", " ", "0.12345")]

    assert sweep_facts(ruleset, facts, execute) == [
        frozenset({"R1"}),
        frozenset(),
        frozenset({"R1"}),
        frozenset({"R1"}),
    ]

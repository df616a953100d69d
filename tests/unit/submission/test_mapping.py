"""Mappings as content: every mistake told at once, every verb doing what its name says."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from app.core.errors import Invalid
from app.submission.mapping import SourceMapping, load_mappings, needed_columns, target_select, unmapped_select
from app.submission.mapping_cases import prove_mappings

GOOD: dict[str, Any] = {
    "source": "shop",
    "kind": "csv",
    "tables": {"CUST": {"file": "CUST.csv", "key": ["NO"]}, "HOME": {"file": "HOME.csv", "key": ["NO"]}},
    "targets": [
        {
            "target": "person",
            "from": "CUST",
            "joins": [{"table": "HOME", "on": ["NO"]}],
            "where": {"KIND": ["P", "Q"]},
            "filled": ["ID"],
            "columns": {
                "Name": {"from": "NAME"},
                "IDType": {"const": "10"},
                "IDNum": {"from": "ID"},
                "DOB": {"from": "BORN", "date": "%Y%m%d"},
                "Sex": {"from": "SEX", "codes": "sex", "default": "9"},
                "ResiAddr": {"concat": ["HOME.CITY", "HOME.STREET"]},
            },
        },
        {
            "target": "personal_performance",
            "from": "CUST",
            "columns": {"AcctBal": {"from": "FEN", "scale": "fen"}, "LoanAmt": {"from": "WAN", "scale": "wan"}},
        },
    ],
    "code_tables": {"sex": {"M": "1", "F": "2"}},
}
GOOD["targets"][1]["columns"] = {
    "AcctBal": {"from": "FEN", "scale": "fen"},
    "TotOverd": {"from": "WAN", "scale": "wan"},
}


def write(folder: Path, data: Any, source: str = "shop") -> Path:
    target = folder / source / "mapping.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(data if isinstance(data, str) else yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.fixture
def mapping(tmp_path: Path) -> SourceMapping:
    return load_mappings(write(tmp_path, GOOD))["shop"]


CUSTOMERS = """
    NO, NAME,        ID,    BORN,     SEX, KIND, FEN,      WAN
    1,  测试甲,      11,    19900101, M,   P,    12349,    1.5
    2,  O'Brien <&>, 22,    1990/1/1, X,   Q,    12350,    abc
    3,  无证件,      ,      19900101, M,   P,    -12350,   0
    4,  公司,        44,    19900101, F,   C,    ,
    5,  无地址,      55,    ,         ,    P,    -149,     -0.00004
"""


def rows_of(table: str) -> list[dict[str, str]]:
    names, *lines = [[cell.strip() for cell in line.split(",")] for line in table.strip().splitlines()]
    return [dict(zip(names, line, strict=True)) for line in lines]


@pytest.fixture
def landing() -> Any:
    """Two source tables as they lie in landing: all text, with load, row and day."""
    with duckdb.connect() as connection:
        for name, rows in {
            "CUST": rows_of(CUSTOMERS),
            "HOME": [{"NO": "1", "CITY": "某市", "STREET": "一号"}, {"NO": "2", "CITY": "某市", "STREET": ""}],
        }.items():
            columns = ", ".join(f'"{column}" VARCHAR' for column in rows[0])
            connection.execute(f"CREATE TABLE {name} ({columns}, _load VARCHAR, _row VARCHAR, business_date DATE)")
            marks = ", ".join("?" * len(rows[0]))
            for row in rows:
                values = list(row.values())
                connection.execute(f"INSERT INTO {name} VALUES ({marks}, 'L1', ?, '2026-10-31')", [*values, row["NO"]])
        yield connection


def run(connection: Any, statement: str) -> list[dict[str, Any]]:
    result = connection.execute(statement)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


PLACES = {"CUST": "CUST", "HOME": "HOME"}


def test_rows_are_mapped_with_their_origin(mapping: SourceMapping, landing: Any) -> None:
    people = run(landing, target_select(mapping, mapping.targets[0], PLACES) + " ORDER BY _row")

    assert [(row["Name"], row["IDType"], row["IDNum"], row["DOB"], row["Sex"], row["ResiAddr"]) for row in people] == [
        ("测试甲", "10", "11", "1990-01-01", "1", "某市一号"),
        ("O'Brien <&>", "10", "22", "1990/1/1", "X", "某市"),
        ("无地址", "10", "55", None, "9", None),
    ]
    assert [(row["_source"], row["_load"], row["_row"], f"{row['business_date']}") for row in people[:1]] == [
        ("shop", "L1", "CUST:1", "2026-10-31")
    ]


def test_amounts_become_whole_yuan_and_what_is_no_amount_goes_on(mapping: SourceMapping, landing: Any) -> None:
    amounts = run(landing, target_select(mapping, mapping.targets[1], PLACES) + " ORDER BY _row")

    assert [row["AcctBal"] for row in amounts] == ["123", "124", "-124", None, "-1"]
    assert [row["TotOverd"] for row in amounts] == ["15000", "abc", "0", None, "0"]


def test_codes_that_no_table_knows_are_listed_with_their_number(mapping: SourceMapping, landing: Any) -> None:
    statement = unmapped_select(mapping, mapping.targets[0], PLACES)

    assert statement is not None
    assert run(landing, statement) == [{"item": "Sex", "value": "X", "rows": 1}]
    assert unmapped_select(mapping, mapping.targets[1], PLACES) is None


@pytest.mark.parametrize(
    ("kind", "sex", "listed"),
    [
        ("P", "Z", [("Z", 1)]),
        ("P ", "Z ", [("Z", 1)]),
        ("P", " M ", []),
        ("P", "  ", []),
        ("C", "Z", []),
    ],
)
def test_unknown_codes_are_those_of_the_rows_that_a_target_takes_whatever_blanks_stand_around(
    mapping: SourceMapping, landing: Any, kind: str, sex: str, listed: list[tuple[str, int]]
) -> None:
    landing.execute("DELETE FROM CUST")
    landing.execute(
        "INSERT INTO CUST BY NAME SELECT '1' AS NO, '66' AS ID, $1 AS KIND, $2 AS SEX, '6' AS _row", [kind, sex]
    )
    target = mapping.targets[0]
    statement = unmapped_select(mapping, target, PLACES)

    assert statement is not None
    assert [(row["value"], row["rows"]) for row in run(landing, statement)] == listed
    assert len(run(landing, target_select(mapping, target, PLACES))) == (kind.strip() == "P")


def test_codes_of_rows_that_an_inner_join_leaves_out_are_not_listed(mapping: SourceMapping, landing: Any) -> None:
    first = mapping.targets[0]
    inner = replace(first, where={}, joins=tuple(replace(join, kind="inner") for join in first.joins))
    landing.execute("UPDATE CUST SET SEX = 'Z'")
    statement = unmapped_select(mapping, inner, PLACES)

    assert statement is not None
    assert run(landing, statement) == [{"item": "Sex", "value": "Z", "rows": 2}]


def test_what_a_mapping_reads_is_known_before(mapping: SourceMapping) -> None:
    assert needed_columns(mapping) == {
        "CUST": {"NO", "NAME", "ID", "BORN", "SEX", "KIND", "FEN", "WAN"},
        "HOME": {"NO", "CITY", "STREET"},
    }


def test_every_error_is_told_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "source": "one",
            "kind": "cvs",
            "tables": {"CUST": {"file": "CUST.csv"}},
            "targets": [
                {"target": "persn", "from": "CUST", "columns": {}},
                {
                    "target": "person",
                    "from": "CUSTT",
                    "columns": {
                        "Nmae": {"from": "NAME"},
                        "IDNum": {"form": "ID"},
                        "Sex": {"from": "SEX", "codes": "sexes"},
                        "DOB": "BORN",
                        "HouseAdd": {"from": "X", "scale": "fenn"},
                    },
                },
            ],
            "code_tables": {"sex": {"M": "1"}},
        },
        "one",
    )
    write(tmp_path, "targets: [", "two")
    write(tmp_path, "- only\n- a list\n", "three")
    write(tmp_path, GOOD, "good")

    with pytest.raises(Invalid) as refused:
        load_mappings(tmp_path)

    assert refused.value.code == "submission.mapping"
    words = refused.value.message
    for part in (
        "one: unknown kind of source cvs",
        "targets[1]: there is no standard entity named persn; did you mean person?",
        "targets[2]: there is no source table named CUSTT; did you mean CUST?",
        "targets[2].Nmae: there is no item named Nmae; did you mean Name?",
        "targets[2].IDNum: there is no verb named form; did you mean from?",
        "targets[2].Sex: there is no code table named sexes; did you mean sex?",
        "targets[2].DOB must be a set of verbs",
        "targets[2].HouseAdd: there is no scale named fenn; did you mean fen?",
        "two: ",
        "three: not a mapping file",
    ):
        assert part in words.en, part
    assert "是否指 Name" in words.zh
    assert "good" not in words.en


def test_the_mappings_of_the_product_load() -> None:
    root = Path(__file__).parents[3] / "rulesets" / "mapping"

    found = load_mappings(root)

    assert found.keys() == {"core_banking", "card_system", "corporate_loans", "general_ledger"}
    assert all(len(mapping.edition) == 64 for mapping in found.values())


PRODUCT = Path(__file__).parents[3] / "rulesets" / "mapping"


def faults_of(folder: Path, change: tuple[str, str]) -> list[str]:
    """What the card system's cases say of its mapping with one piece of its text replaced."""
    shutil.copytree(PRODUCT / "card_system", folder / "card_system")
    file = folder / "card_system" / "mapping.yaml"
    text = file.read_text(encoding="utf-8")
    assert change[0] in text
    file.write_text(text.replace(*change), encoding="utf-8")
    return [str(fault) for proof in prove_mappings(folder) for fault in proof.faults]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("type: {CC: R2", "type: {CC: R3"), "row 1 of personal_account came out as {'AcctType': 'R3'}"),
        (("from: CRD_LMT, scale: fen", "from: CRD_LMT"), "'AcctCredLine': '5000000'"),
        (("kind: {const: S}", "kind: {const: D}"), "row 2 of personal_performance"),
        (("status: {'0': '1'", "status: {'00': '1'"), "'AcctStatus': '0'"),
        (
            ("from: CARD_TXN\n", "from: CARD_TXN\n    where: {TXN_TYPE: [ZZ]}\n"),
            "special_transaction has 0 rows, not 1",
        ),
        (("date: '%Y%m%d'", "dat: '%Y%m%d'"), "there is no verb named dat; did you mean date? (line"),
    ],
)
def test_a_spoiled_mapping_fails_its_cases(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    assert any(words in fault for fault in faults_of(tmp_path, change))


def test_a_target_without_a_case_is_told(tmp_path: Path) -> None:
    shutil.copytree(PRODUCT / "card_system", tmp_path / "card_system")
    cases = tmp_path / "card_system" / "cases" / "accounts.yaml"
    cases.write_text(
        cases.read_text(encoding="utf-8").replace("special_transaction", "collateral_link"), encoding="utf-8"
    )

    assert any("no case expects special_transaction" in str(fault) for fault in prove_mappings(tmp_path)[0].faults)


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("special_event: [{AcctCod: null}]", "special_event has no item AcctCod"),
        ("special_evnt: []", "there is no standard entity special_evnt"),
    ],
)
def test_a_case_that_expects_nothing_of_what_does_not_exist_is_told(tmp_path: Path, expected: str, words: str) -> None:
    shutil.copytree(PRODUCT / "card_system", tmp_path / "card_system")
    (tmp_path / "card_system" / "cases" / "more.yaml").write_text(
        f"cases: [{{name: {{zh: 事件, en: Event}}, rows: {{CARD_EVT: [{{}}]}}, expect: {{{expected}}}}}]",
        encoding="utf-8",
    )
    (proof,) = prove_mappings(tmp_path)

    assert [str(fault) for fault in proof.faults if words not in str(fault)] == []
    assert proof.faults


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tables": {"CUST": {"key": ['a"b']}}}, "tables.CUST.key must be a list of columns"),
        ({"tables": {"CUST": {"load": {"kind": "changes", "column": "OP"}}}}, "needs a key"),
        ({"encoding": "klingon"}, "unknown encoding klingon"),
        ({"targts": []}, "did you mean targets?"),
        (
            {"targets": [{"target": "person", "from": "CUST", "columns": {"Name": {"from": 'x" FROM y --'}}}]},
            "cannot be a column",
        ),
        (
            {"targets": [{"target": "person", "from": "CUST", "columns": {"Name": {"from": "HOME.X"}}}]},
            "HOME is not joined",
        ),
        (
            {"targets": [{"target": "person", "from": "CUST", "joins": [{"table": "HOME", "on": ["A"], "kind": "x"}]}]},
            "cannot be read",
        ),
        (
            {"targets": [{"target": "person", "from": "CUST", "columns": {"Name": {"from": "A", "const": 1}}}]},
            "needs one of",
        ),
    ],
)
def test_what_could_be_no_statement_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        load_mappings(write(tmp_path, {**GOOD, **change}))
    assert words in refused.value.message.en

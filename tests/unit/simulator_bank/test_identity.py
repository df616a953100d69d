"""Identities pass every check and belong to nobody."""

from __future__ import annotations

import duckdb

from app.standard.catalogue import current
from app.standard.identifiers import valid_organisation_number, valid_person_number

NUMBERS = "range(0, 3000) UNION ALL SELECT 5000000 + range FROM range(500) UNION ALL SELECT 9999999"


def _column(bank: duckdb.DuckDBPyConnection, expression: str) -> list[str]:
    query = f"SELECT {expression} FROM (SELECT range AS i FROM {NUMBERS})"
    return [str(value) for (value,) in bank.execute(query).fetchall()]


def test_person_numbers_are_valid_unique_and_of_no_division(bank: duckdb.DuckDBPyConnection) -> None:
    numbers = _column(bank, "person_number(i)")
    assert all(valid_person_number("10", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)
    divisions = current().codes("person")["AdminDistrict"].values
    assert not {number[:6] for number in numbers} & set(divisions)
    assert all(number.startswith("99") for number in numbers)


def test_sex_and_birth_agree_with_the_number(bank: duckdb.DuckDBPyConnection) -> None:
    for number, birth, i in bank.execute("SELECT person_number(i), person_birth(i), i FROM range(500) t(i)").fetchall():
        assert number[6:14] == f"{birth:%Y%m%d}"
        assert int(number[16]) % 2 == i % 2


def test_organisation_identifiers_are_valid_and_unique(bank: duckdb.DuckDBPyConnection) -> None:
    for cert_type, macro in (("20", "credit_code"), ("30", "organisation_code"), ("10", "loan_card_code")):
        numbers = _column(bank, f"{macro}(i)")
        assert all(valid_organisation_number(cert_type, number) for number in numbers), macro
        assert len(set(numbers)) == len(numbers)


def test_names_are_short_and_look_invented(bank: duckdb.DuckDBPyConnection) -> None:
    assert all(name[0] in "测样拟虚例仿演练" and len(name) == 3 for name in _column(bank, "person_name(i)"))
    assert all(name.endswith("样本有限公司") for name in _column(bank, "company_name(i)"))


def test_chance_depends_on_seed_salt_and_number_only(bank: duckdb.DuckDBPyConnection) -> None:
    once = _column(bank, "chance(i, 'a', 1000)")
    assert once == _column(bank, "chance(i, 'a', 1000)")
    assert once != _column(bank, "chance(i, 'b', 1000)")
    assert all(0 <= int(value) < 1000 for value in once)

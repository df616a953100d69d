"""The mappings give back the standard codes that the systems have turned into their own."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
import yaml

from app.simulator.bank import INSTITUTIONS, card_delivery, core_delivery, corporate_books, corporate_delivery

MAPPINGS = Path(__file__).resolve().parents[3] / "rulesets" / "mapping"
STATES = {"NORMAL": "1", "OVERDUE": "2", "CLOSED": "3", "BAD": "41", "WRITTEN_OFF": "42"}
CARD_STATES = {"NORMAL": "1", "ASLEEP": "6", "CLOSED": "4", "BAD": "51", "WRITTEN_OFF": "52"}
CORPORATE_STATES = {"NORMAL": "10", "CLOSED": "21", "BAD": "32", "WRITTEN_OFF": "31"}

PAIRS: list[tuple[str, str, Mapping[str, str]]] = [
    ("core_banking", "category", core_delivery.CATEGORY),
    ("core_banking", "gender", core_delivery.GENDER),
    ("core_banking", "marriage", core_delivery.MARRIAGE),
    ("core_banking", "education", core_delivery.EDUCATION),
    ("core_banking", "degree", core_delivery.DEGREE),
    ("core_banking", "work", core_delivery.WORK),
    ("core_banking", "employer", core_delivery.EMPLOYER),
    ("core_banking", "occupation", core_delivery.OCCUPATION),
    ("core_banking", "title", core_delivery.TITLE),
    ("core_banking", "tech_title", core_delivery.TECH_TITLE),
    ("core_banking", "residence", core_delivery.RESIDENCE),
    ("core_banking", "product", core_delivery.PRODUCT),
    ("core_banking", "business", core_delivery.BUSINESS),
    ("core_banking", "detail", core_delivery.DETAIL),
    ("core_banking", "repayment", core_delivery.MODE),
    ("core_banking", "five_class", core_delivery.FIVE_CLASS),
    ("core_banking", "payment", core_delivery.PAYMENT),
    ("core_banking", "status", {STATES[state]: own for state, own in core_delivery.STATUS.items()}),
    ("core_banking", "status", {"1": "COL", "2": "END"}),
    ("card_system", "type", card_delivery.TYPE),
    ("card_system", "five_class", card_delivery.FIVE_CLASS),
    ("card_system", "payment", card_delivery.PAYMENT),
    ("card_system", "status", {CARD_STATES[state]: own for state, own in card_delivery.STATUS.items()}),
    ("corporate_loans", "certificate", corporate_delivery.CERTIFICATE),
    ("corporate_loans", "organisation", corporate_delivery.ORGANISATION),
    ("corporate_loans", "economy", corporate_delivery.ECONOMY),
    ("corporate_loans", "scale", corporate_delivery.SCALE),
    ("corporate_loans", "limit", corporate_books.LIMIT),
    ("corporate_loans", "property", corporate_books.PROPERTY),
    ("corporate_loans", "pledge", corporate_books.PLEDGE),
    ("corporate_loans", "relation", corporate_books.RELATION),
    ("corporate_loans", "position", corporate_delivery.POSITION),
    ("corporate_loans", "type", corporate_delivery.TYPE),
    ("corporate_loans", "business", corporate_delivery.BUSINESS),
    ("corporate_loans", "five_class", corporate_delivery.FIVE_CLASS),
    ("corporate_loans", "status", {CORPORATE_STATES[state]: own for state, own in corporate_delivery.STATUS.items()}),
]


def _mapping(source: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((MAPPINGS / source / "mapping.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize(("source", "table", "own"), PAIRS)
def test_own_codes_map_back(source: str, table: str, own: Mapping[str, str]) -> None:
    codes = _mapping(source)["code_tables"][table]
    assert {code: codes.get(word) for code, word in own.items()} == {code: code for code in own}


@pytest.mark.parametrize("source", ["core_banking", "card_system", "corporate_loans"])
def test_branches_are_the_institutions(source: str) -> None:
    assert set(_mapping(source)["code_tables"]["branch"].values()) >= set(INSTITUTIONS)


@pytest.mark.parametrize("source", ["core_banking", "card_system", "corporate_loans"])
def test_every_column_that_is_read_is_delivered(source: str, delivery: Path) -> None:
    mapping = _mapping(source)
    columns = _delivered(source, delivery / source)
    for target in mapping["targets"]:
        for item, column in target["columns"].items():
            if "from" in column:
                table, _, name = column["from"].rpartition(".")
                assert name in columns[table or target["from"]], (source, target["target"], item)


def _delivered(source: str, folder: Path) -> dict[str, set[str]]:
    if source == "core_banking":
        with sqlite3.connect(folder / "core.sqlite") as core:
            return {
                table: {row[1] for row in core.execute(f"PRAGMA table_info({table})")}
                for table in _mapping(source)["tables"]
            }
    if source == "card_system":
        return {
            path.stem: set(path.read_text(encoding="gbk").splitlines()[0].split(",")) for path in folder.glob("*.csv")
        }
    parquet: dict[str, set[str]] = {}
    book = openpyxl.load_workbook(folder / "corporate.xlsx", read_only=True)
    for path in folder.glob("*.parquet"):
        parquet[path.stem] = set(pq.read_schema(path).names)
    found = {name: {str(cell.value) for cell in next(iter(book[name].iter_rows()))} for name in book.sheetnames}
    book.close()
    return found | parquet

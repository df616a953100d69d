"""Deliveries: three unlike systems, complete by their control files, the same for the same seed."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sqlite3
from pathlib import Path

import duckdb
import openpyxl
import pytest

from app.core.errors import Conflict, Invalid
from app.simulator.bank import World, corporate_delivery
from app.simulator.bank.corporate_books import BOOKS

START = dt.date(2026, 10, 27)


def _control(delivery: Path, source: str) -> dict[str, dict[str, dict[str, object]]]:
    loaded: dict[str, dict[str, dict[str, object]]] = json.loads(
        (delivery / source / "control.json").read_text(encoding="utf-8")
    )
    return loaded


def test_core_banking_is_a_database_that_matches_its_control_file(delivery: Path) -> None:
    control = _control(delivery, "core_banking")
    with sqlite3.connect(delivery / "core_banking" / "core.sqlite") as core:
        for table, expected in control["tables"].items():
            assert core.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == expected["rows"], table
        balance = core.execute("SELECT sum(bal) FROM loan_state").fetchone()[0]
        statuses = {row[0] for row in core.execute("SELECT DISTINCT sts FROM loan_state")}
    assert balance == control["tables"]["loan_state"]["totals"]["bal"]  # type: ignore[index]
    assert {"NORM", "OVD", "COL"} <= statuses


def test_cards_come_as_csv_in_gbk_with_amounts_in_fen(delivery: Path) -> None:
    control = _control(delivery, "card_system")
    with (delivery / "card_system" / "CARD_ACCT.csv").open(encoding="gbk", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == control["tables"]["CARD_ACCT"]["rows"]
    assert all(len(row["OPEN_DT"]) == 8 and int(row["CRD_LMT"]) % 100000 == 0 for row in rows)
    assert rows[0]["HOLDER"]


def test_a_small_corporate_extract_is_a_workbook(delivery: Path) -> None:
    control = _control(delivery, "corporate_loans")
    assert control["kind"] == "excel"
    book = openpyxl.load_workbook(delivery / "corporate_loans" / "corporate.xlsx", read_only=True)
    assert set(book.sheetnames) == set(control["tables"]) - set(BOOKS)
    for table in book.sheetnames:
        assert sum(1 for _ in book[table].iter_rows()) == int(str(control["tables"][table]["rows"])) + 1
    book.close()


def test_contracts_and_statements_of_companies_are_books_beside_it(delivery: Path) -> None:
    control = _control(delivery, "corporate_loans")
    for table in BOOKS:
        (rows,) = duckdb.execute(f"SELECT count(*) FROM '{delivery}/corporate_loans/{table}.parquet'").fetchone() or ()
        assert rows == control["tables"][table]["rows"]


def test_a_large_corporate_extract_is_parquet(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corporate_delivery, "WORKBOOK_ROWS", 10)
    world.export(START, tmp_path)
    assert _control(tmp_path, "corporate_loans")["kind"] == "parquet"
    row = duckdb.execute(f"SELECT count(*) FROM '{tmp_path}/corporate_loans/借据.parquet'").fetchone()
    assert row is not None
    assert row[0] == _control(tmp_path, "corporate_loans")["tables"]["借据"]["rows"]


def test_the_same_seed_gives_the_same_bank_and_another_seed_another(delivery: Path, tmp_path: Path) -> None:
    for name, seed in (("same", 7), ("other", 8)):
        again = World(tmp_path / name, persons=300, companies=60, seed=seed, start=START)
        again.build()
        again.export(START, tmp_path / name / "out")
    first = (delivery / "card_system" / "CARD_BAL.csv").read_bytes()
    assert (tmp_path / "same" / "out" / "card_system" / "CARD_BAL.csv").read_bytes() == first
    assert (tmp_path / "other" / "out" / "card_system" / "CARD_BAL.csv").read_bytes() != first
    for source in ("core_banking", "card_system", "corporate_loans"):
        assert _control(tmp_path / "same" / "out", source) == _control(delivery, source)


def test_accounts_open_daily_and_none_disappears(world: World, delivery: Path, tmp_path: Path) -> None:
    world.export(START + dt.timedelta(days=30), tmp_path)
    before, after = _control(delivery, "core_banking"), _control(tmp_path, "core_banking")
    assert int(str(after["tables"]["loan_master"]["rows"])) > int(str(before["tables"]["loan_master"]["rows"]))


def test_the_number_of_accounts_can_be_said(tmp_path: Path) -> None:
    World(tmp_path, persons=500, companies=50, seed=1, accounts=3000, start=START).build()
    with duckdb.connect(str(tmp_path / "bank.duckdb"), read_only=True) as bank:
        row = bank.execute(
            " UNION ALL ".join(
                f"SELECT count(*) FROM {kind}_account WHERE opened <= DATE '{START}'"
                for kind in ("retail", "card", "corporate")
            )
        ).fetchall()
    assert abs(sum(count for (count,) in row) - 3000) < 30


def test_misuse_is_refused_in_words(world: World, tmp_path: Path) -> None:
    with pytest.raises(Conflict):
        World(tmp_path / "nothing").export(START, tmp_path)
    with pytest.raises(Conflict) as other:
        World(world.root, seed=world.seed + 1, start=START).export(START, tmp_path)
    assert other.value.code == "simulator.bank.other_world"
    with pytest.raises(Invalid) as early:
        world.export(START - dt.timedelta(days=1), tmp_path)
    assert early.value.code == "simulator.bank.date"
    with pytest.raises(Invalid):
        World(tmp_path, persons=1)

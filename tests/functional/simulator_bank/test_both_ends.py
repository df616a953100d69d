"""The comparison of both ends: a centre that holds what the bank knows is found equal, and what is planted is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.simulator.bank import World
from app.simulator.bank.expected import EXPECTED
from app.simulator.both_ends import compare_books, sent_twice
from app.simulator.centre.ledger import Ledger
from app.simulator.centre.store import Store
from app.standard import catalogue

DAY = date(2026, 10, 9)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, duckdb.DuckDBPyConnection]]:
    """A bank of its own branches, eight days after its first."""
    root = tmp_path_factory.mktemp("bank")
    world = World(root, persons=50, companies=10, seed=7, start=date(2026, 10, 1), happenings=True, first_branch=9)
    world.build()
    with world.standing(DAY) as (bank, _):
        yield world, bank


def fill(folder: Path, world: World, bank: duckdb.DuckDBPyConnection) -> Store:
    """A centre that holds just what the bank's books call for."""
    store = Store(folder)
    arrival = store.arrive(f"{world.provider}20261010110001.enc", "", "", "", 0, "")
    with store.transaction():
        for code, expected in EXPECTED.items():
            record = catalogue.current().record(code)
            base = "" if record.flat else record.segments[0].code
            rows = bank.execute(expected.select)
            names = [column[0] for column in rows.description or ()]
            for row in rows.fetchall():
                put(store, code, fact_of(dict(zip(names, row, strict=True)), expected.key, base), arrival)
    return store


def fact_of(row: dict[str, Any], key: tuple[str, ...], base: str) -> dict[str, Any]:
    fact: dict[str, Any] = {}
    for name, value in row.items():
        if value is None:
            continue
        letter, _, tag = (f"{base}.{name}" if name in key else name).partition(".")
        place = fact.setdefault(letter, {}) if letter else fact
        group, bracket, item = tag.partition("[0].")
        if bracket:
            place.setdefault(group, [{}])[0][item] = value
        else:
            place[tag] = value
    return fact


def put(store: Store, code: str, fact: dict[str, Any], arrival: int, at: str = "2026-10-09") -> None:
    store.connection.execute(
        "INSERT INTO record (record_type, subject, report_date, content, digest, traits, arrival, line)"
        " VALUES (?, '', ?, ?, '', '{}', ?, 2)",
        (code, at, json.dumps(fact, ensure_ascii=False), arrival),
    )


def test_what_is_planted_is_found_and_nothing_else(
    books: tuple[World, duckdb.DuckDBPyConnection], tmp_path: Path
) -> None:
    world, bank = books
    assert world.provider == "Z9900000000009"
    store = fill(tmp_path, world, bank)
    equal = compare_books(bank, world.provider, tmp_path)
    assert all(each["equal"] == each["expected"] == each["held"] for each in equal.values()), equal
    assert all(equal[code]["expected"] for code in ("110", "210", "310", "410", "510", "610"))

    first = "SELECT min(id) FROM record WHERE record_type = '{}'"
    store.connection.execute(f"DELETE FROM record WHERE id = ({first.format('110')})")
    spoilt = "json_set(content, '$.H.AcctBal', '-1')"
    newest = "json_extract(content, '$.H.AcctBal') IS NOT NULL"
    store.connection.execute(
        f"UPDATE record SET content = {spoilt} WHERE id = (SELECT min(id) FROM record WHERE record_type = '210' AND {newest})"
    )
    put(store, "410", {"B": {"AcctCode": f"{world.provider}E999999999"}}, 1)
    # An older word on an account weighs nothing beside the newest.
    put(store, "230", {"B": {"AcctCode": f"{world.provider}B000000000"}, "D": {"LoanAmt": "-1"}}, 1, "2026-10-08")
    # What another lender has reported is none of this bank's.
    other = store.arrive("Z990000000000120261010410001.enc", "", "", "", 0, "")
    put(store, "410", {"B": {"AcctCode": "Z9900000000001E000000000"}}, other)
    found = compare_books(bank, world.provider, tmp_path)
    store.close()

    assert {code for code, each in found.items() if each != equal[code]} == {"110", "210", "410"}
    assert (found["110"]["missing"], found["110"]["equal"]) == (1, equal["110"]["equal"] - 1)
    assert found["210"]["different"] == {"H.AcctBal": 1}
    assert (found["410"]["beyond"], found["410"]["examples"]) == (1, [f"{world.provider}E999999999"])


def test_a_record_that_comes_again_word_for_word_is_counted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ledger, record = Ledger(store), catalogue.current().record("210")
    for line in ("<a>1</a>", "<a>2</a>", "<a>1</a>"):
        ledger.receive(record, "Z9900000000001", line)
    ledger.receive(record, "Z9900000000009", "<a>1</a>")
    store.close()

    assert sent_twice(tmp_path) == {"210": 1}

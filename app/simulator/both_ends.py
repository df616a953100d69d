"""Comparing the two ends of the world: what the banks know, and what the credit centre holds. Nothing of a platform between
them is asked.

A subject that the centre must know and does not, or whose newest standing is another than the bank's, has been lost on the way or
spoiled on it; one that it holds and should not has been left behind.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Final

import duckdb
import duckdb_extensions

from app.simulator.bank import World
from app.simulator.bank.deliveries import quoted
from app.simulator.bank.expected import EXPECTED, MERGED, Expected
from app.simulator.centre.store import FILE_NAME, Store
from app.standard import catalogue

_EXAMPLES: Final = 5
_OF_CUSTOMERS: Final = frozenset({"120", "130", "140"})
"""What stays with the centre of a customer who was merged into another."""


def compare_ends(world: World, day: dt.date, centre: Path) -> dict[str, dict[str, Any]]:
    """Hold what the centre has of a bank against the bank's own books at the end of a day; as `compare_books`."""
    with world.standing(day) as (bank, _):
        return compare_books(bank, world.provider, centre)


def compare_books(bank: duckdb.DuckDBPyConnection, section: str, centre: Path) -> dict[str, dict[str, Any]]:
    """By record type how many subjects the bank says must be held at the end of a day, how many are (`held`), how many of them
    stand as they must (`equal`), and the others: `missing`, `beyond` (held and unknown to the bank), `different` by item, with
    a few `examples`. `left` counts what stays of merged customers. `bank` has the tables of `World.standing`.
    """
    duckdb_extensions.import_extension("sqlite_scanner")
    bank.execute("LOAD sqlite_scanner")
    bank.execute(f"ATTACH {quoted(centre / FILE_NAME)} AS centre (TYPE sqlite, READ_ONLY)")
    told = {code: _compare(bank, section, code, expected) for code, expected in EXPECTED.items()}
    bank.execute("DETACH centre")
    return told


def _compare(bank: duckdb.DuckDBPyConnection, section: str, code: str, expected: Expected) -> dict[str, Any]:
    columns = [str(row[0]) for row in bank.execute(f"DESCRIBE {expected.select}").fetchall()]
    items = [name for name in columns if name not in expected.key]
    keys = ", ".join(f'"{name}"' for name in expected.key)
    held = _held(section, code, expected.key, items)
    differing = ", ".join(
        f'CASE WHEN e."{name}" IS NOT NULL AND e."{name}" <> coalesce(h."{name}", \'\') THEN \'{name}\' END'
        for name in items
    )
    left = f'h."IDNum" IN ({MERGED})' if code in _OF_CUSTOMERS else "FALSE"
    rows = bank.execute(
        f"""
        WITH e AS (SELECT *, TRUE AS due FROM ({expected.select})),
             h AS (SELECT *, TRUE AS there FROM ({held})),
             ends AS (
                 SELECT {keys}, coalesce(e.due, FALSE) AS due, coalesce(h.there, FALSE) AS there, coalesce({left}, FALSE) AS stays,
                        list_filter([{differing}], name -> name IS NOT NULL) AS differing
                 FROM e FULL JOIN h USING ({keys}))
        SELECT concat_ws('|', {keys}) AS key, due, there, CASE WHEN due AND there THEN differing ELSE [] END AS differing, stays FROM ends
        WHERE NOT due OR NOT there OR len(differing) > 0 ORDER BY ALL"""
    ).fetchall()
    counted = bank.execute(
        f"SELECT (SELECT count(*) FROM ({expected.select})), (SELECT count(*) FROM ({held}))"
    ).fetchone()
    due, there = counted or (0, 0)
    missing = [key for key, is_due, is_there, _, _ in rows if is_due and not is_there]
    beyond = [key for key, is_due, _, _, stays in rows if not is_due and not stays]
    different = [(key, names) for key, is_due, is_there, names, _ in rows if is_due and is_there]
    return {
        "expected": due,
        "held": there,
        "compared": due - len(missing),
        "equal": due - len(missing) - len(different),
        "missing": len(missing),
        "beyond": len(beyond),
        "left": sum(not is_due and stays for _, is_due, _, _, stays in rows),
        "different": {
            name: sum(name in names for _, names in different) for name in items if any(name in n for _, n in different)
        },
        "examples": [
            *missing[:_EXAMPLES],
            *beyond[:_EXAMPLES],
            *(f"{key}: {', '.join(names)}" for key, names in different[:_EXAMPLES]),
        ],
    }


def _held(section: str, code: str, key: tuple[str, ...], items: list[str]) -> str:
    """SELECT of what the centre holds of a lender: by key the newest value of every item, of the newest segment that has it."""
    record = catalogue.current().record(code)
    base = "" if record.flat else f"{record.segments[0].code}."

    def value(name: str) -> str:
        return f"(content ->> '$.{name.removeprefix('.')}')"

    def present(name: str) -> str:
        letter = name.partition(".")[0]
        return f"(content -> '$.{letter}') IS NOT NULL" if letter else "TRUE"

    keys = ", ".join(f'{value(base + name)} AS "{name}"' for name in key)
    newest = ", ".join(
        f"arg_max(coalesce({value(name)}, ''), report_date) FILTER ({present(name)}) AS \"{name}\"" for name in items
    )
    return f"""
        SELECT {keys}, {newest} FROM (
            SELECT r.report_date, r.content::JSON AS content FROM centre.record r JOIN centre.arrival a ON a.id = r.arrival
            WHERE r.record_type = '{code}' AND starts_with(a.name, '{section}'))
        GROUP BY ALL"""


def sent_twice(centre: Path) -> dict[str, int]:
    """By record type how many records came to the centre that had come before, with the same content and report date."""
    store = Store(centre)
    try:
        return {code: again for code, (_, again) in store.receipts().items() if again}
    finally:
        store.close()

"""Slots of business keys: a fixed number of hash classes, of which a bucket of a run is a range.

A standard row carries the slot of the key by which derivations ask for it, and large deliveries are written in the order of
slots. So whoever derives one bucket of a hundred reads a hundredth of a table and not the whole of it a hundred times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial
from typing import Final

from app.lake.connection import Connection, Lake
from app.lake.tables import Table
from app.submission.tables import BUSINESS_KEY, MAIN_ENTITY, all_tables, of_day, standard_tables

SLOTS: Final = 4096
SLOT_COLUMN: Final = {"_slot": "USMALLINT"}
"""What a standard entity has beside what it says."""
_KEYS: Final = (("AcctCode",), ("ContractCode",), ("CcCode",), ("EntCertType", "EntCertNum"), ("IDType", "IDNum"))


@lru_cache
def slot_keys() -> Mapping[str, tuple[str, ...]]:
    """By standard entity the columns, quoted, whose values together have the slot; entities that belong to no key are not there."""
    found: dict[str, tuple[str, ...]] = {}
    for entity, table in standard_tables().items():
        mine = next((key for key in _KEYS if set(key) <= set(table.columns)), None)
        if mine is not None:
            found[entity] = tuple(f'"{name}"' for name in mine)
    return found | {entity: BUSINESS_KEY[code] for code, entity in reversed(MAIN_ENTITY.items())}


def slot_of(key: str) -> str:
    """SQL giving the slot of a key that is one text."""
    return f"CAST(hash({key}) % {SLOTS} AS USMALLINT)"


def slots_of(bucket: int, buckets: int) -> tuple[int, int]:
    """The first and the last slot of a bucket."""
    return -(-SLOTS * bucket // buckets), -(-SLOTS * (bucket + 1) // buckets) - 1


def key_text(*columns: str) -> str:
    """The business key as one text, its parts joined by `|`."""
    return columns[0] if len(columns) == 1 else "concat_ws('|', " + ", ".join(columns) + ")"


def slot_sql(entity: str) -> str:
    """SQL giving the slot of a row of a standard entity that goes by a key."""
    return slot_of(key_text(*slot_keys()[entity]))


def stored_tables() -> list[Table]:
    """All tables as they are made, with what is only for reading them faster."""
    slotted = {standard_tables()[entity].path for entity in slot_keys()}
    return [
        replace(table, columns={**table.columns, **SLOT_COLUMN}) if table.path in slotted else table
        for table in all_tables()
    ]


def fill_slots(lake: Lake, provider: str, day: date, entities: Iterable[str]) -> None:
    """Give a legal entity's rows of a day of these standard entities their slots where they have none: supplements, and what
    was standardised by an earlier release. Safe to repeat."""
    where = f"{of_day(provider, day)} AND _slot IS NULL"
    for entity in (each for each in entities if each in slot_keys()):
        path = standard_tables()[entity].path
        if lake.value(f"SELECT 1 FROM {path} WHERE {where} LIMIT 1"):
            lake.write(partial(_do, statement=f"UPDATE {path} SET _slot = {slot_sql(entity)} WHERE {where}"))


def _do(connection: Connection, statement: str) -> None:
    connection.execute(statement)

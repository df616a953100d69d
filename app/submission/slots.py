"""Slots of business keys: a fixed number of hash classes, of which a bucket of a run is a range.

A standard row carries the slot of the key by which derivations ask for it, and large deliveries are written in the order of
slots. So whoever derives one bucket of a hundred reads a hundredth of a table and not the whole of it a hundred times.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from app.submission.tables import BUSINESS_KEY, MAIN_ENTITY, standard_tables

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

"""The lake tables of checks: what the centre states, and where the two ends differ."""

from __future__ import annotations

from typing import Final

from app.lake.tables import Table

STATED: Final = Table(
    "check",
    "stated",
    {
        "check_id": "VARCHAR",
        "record_type": "VARCHAR",
        "subject": "VARCHAR",
        "RptDate": "VARCHAR",
        "fields": "VARCHAR[]",
        "file": "VARCHAR",
        "line": "BIGINT",
    },
)
"""The lines of the centre's check files while a check is at work; `fields` has one digest field a segment."""

FOUND: Final = Table(
    "check",
    "found",
    {
        "check_id": "VARCHAR",
        "bucket": "INTEGER",
        "record_type": "VARCHAR",
        "subject": "VARCHAR",
        "key": "VARCHAR",
        "RptDate": "VARCHAR",
        "outcome": "VARCHAR",
        "segments": "VARCHAR[]",
        "items": "VARCHAR[]",
        "record_id": "VARCHAR",
        "file": "VARCHAR",
        "line": "BIGINT",
    },
)
"""What a check at work has found so far, by bucket."""

DIFFERENCE: Final = Table(
    "check",
    "difference",
    {
        "id": "VARCHAR",
        "provider": "VARCHAR",
        "kind": "VARCHAR",
        "record_type": "VARCHAR",
        "subject": "VARCHAR",
        "key": "VARCHAR",
        "RptDate": "VARCHAR",
        "outcome": "VARCHAR",
        "segments": "VARCHAR[]",
        "items": "VARCHAR[]",
        "record_id": "VARCHAR",
        "file": "VARCHAR",
        "line": "BIGINT",
        "first_check": "VARCHAR",
        "last_check": "VARCHAR",
        "found_on": "DATE",
        "state": "VARCHAR",
        "settled_on": "DATE",
    },
)
"""Differences of all checks, a row for as long as the same one is found again.

`subject` are the identifying items joined by `|`, `key` our business key where we have the record. `outcome` is only_ours,
only_theirs or differs; `state` is open, correcting (a correction is on its way) or settled (a later check no longer found it).
"""


def all_tables() -> tuple[Table, ...]:
    return (STATED, FOUND, DIFFERENCE)

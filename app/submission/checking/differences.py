"""Differences of the two ends as rows that stay: found again they are the same ones, no longer found they are settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from app.core.errors import Conflict, NotFound
from app.core.text import Text
from app.lake.connection import Connection
from app.submission.checking.tables import DIFFERENCE, FOUND
from app.submission.lake import lake
from app.submission.reading.lake_rows import seen

OPEN: Final = "open"
CORRECTING: Final = "correcting"
SETTLED: Final = "settled"
STATES: Final = (OPEN, CORRECTING, SETTLED)

Opener = Callable[[Mapping[str, Any]], str | None]
"""Gives, for a difference, the address at which its correction is opened; None where it has none."""

_opener: list[Opener] = []


def corrections_at(opener: Opener) -> None:
    """Name the desk where a difference is taken to correction; without one a difference leads to its record."""
    _opener[:] = [opener]


def correction_address(difference: Mapping[str, Any]) -> str | None:
    """Where this difference is corrected, if there is a desk for it."""
    return _opener[0](difference) if _opener else None


def merge(connection: Connection, check: str, provider: str, kind: str, codes: Sequence[str], day: date) -> None:
    """Bring what a check has found into the differences of these record types, within the writer's transaction. May be repeated.

    One that is there already keeps its id, its first check and its state, unless it was settled: then it is open again.
    """
    listed = ", ".join(f"'{code}'" for code in codes) or "''"
    scope = f"provider = '{provider}' AND kind = '{kind}' AND record_type IN ({listed})"
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE told AS
        WITH found AS (
            SELECT md5(concat_ws(chr(31), '{provider}', '{kind}', record_type, subject, "RptDate", outcome,
                       CASE WHEN outcome = 'differs' THEN '' ELSE coalesce(file, '') END, CAST(nth AS VARCHAR))) AS id, *
            FROM (SELECT *, row_number() OVER (PARTITION BY record_type, subject, "RptDate", outcome ORDER BY line) AS nth
                  FROM {FOUND.path} WHERE check_id = '{check}')),
        known AS (SELECT * FROM {DIFFERENCE.path} WHERE {scope})
        SELECT coalesce(f.id, k.id) AS id, '{provider}' AS provider, '{kind}' AS kind,
               coalesce(f.record_type, k.record_type) AS record_type, coalesce(f.subject, k.subject) AS subject,
               coalesce(f.key, k.key) AS key, coalesce(f."RptDate", k."RptDate") AS "RptDate",
               coalesce(f.outcome, k.outcome) AS outcome, coalesce(f.segments, k.segments) AS segments,
               coalesce(f.items, k.items) AS items, coalesce(f.record_id, k.record_id) AS record_id,
               coalesce(f.file, k.file) AS file, coalesce(f.line, k.line) AS line,
               CASE WHEN k.id IS NULL OR k.state = '{SETTLED}' AND k.last_check <> '{check}' AND f.id IS NOT NULL
                    THEN '{check}' ELSE k.first_check END AS first_check,
               CASE WHEN f.id IS NULL AND k.state = '{SETTLED}' THEN k.last_check ELSE '{check}' END AS last_check,
               coalesce(k.found_on, DATE '{day.isoformat()}') AS found_on,
               CASE WHEN f.id IS NULL THEN '{SETTLED}' WHEN k.id IS NULL OR k.state = '{SETTLED}' THEN '{OPEN}'
                    ELSE k.state END AS state,
               CASE WHEN f.id IS NULL THEN coalesce(k.settled_on, DATE '{day.isoformat()}') END AS settled_on
        FROM found f FULL JOIN known k ON f.id = k.id""")
    connection.execute(f"DELETE FROM {DIFFERENCE.path} WHERE {scope}")
    connection.execute(f"INSERT INTO {DIFFERENCE.path} BY NAME SELECT * FROM told")
    connection.execute("DROP TABLE told")


def fresh(check: str) -> dict[tuple[str, str], int]:
    """How many differences this check was the first to find, by record type and outcome."""
    rows = lake().rows(
        f"SELECT record_type, outcome, count(*) FROM {DIFFERENCE.path} WHERE first_check = ? AND state <> ? GROUP BY ALL",
        [check, SETTLED],
    )
    return {(code, outcome): int(count) for code, outcome, count in rows}


def settled(check: str) -> dict[str, int]:
    """How many differences this check no longer found, by record type."""
    rows = lake().rows(
        f"SELECT record_type, count(*) FROM {DIFFERENCE.path} WHERE last_check = ? AND state = ? GROUP BY ALL",
        [check, SETTLED],
    )
    return {code: int(count) for code, count in rows}


def still_open(check: str) -> dict[str, int]:
    """How many differences that this check has found are not settled, by record type."""
    rows = lake().rows(
        f"SELECT record_type, count(*) FROM {DIFFERENCE.path} WHERE last_check = ? AND state <> ? GROUP BY ALL",
        [check, SETTLED],
    )
    return {code: int(count) for code, count in rows}


def find(difference: str) -> dict[str, Any]:
    """Raises NotFound, also where it is of a legal entity whose rows may not be seen here."""
    found = lake().records(f"SELECT * FROM {DIFFERENCE.path} WHERE id = ? AND {seen('provider')}", [difference])
    if not found:
        raise NotFound("submission.difference", Text("没有这条差异", "There is no such difference"))
    return found[0]


def send_to_correction(ids: Sequence[str]) -> int:
    """Note that corrections of these open differences are on their way; their number. Raises Conflict where none is open.

    Those of legal entities whose rows may not be seen here stay as they are.
    """
    wanted = list(ids)
    open_ = f"id IN (SELECT unnest(?::VARCHAR[])) AND state = '{OPEN}' AND {seen('provider')}"

    def move(connection: Connection) -> int:
        given = [wanted]
        found = connection.execute(f"SELECT count(*) FROM {DIFFERENCE.path} WHERE {open_}", given).fetchone()
        if not found or not found[0]:
            return 0
        connection.execute(f"UPDATE {DIFFERENCE.path} SET state = '{CORRECTING}' WHERE {open_}", given)
        return int(found[0])

    moved = lake().write(move)
    if not moved:
        raise Conflict(
            "submission.difference_moved",
            Text("这些差异已不是待处理状态", "None of these differences is open any more"),
        )
    return moved

"""What begins, changes and ends: agreements, collateral contracts and guarantee accounts; at which point and why they are due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.submission.derive.scope import Scope

_ENDED = "2"
_HISTORY = 30
"""Days after which something that had ended before it was first seen is history and not reported."""


@dataclass(frozen=True, slots=True)
class Life:
    """SQL over what stands today (`n`) and what the centre has (`k`): the reporting point, NULL where nothing is due, and the
    word why (see `reasons`)."""

    point: str
    reason: str

    @property
    def due(self) -> str:
        return f"({self.point}) IS NOT NULL"


def life(scope: Scope, status: str, until: str, changes: Mapping[str, tuple[str, str]]) -> Life:
    """One record a day, at the point that says most: the end (20), the beginning (10), then the points of `changes`, each with
    its condition and its word, in their order.

    `status` is the item that says by the code 2 that it has ended, `until` the one that says when. `k` gives RptDate, the
    newest report date, and `ended`, the newest status. Nothing follows the record of the end.
    """
    ended = f"n.{status} = '{_ENDED}'"
    long_ago = f"coalesce(nullif(n.{until}, '') < strftime({scope.day} - {_HISTORY}, '%Y-%m-%d'), FALSE)"
    later = " ".join(f"WHEN {condition} THEN '{point}'" for point, (condition, _) in changes.items())
    words = " ".join(f"WHEN '{point}' THEN '{word}'" for point, (_, word) in changes.items())
    differs = " OR ".join(condition for condition, _ in changes.values())
    point = f"""CASE WHEN k.ended = '{_ENDED}' OR k."RptDate" >= {scope.day_text} THEN NULL
        WHEN {ended} THEN CASE WHEN k.key IS NOT NULL OR NOT {long_ago} THEN '20' END
        WHEN k.key IS NULL THEN '10' {later} END"""
    reason = f"""CASE {point} WHEN '20' THEN 'closing' WHEN '10' THEN 'new' {words}
        ELSE CASE WHEN k.key IS NULL THEN 'ended_before' WHEN k.ended = '{_ENDED}' THEN 'closed'
                  WHEN {differs} THEN 'reported_today' ELSE 'unchanged' END END"""
    return Life(point, reason)


def lived(scope: Scope, code: str, status: str, latest: str) -> str:
    """SELECT of what the centre has of a type, as `life` asks for it, with the aggregates of `latest`."""
    return f"""SELECT key, max("RptDate") AS "RptDate", arg_max({status}, "RptDate") AS ended, {latest}
        FROM ({scope.accepted(code)}) GROUP BY key"""

"""Record 110: a person's basic information, first in full, then the segments that have changed."""

from __future__ import annotations

from app.submission.derive.scope import Scope, changed, finished, key_text, lacking, latest, origin, segment
from app.submission.tables import record_type

_LETTERS = "DEFGHI"
_KEY = ('"IDType"', '"IDNum"')


def persons(scope: Scope) -> str:
    """Persons never reported (point 10, all segments) or changed since (point 20, changed segments only)."""
    record = record_type("110")
    given = {"InfRecType": "'110'", "RptDate": "NULL", "RptDateCode": "NULL"}
    base = segment(record, "B", "p", given | {"InfSurcCode": f"coalesce(p.\"InfSurcCode\", '{scope.provider}')"})
    segments = ", ".join(f'{segment(record, letter, "p")} AS "{letter}"' for letter in _LETTERS)
    fresh = f"""SELECT {key_text(*_KEY)} AS key, {origin(("person", "p"))} AS origin, {base} AS "B",
        {segments}{lacking("110", "C", "J")} FROM ({scope.entity("person", *_KEY)}) p"""
    known = f"SELECT key, max(RptDate) AS RptDate, {latest(*_LETTERS)} FROM ({scope.accepted('110')}) GROUP BY key"
    due = " OR ".join(changed(letter) for letter in _LETTERS)
    return finished(
        "110",
        scope,
        fresh,
        known,
        keep={letter: f"k.key IS NULL OR {changed(letter)}" for letter in _LETTERS},
        where=f"k.key IS NULL OR (k.RptDate < {scope.day_text} AND ({due}))",
        base={"RptDate": scope.day_text, "RptDateCode": "CASE WHEN k.key IS NULL THEN '10' ELSE '20' END"},
    )

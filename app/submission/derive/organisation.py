"""Record 310: an organisation's basic information with its members and shareholders."""

from __future__ import annotations

from app.submission.derive.scope import (
    Scope,
    changed,
    finished,
    key_text,
    lacking,
    latest,
    occurrences,
    origin,
    segment,
)
from app.submission.tables import record_type

_LETTERS = "DEFHI"
_KEY = ('"EntCertType"', '"EntCertNum"')


def organisations(scope: Scope) -> str:
    """Organisations never reported (point 10) or changed since (point 20, changed segments only)."""
    record = record_type("310")
    base = segment(
        record,
        "B",
        "o",
        {
            "InfRecType": "'310'",
            "RptDate": "NULL",
            "RptDateCode": "NULL",
            "InfSurcCode": f"coalesce(o.\"InfSurcCode\", '{scope.provider}')",
        },
    )
    members = segment(record, "E", "o", {"MmbNm": "CAST(len(m.found) AS VARCHAR)", "MmbInf": "m.found"})
    holders = segment(
        record,
        "F",
        "o",
        {"MnSharHodNm": "CAST(len(coalesce(s.found, [])) AS VARCHAR)", "SharHodInf": "coalesce(s.found, [])"},
    )
    fresh = f"""
        WITH o AS (SELECT {key_text(*_KEY)} AS key, * FROM ({scope.entity("organisation", *_KEY)})),
             m AS ({_grouped(scope, "organisation_member", "E")}),
             s AS ({_grouped(scope, "organisation_shareholder", "F")})
        SELECT o.key, {origin(("organisation", "o"))} AS origin, {base} AS "B",
               {segment(record, "D", "o")} AS "D",
               CASE WHEN m.key IS NOT NULL THEN {members} END AS "E",
               CASE WHEN nullif(o."RegCap", '') IS NOT NULL THEN {holders} END AS "F",
               CASE WHEN nullif(o."SupOrgName", '') IS NOT NULL THEN {segment(record, "H", "o")} END AS "H",
               {segment(record, "I", "o")} AS "I"{lacking("310", "C", "G")}
        FROM o LEFT JOIN m ON o.key = m.key LEFT JOIN s ON o.key = s.key"""
    known = f"SELECT key, max(RptDate) AS RptDate, {latest(*_LETTERS)} FROM ({scope.accepted('310')}) GROUP BY key"
    due = " OR ".join(changed(letter) for letter in _LETTERS)
    return finished(
        "310",
        scope,
        fresh,
        known,
        keep={letter: f"k.key IS NULL OR {changed(letter)}" for letter in _LETTERS},
        where=f"k.key IS NULL OR (k.RptDate < {scope.day_text} AND ({due}))",
        base={"RptDate": scope.day_text, "RptDateCode": "CASE WHEN k.key IS NULL THEN '10' ELSE '20' END"},
    )


def _grouped(scope: Scope, entity: str, letter: str) -> str:
    found = occurrences(record_type("310"), letter, "x")
    return f"""SELECT {key_text(*_KEY)} AS key, {found} AS found
        FROM ({scope.entity(entity, *_KEY)}) x GROUP BY 1"""

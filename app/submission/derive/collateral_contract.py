"""Record 510: a mortgage or pledge contract with the property it rests on, of a person's or an organisation's debt alike."""

from __future__ import annotations

from app.submission.derive.scope import Scope, changed, finished, gathered, latest, origin, segment
from app.submission.tables import record_type

_ENDED = '"C"."CcStatus"'


def collateral_contracts(scope: Scope) -> str:
    """Contracts that took effect (point 10), lapsed (20), or of which anything changed (30) since the centre was told.

    Every record is whole, since a mortgage must show its property and a pledge its own (BPR001). Nothing follows the record of
    the end (BPR003).
    """
    record = record_type("510")
    base = segment(record, "B", "a", {"InfRecType": "'510'", "RptDate": "NULL", "RptDateCode": "NULL"})
    groups = {"D": "collateral_debtor", "E": "mortgaged_property", "F": "pledged_property"}
    key = '"CcCode"'
    tables = ", ".join(
        f"{letter.lower()} AS ({gathered(scope, '510', letter, entity, key)})" for letter, entity in groups.items()
    )
    segments = ", ".join(_counted(letter) for letter in groups)
    joins = " ".join(f'LEFT JOIN {letter.lower()} ON {letter.lower()}.key = a."CcCode"' for letter in groups)
    fresh = f"""
        WITH a AS ({scope.entity("collateral_contract", '"CcCode"')}), {tables}
        SELECT a."CcCode" AS key, {origin(("collateral_contract", "a"))} AS origin, {base} AS "B",
               {segment(record, "C", "a")} AS "C", {segments}
        FROM a {joins}"""
    long_ago = f"nullif(n.\"C\".\"CcExpDate\", '') < strftime({scope.day} - 30, '%Y-%m-%d')"
    point = f"""CASE WHEN k.ended = '2' OR k.newest >= {scope.day_text} THEN NULL
        WHEN n.{_ENDED} = '2' THEN CASE WHEN k.key IS NOT NULL OR NOT coalesce({long_ago}, FALSE) THEN '20' END
        WHEN k.key IS NULL THEN '10'
        WHEN {" OR ".join(changed(letter) for letter in "CDEF")} THEN '30' END"""
    known = f"""SELECT key, max(RptDate) AS newest, arg_max({_ENDED}, RptDate) AS ended, {latest("C", "D", "E", "F")}
        FROM ({scope.accepted("510")}) GROUP BY key"""
    return finished(
        "510",
        scope,
        fresh,
        known,
        keep=dict.fromkeys("CDEF", "TRUE"),
        where=f"({point}) IS NOT NULL",
        base={"RptDate": scope.day_text, "RptDateCode": point},
    )


def _counted(letter: str) -> str:
    """A segment that is a counted group and nothing else, where there is an occurrence."""
    record = record_type("510")
    group = record.segment(letter).groups[0]
    table = letter.lower()
    given = {group.count_tag: f"CAST(len({table}.found) AS VARCHAR)", group.tag: f"{table}.found"}
    return f'CASE WHEN {table}.key IS NOT NULL THEN {segment(record, letter, "a", given)} END AS "{letter}"'

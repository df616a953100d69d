"""Record 510: a mortgage or pledge contract, of a person's debt or an organisation's; when it begins (10), when debtors or
assets change or are appraised anew (30), when it ends (20)."""

from __future__ import annotations

from app.submission.derive.credit_agreement import life_reason
from app.submission.derive.scope import Scope, changed, finished, latest, occurrences, origin, segment
from app.submission.tables import record_type

_ENDED = "2"
_LETTERS = "CDEF"
_GROUPS = {
    "D": ("collateral_debtor", "GrtdNm", "OtrRec"),
    "E": ("mortgaged_property", "PleNm", "PleInf"),
    "F": ("pledged_property", "ImpNm", "ImpInf"),
}
_KEY = '"CcCode"'


def collateral_contracts(scope: Scope) -> str:
    """Contracts in force that the centre does not have, and those that have changed or ended since."""
    record = record_type("510")
    base = segment(record, "B", "a", {"InfRecType": "'510'", "RptDate": "NULL", "RptDateCode": "NULL"})
    gathered, columns, joins = [], [], []
    for letter, (entity, count, group) in _GROUPS.items():
        rows = f"SELECT {_KEY} AS key, {occurrences(record, letter, 'x')} AS found"
        gathered.append(f"g{letter} AS ({rows} FROM ({scope.entity(entity, _KEY)}) x GROUP BY 1)")
        listed = segment(
            record, letter, "a", {count: f"CAST(len(g{letter}.found) AS VARCHAR)", group: f"g{letter}.found"}
        )
        columns.append(f'CASE WHEN g{letter}.key IS NOT NULL THEN {listed} END AS "{letter}"')
        joins.append(f"LEFT JOIN g{letter} ON g{letter}.key = a.{_KEY}")
    fresh = f"""
        WITH {", ".join(gathered)}
        SELECT a.{_KEY} AS key, {origin(("collateral_contract", "a"))} AS origin, {base} AS "B",
               {segment(record, "C", "a")} AS "C", {", ".join(columns)}
        FROM ({scope.entity("collateral_contract", _KEY)}) a {" ".join(joins)}"""
    known = f"SELECT key, max(RptDate) AS RptDate, {latest(*_LETTERS)} FROM ({scope.accepted('510')}) GROUP BY key"
    ended = f'n."C"."CcStatus" = \'{_ENDED}\''
    closed = f'k."C"."CcStatus" = \'{_ENDED}\''
    differs = "(" + " OR ".join(map(changed, _LETTERS)) + ")"
    return finished(
        "510",
        scope,
        fresh,
        known,
        keep=dict.fromkeys(_LETTERS, "TRUE"),
        where=f"""CASE WHEN k.key IS NULL THEN NOT ({ended})
            ELSE NOT ({closed}) AND k.RptDate < {scope.day_text} AND {differs} END""",
        base={
            "RptDate": scope.day_text,
            "RptDateCode": f"CASE WHEN k.key IS NULL THEN '10' WHEN {ended} THEN '20' ELSE '30' END",
        },
        reason=life_reason(ended, closed, differs),
    )

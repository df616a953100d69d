"""Record 220: a credit agreement with a person, when it begins (10), when its limit or parties change (30), when it ends (20)."""

from __future__ import annotations

from app.submission.derive.scope import Scope, changed, finished, latest, occurrences, origin, segment
from app.submission.tables import record_type

_ENDED = "2"
_DIFFERS = f"({changed('C')} OR {changed('D')})"


def credit_agreements(scope: Scope) -> str:
    """Agreements in force that the centre does not have, and those that have changed or ended since."""
    record = record_type("220")
    base = segment(record, "B", "a", {"InfRecType": "'220'", "RptDate": "NULL", "RptDateCode": "NULL"})
    parties = segment(record, "C", "a", {"BrerNm": "CAST(len(p.found) AS VARCHAR)", "CtrctCertRel": "p.found"})
    found = occurrences(record, "C", "x")
    # Cap and number of the cap stand together or not at all (P220-007).
    capped = "nullif(a.\"CreditRest\", '') IS NOT NULL OR nullif(a.\"CreditRestCode\", '') IS NOT NULL"
    limit = segment(record, "D", "a")
    uncapped = f'struct_update({limit}, "CreditRest" := NULL, "CreditRestCode" := NULL)'
    fresh = f"""
        WITH p AS (SELECT "ContractCode" AS key, {found} AS found
                   FROM ({scope.entity("personal_agreement_party", '"ContractCode"')}) x GROUP BY 1)
        SELECT a."ContractCode" AS key, {origin(("personal_agreement", "a"))} AS origin, {base} AS "B",
               CASE WHEN p.key IS NOT NULL THEN {parties} END AS "C", CASE WHEN {capped} THEN {limit} ELSE {uncapped} END AS "D"
        FROM ({scope.entity("personal_agreement", '"ContractCode"')}) a LEFT JOIN p ON p.key = a."ContractCode\""""
    known = f"SELECT key, max(RptDate) AS RptDate, {latest('C', 'D')} FROM ({scope.accepted('220')}) GROUP BY key"
    ended = f'n."D"."ConStatus" = \'{_ENDED}\''
    return finished(
        "220",
        scope,
        fresh,
        known,
        keep={"C": "TRUE", "D": "TRUE"},
        where=f"""CASE WHEN k.key IS NULL THEN NOT ({ended})
            ELSE k."D"."ConStatus" <> '{_ENDED}' AND k.RptDate < {scope.day_text} AND {_DIFFERS} END""",
        base={
            "RptDate": scope.day_text,
            "RptDateCode": f"CASE WHEN k.key IS NULL THEN '10' WHEN {ended} THEN '20' ELSE '30' END",
        },
        reason=life_reason(ended, f'k."D"."ConStatus" = \'{_ENDED}\'', _DIFFERS),
    )


def life_reason(ended: str, closed: str, differs: str) -> str:
    """Why something that begins, changes and ends is due or not: `ended` by today's word, `closed` by the centre's."""
    return f"""CASE WHEN {{due}} THEN CASE WHEN k.key IS NULL THEN 'new' WHEN {ended} THEN 'closing' ELSE 'changed' END
        WHEN k.key IS NULL THEN 'ended_before' WHEN {closed} THEN 'closed' WHEN {differs} THEN 'reported_today'
        ELSE 'unchanged' END"""

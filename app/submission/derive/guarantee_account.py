"""Record 230: what a lender guarantees for a person: new (10), closed (20), another balance (30), another class (40), anything
else (50, without the liability segment).

One record an account and day; of several points that apply, the one that says most.
"""

from __future__ import annotations

from app.submission.derive.scope import Scope, changed, finished, lacking, latest, occurrences, origin, segment
from app.submission.tables import record_type

_CLOSED = "2"
_BALANCE = ("LoanAmt", "RepayPrd", "RiEx", "CompAdvFlag", "AcctStatus", "CloseDate")
_CLASS = ("FiveCate", "FiveCateAdjDate")
_KEY = '"AcctCode"'


def guarantee_accounts(scope: Scope) -> str:
    """Open guarantee accounts that the centre does not have, and those that have changed or closed since."""
    record = record_type("230")
    base = segment(record, "B", "a", {"InfRecType": "'230'", "RptDate": "NULL", "RptDateCode": "NULL"})
    parties = segment(record, "E", "a", {"RltRepymtNm": "CAST(len(p.found) AS VARCHAR)", "RltRepymtInf": "p.found"})
    found = occurrences(record, "E", "x")
    fresh = f"""
        WITH p AS (SELECT {_KEY} AS key, {found} AS found
                   FROM ({scope.entity("repayment_party", _KEY)}) x WHERE subject = 'guarantee' GROUP BY 1)
        SELECT a.{_KEY} AS key, {origin(("personal_guarantee", "a"))} AS origin, {base} AS "B",
               {segment(record, "C", "a")} AS "C", {segment(record, "D", "a")} AS "D",
               CASE WHEN p.key IS NOT NULL THEN {parties} END AS "E"{lacking("230", "F")}
        FROM ({scope.entity("personal_guarantee", _KEY)}) a LEFT JOIN p ON p.key = a.{_KEY}"""
    known = f"SELECT key, max(RptDate) AS RptDate, {latest('C', 'D', 'E')} FROM ({scope.accepted('230')}) GROUP BY key"
    closing = f'n."D"."AcctStatus" = \'{_CLOSED}\''
    closed = f'k."D"."AcctStatus" = \'{_CLOSED}\''
    balance, classified, other = _differs(_BALANCE), _differs(_CLASS), f"({changed('C')} OR {changed('E')})"
    kind = f"""CASE WHEN k.key IS NULL THEN '10' WHEN {closing} THEN '20' WHEN {balance} THEN '30'
        WHEN {classified} THEN '40' ELSE '50' END"""
    return finished(
        "230",
        scope,
        fresh,
        known,
        keep={
            "C": f"k.key IS NULL OR {changed('C')}",
            "D": f"k.key IS NULL OR {balance} OR {classified}",
            "E": f"k.key IS NULL OR {changed('E')}",
        },
        where=f"""CASE WHEN k.key IS NULL THEN NOT ({closing})
            ELSE NOT ({closed}) AND k.RptDate < {scope.day_text} AND ({balance} OR {classified} OR {other}) END""",
        base={"RptDate": scope.day_text, "RptDateCode": kind},
        reason=f"""CASE WHEN {{due}} THEN CASE WHEN k.key IS NULL THEN 'new' WHEN {closing} THEN 'closing'
                WHEN {balance} THEN 'balance' WHEN {classified} THEN 'classified' ELSE 'changed' END
            WHEN k.key IS NULL THEN 'ended_before' WHEN {closed} THEN 'closed'
            WHEN {balance} OR {classified} OR {other} THEN 'reported_today' ELSE 'unchanged' END""",
    )


def _differs(tags: tuple[str, ...]) -> str:
    return "(" + " OR ".join(f'n."D"."{tag}" IS DISTINCT FROM k."D"."{tag}"' for tag in tags) + ")"

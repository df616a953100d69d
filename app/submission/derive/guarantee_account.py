"""Record 230: what a lender guarantees for a person: new (10), closed (20), another balance (30), another class (40), anything
else (50, without the liability segment).

One record an account and day; of several points that apply, the one that says most.
"""

from __future__ import annotations

from app.submission.derive.life import life, lived
from app.submission.derive.scope import Scope, changed, finished, gathered, lacking, latest, origin, segment
from app.submission.tables import record_type

_STATUS = '"D"."AcctStatus"'
_BALANCE = ("LoanAmt", "RepayPrd", "RiEx", "CompAdvFlag", "AcctStatus", "CloseDate")
_CLASS = ("FiveCate", "FiveCateAdjDate")
_KEY = '"AcctCode"'


def guarantee_accounts(scope: Scope) -> str:
    """Open guarantee accounts that the centre does not have, and those that have changed or closed since."""
    record = record_type("230")
    base = segment(record, "B", "a", {"InfRecType": "'230'", "RptDate": "NULL", "RptDateCode": "NULL"})
    parties = segment(record, "E", "a", {"RltRepymtNm": "CAST(len(p.found) AS VARCHAR)", "RltRepymtInf": "p.found"})
    fresh = f"""
        WITH p AS ({gathered(scope, "230", "E", "repayment_party", _KEY, "subject = 'guarantee'")})
        SELECT a.{_KEY} AS key, {origin(("personal_guarantee", "a"))} AS origin, {base} AS "B",
               {segment(record, "C", "a")} AS "C", {segment(record, "D", "a")} AS "D",
               CASE WHEN p.key IS NOT NULL THEN {parties} END AS "E"{lacking("230", "F")}
        FROM ({scope.entity("personal_guarantee", _KEY)}) a LEFT JOIN p ON p.key = a.{_KEY}"""
    changes = {
        "30": (_differs(_BALANCE), "balance"),
        "40": (_differs(_CLASS), "classified"),
        "50": (f"({changed('C')} OR {changed('E')})", "changed"),
    }
    told = life(scope, _STATUS, '"D"."CloseDate"', changes)
    return finished(
        "230",
        scope,
        fresh,
        lived(scope, "230", _STATUS, latest("C", "D", "E")),
        keep={"C": changed("C"), "D": f"({told.point}) <> '50'", "E": changed("E")},
        where=told.due,
        base={"RptDate": scope.day_text, "RptDateCode": told.point},
        reason=told.reason,
    )


def _differs(tags: tuple[str, ...]) -> str:
    return "(" + " OR ".join(f'n."D"."{tag}" IS DISTINCT FROM k."D"."{tag}"' for tag in tags) + ")"

"""Record 440: what the lender stands guarantee for on behalf of an organisation: letters of credit and of guarantee, acceptances."""

from __future__ import annotations

from app.submission.derive.life import life, lived
from app.submission.derive.scope import Scope, changed, finished, gathered, latest, origin, segment
from app.submission.tables import record_type

_STATUS = '"D"."AcctStatus"'


def corporate_guarantees(scope: Scope) -> str:
    """Guarantee accounts with a reporting point since the centre last took a record of them.

    One record an account and day, at the point that says most: closing (20), first report (10), a changed liability (30), a
    changed classification (40), anything else (50, which must not carry the liability: CAR008). Other segments go along when
    they are new or changed. Nothing follows the record of the closing (CAR006).
    """
    record = record_type("440")
    base = segment(record, "B", "a", {"InfRecType": "'440'", "RptDate": "NULL", "RptDateCode": "NULL"})
    parties = segment(record, "E", "a", {"RltRepymtNm": "CAST(len(r.found) AS VARCHAR)", "RltRepymtInf": "r.found"})
    links = segment(record, "F", "a", {"CcNm": "CAST(len(c.found) AS VARCHAR)", "CccInf": "c.found"})
    fresh = f"""
        WITH a AS ({scope.entity("corporate_guarantee", '"AcctCode"')}),
             r AS ({gathered(scope, "440", "E", "corporate_guarantee_party", '"AcctCode"')}),
             c AS ({gathered(scope, "440", "F", "collateral_link", '"AcctCode"', "subject = 'organisation'")})
        SELECT a."AcctCode" AS key, {origin(("corporate_guarantee", "a"))} AS origin, {base} AS "B",
               {segment(record, "C", "a")} AS "C", {segment(record, "D", "a")} AS "D",
               CASE WHEN r.key IS NOT NULL THEN {parties} END AS "E",
               CASE WHEN c.key IS NOT NULL THEN {links} END AS "F",
               CASE WHEN nullif(a."Mcc", '') IS NOT NULL THEN {segment(record, "G", "a")} END AS "G"
        FROM a LEFT JOIN r ON r.key = a."AcctCode" LEFT JOIN c ON c.key = a."AcctCode\""""
    liability = " OR ".join(
        f'n."D"."{tag}" IS DISTINCT FROM k."D"."{tag}"' for tag in ("LoanAmt", "RiEx", "CompAdvFlag", "AcctStatus")
    )
    changes = {
        "30": (f"({liability})", "balance"),
        "40": ('n."D"."FiveCate" IS DISTINCT FROM k."D"."FiveCate"', "classified"),
        "50": ("(" + " OR ".join(map(changed, "CEFG")) + ")", "changed"),
    }
    told = life(scope, _STATUS, '"D"."CloseDate"', changes)
    return finished(
        "440",
        scope,
        fresh,
        lived(scope, "440", _STATUS, latest("C", "D", "E", "F", "G")),
        keep={letter: changed(letter) for letter in "CEFG"} | {"D": f"({told.point}) <> '50'"},
        where=told.due,
        base={"RptDate": scope.day_text, "RptDateCode": told.point},
        reason=told.reason,
    )

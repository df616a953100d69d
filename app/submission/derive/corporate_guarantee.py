"""Record 440: what the lender stands guarantee for on behalf of an organisation: letters of credit and of guarantee, acceptances."""

from __future__ import annotations

from app.submission.derive.scope import Scope, changed, finished, gathered, latest, origin, segment
from app.submission.tables import record_type

_ENDED = '"D"."AcctStatus"'


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
    long_ago = f"nullif(n.\"D\".\"CloseDate\", '') < strftime({scope.day} - 30, '%Y-%m-%d')"
    liability = " OR ".join(
        f'n."D"."{tag}" IS DISTINCT FROM k."D"."{tag}"' for tag in ("LoanAmt", "RiEx", "CompAdvFlag", "AcctStatus")
    )
    others = " OR ".join(changed(letter) for letter in "CEFG")
    point = f"""CASE WHEN k.ended = '2' OR k.newest >= {scope.day_text} THEN NULL
        WHEN n.{_ENDED} = '2' THEN CASE WHEN k.key IS NOT NULL OR NOT coalesce({long_ago}, FALSE) THEN '20' END
        WHEN k.key IS NULL THEN '10'
        WHEN {liability} THEN '30'
        WHEN n."D"."FiveCate" IS DISTINCT FROM k."D"."FiveCate" THEN '40'
        WHEN {others} THEN '50' END"""
    known = f"""SELECT key, max(RptDate) AS newest, arg_max({_ENDED}, RptDate) AS ended, {latest("C", "D", "E", "F", "G")}
        FROM ({scope.accepted("440")}) GROUP BY key"""
    return finished(
        "440",
        scope,
        fresh,
        known,
        keep={letter: changed(letter) for letter in "CEFG"} | {"D": f"({point}) <> '50'"},
        where=f"({point}) IS NOT NULL",
        base={"RptDate": scope.day_text, "RptDateCode": point},
    )

"""Record 420: a credit agreement with an organisation, from the day its limit takes effect to the day it lapses."""

from __future__ import annotations

from app.submission.derive.scope import Scope, changed, finished, gathered, latest, origin, segment
from app.submission.tables import record_type

_ENDED = '"D"."ConStatus"'


def corporate_agreements(scope: Scope) -> str:
    """Agreements that began (point 10), lapsed (20), or whose limit or beneficiaries changed (30) since the centre was told.

    Nothing follows the record of the end (CCR001). An agreement that had lapsed more than a month before it was first seen is
    history and not reported.
    """
    record = record_type("420")
    base = segment(record, "B", "a", {"InfRecType": "'420'", "RptDate": "NULL", "RptDateCode": "NULL"})
    parties = segment(record, "C", "a", {"BrerNm": "CAST(len(c.found) AS VARCHAR)", "CtrctCertRel": "c.found"})
    fresh = f"""
        WITH a AS ({scope.entity("corporate_agreement", '"ContractCode"')}),
             c AS ({gathered(scope, "420", "C", "corporate_agreement_party", '"ContractCode"')})
        SELECT a."ContractCode" AS key, {origin(("corporate_agreement", "a"))} AS origin, {base} AS "B",
               CASE WHEN c.key IS NOT NULL THEN {parties} END AS "C", {segment(record, "D", "a")} AS "D"
        FROM a LEFT JOIN c ON c.key = a."ContractCode\""""
    long_ago = f"nullif(n.\"D\".\"ConExpDate\", '') < strftime({scope.day} - 30, '%Y-%m-%d')"
    point = f"""CASE WHEN k.ended = '2' OR k.newest >= {scope.day_text} THEN NULL
        WHEN n.{_ENDED} = '2' THEN CASE WHEN k.key IS NOT NULL OR NOT coalesce({long_ago}, FALSE) THEN '20' END
        WHEN k.key IS NULL THEN '10'
        WHEN {changed("D")} OR {changed("C")} THEN '30' END"""
    known = f"""SELECT key, max(RptDate) AS newest, arg_max({_ENDED}, RptDate) AS ended, {latest("C", "D")}
        FROM ({scope.accepted("420")}) GROUP BY key"""
    return finished(
        "420",
        scope,
        fresh,
        known,
        keep={"C": changed("C"), "D": "TRUE"},
        where=f"({point}) IS NOT NULL",
        base={"RptDate": scope.day_text, "RptDateCode": point},
    )

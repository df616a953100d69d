"""Record 420: a credit agreement with an organisation, from the day its limit takes effect to the day it lapses."""

from __future__ import annotations

from app.submission.derive.life import life, lived
from app.submission.derive.scope import Scope, changed, finished, gathered, latest, origin, segment
from app.submission.tables import record_type

_STATUS = '"D"."ConStatus"'


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
    told = life(scope, _STATUS, '"D"."ConExpDate"', {"30": (f"({changed('D')} OR {changed('C')})", "changed")})
    return finished(
        "420",
        scope,
        fresh,
        lived(scope, "420", _STATUS, latest("C", "D")),
        keep={"C": changed("C"), "D": "TRUE"},
        where=told.due,
        base={"RptDate": scope.day_text, "RptDateCode": told.point},
        reason=told.reason,
    )

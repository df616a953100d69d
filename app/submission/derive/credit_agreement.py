"""Record 220: a credit agreement with a person, when it begins (10), when its limit or parties change (30), when it ends (20)."""

from __future__ import annotations

from app.submission.derive.life import life, lived
from app.submission.derive.scope import Scope, changed, finished, gathered, latest, origin, segment
from app.submission.tables import record_type

_STATUS = '"D"."ConStatus"'


def credit_agreements(scope: Scope) -> str:
    """Agreements in force that the centre does not have, and those that have changed or ended since."""
    record = record_type("220")
    base = segment(record, "B", "a", {"InfRecType": "'220'", "RptDate": "NULL", "RptDateCode": "NULL"})
    parties = segment(record, "C", "a", {"BrerNm": "CAST(len(p.found) AS VARCHAR)", "CtrctCertRel": "p.found"})
    # Cap and number of the cap stand together or not at all (P220-007).
    capped = "nullif(a.\"CreditRest\", '') IS NOT NULL OR nullif(a.\"CreditRestCode\", '') IS NOT NULL"
    limit = segment(record, "D", "a")
    uncapped = f'struct_update({limit}, "CreditRest" := NULL, "CreditRestCode" := NULL)'
    fresh = f"""
        WITH p AS ({gathered(scope, "220", "C", "personal_agreement_party", '"ContractCode"')})
        SELECT a."ContractCode" AS key, {origin(("personal_agreement", "a"))} AS origin, {base} AS "B",
               CASE WHEN p.key IS NOT NULL THEN {parties} END AS "C", CASE WHEN {capped} THEN {limit} ELSE {uncapped} END AS "D"
        FROM ({scope.entity("personal_agreement", '"ContractCode"')}) a LEFT JOIN p ON p.key = a."ContractCode\""""
    differs = f"({changed('C')} OR {changed('D')})"
    told = life(scope, _STATUS, '"D"."ConExpDate"', {"30": (differs, "changed")})
    return finished(
        "220",
        scope,
        fresh,
        lived(scope, "220", _STATUS, latest("C", "D")),
        keep={"C": "TRUE", "D": "TRUE"},
        where=told.due,
        base={"RptDate": scope.day_text, "RptDateCode": told.point},
        reason=told.reason,
    )

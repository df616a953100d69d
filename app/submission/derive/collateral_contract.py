"""Record 510: a mortgage or pledge contract, of a person's debt or an organisation's; when it begins (10), when debtors or
property change or are appraised anew (30), when it ends (20)."""

from __future__ import annotations

from app.submission.derive.life import life, lived
from app.submission.derive.scope import Scope, changed, finished, gathered, latest, origin, segment
from app.submission.tables import record_type

_STATUS = '"C"."CcStatus"'
_LETTERS = "CDEF"
_GROUPS = {"D": "collateral_debtor", "E": "mortgaged_property", "F": "pledged_property"}
_KEY = '"CcCode"'


def collateral_contracts(scope: Scope) -> str:
    """Contracts in force that the centre does not have, and those that have changed or ended since.

    Every record is whole, since a mortgage must show its property and a pledge its own (BPR001). Nothing follows the record of
    the end (BPR003).
    """
    record = record_type("510")
    base = segment(record, "B", "a", {"InfRecType": "'510'", "RptDate": "NULL", "RptDateCode": "NULL"})
    tables = ", ".join(
        f"g{letter} AS ({gathered(scope, '510', letter, entity, _KEY)})" for letter, entity in _GROUPS.items()
    )
    fresh = f"""
        WITH {tables}
        SELECT a.{_KEY} AS key, {origin(("collateral_contract", "a"))} AS origin, {base} AS "B",
               {segment(record, "C", "a")} AS "C", {", ".join(map(_counted, _GROUPS))}
        FROM ({scope.entity("collateral_contract", _KEY)}) a
             {" ".join(f"LEFT JOIN g{letter} ON g{letter}.key = a.{_KEY}" for letter in _GROUPS)}"""
    differs = "(" + " OR ".join(map(changed, _LETTERS)) + ")"
    told = life(scope, _STATUS, '"C"."CcExpDate"', {"30": (differs, "changed")})
    return finished(
        "510",
        scope,
        fresh,
        lived(scope, "510", _STATUS, latest(*_LETTERS)),
        keep=dict.fromkeys(_LETTERS, "TRUE"),
        where=told.due,
        base={"RptDate": scope.day_text, "RptDateCode": told.point},
        reason=told.reason,
    )


def _counted(letter: str) -> str:
    """A segment that is a counted group and nothing else, where there is an occurrence."""
    record = record_type("510")
    group = record.segment(letter).groups[0]
    given = {group.count_tag: f"CAST(len(g{letter}.found) AS VARCHAR)", group.tag: f"g{letter}.found"}
    return f'CASE WHEN g{letter}.key IS NOT NULL THEN {segment(record, letter, "a", given)} END AS "{letter}"'

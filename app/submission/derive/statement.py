"""Records 610 to 650: financial statements of enterprises and public institutions, in the layout in which they were drawn up."""

from __future__ import annotations

from collections.abc import Callable

from app.submission.derive.scope import Scope, changed, finished, key_text, latest, origin, segment
from app.submission.tables import BUSINESS_KEY, MAIN_ENTITY, record_type

_AUDIT = ("AuditFirmName", "AuditorName", "AuditTime")


def statements(code: str) -> Callable[[Scope], str]:
    """The derivation of one kind of statement: those obtained (point 10), and those that differ from what the centre has (20).

    Exactly one of the segments C and D stands, as the layout of the statement says.
    """

    def derivation(scope: Scope) -> str:
        record = record_type(code)
        key = BUSINESS_KEY[code]
        base = segment(record, "B", "s", {"InfRecType": f"'{code}'", "RptDate": "NULL", "RptDateCode": "NULL"})
        layouts = ", ".join(
            f"CASE WHEN s.layout = '{letter}' THEN {segment(record, letter, 's')} END AS \"{letter}\""
            for letter in "CD"
        )
        fresh = f"""SELECT {key_text(*(f"s.{column}" for column in key))} AS key,
                {origin((MAIN_ENTITY[code], "s"))} AS origin, {base} AS "B", {layouts}
            FROM ({scope.entity(MAIN_ENTITY[code], *key)}) s"""
        audited = " OR ".join(f'n."B"."{tag}" IS DISTINCT FROM k."B"."{tag}"' for tag in _AUDIT)
        known = (
            f"SELECT key, max(RptDate) AS newest, {latest('B', 'C', 'D')} FROM ({scope.accepted(code)}) GROUP BY key"
        )
        return finished(
            code,
            scope,
            fresh,
            known,
            keep=dict.fromkeys("CD", "TRUE"),
            where=f"k.key IS NULL OR (k.newest < {scope.day_text} AND ({changed('C')} OR {changed('D')} OR {audited}))",
            base={"RptDate": scope.day_text, "RptDateCode": "CASE WHEN k.key IS NULL THEN '10' ELSE '20' END"},
        )

    return derivation

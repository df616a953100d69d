"""Records without segments, whose items stand in the record itself: what their derivations share."""

from __future__ import annotations

from app.standard.layout import column_types
from app.submission.derive.scope import Scope, key_text, origin, present
from app.submission.tables import BUSINESS_KEY, MAIN_ENTITY


def flat_records(code: str, scope: Scope, validity: str, compared: tuple[str, ...]) -> str:
    """SELECT in the shape of the record table of links between two subjects.

    Due is a link that holds and that the centre does not know, and one of which an item in `compared` has changed since.
    `validity` is the item that says whether it holds; one that never did is nobody's concern.
    """
    key = BUSINESS_KEY[code]
    entity = MAIN_ENTITY[code]
    items = [name for name in column_types(code) if name not in ("InfRecType", "RptDate")]
    values = ", ".join(f"{present(f'x.{_quoted(name)}')} AS {_quoted(name)}" for name in items)
    kept = ", ".join(f"arg_max({_quoted(name)}, RptDate) AS {_quoted(name)}" for name in compared)
    changed = " OR ".join(f"n.{_quoted(name)} IS DISTINCT FROM k.{_quoted(name)}" for name in compared)
    columns = ", ".join(_quoted(name) for name in items)
    return f"""
        WITH n AS (SELECT {key_text(*key)} AS key, {origin((entity, "x"))} AS origin, {values}
                   FROM ({scope.entity(entity, *key)}) x),
             k AS (SELECT key, max(RptDate) AS newest, {kept} FROM ({scope.accepted(code)}) GROUP BY key),
             due AS (SELECT n.* FROM n LEFT JOIN k ON k.key = n.key
                     WHERE n.key NOT IN ({scope.travelling(code)})
                       AND CASE WHEN k.key IS NULL THEN n.{_quoted(validity)} <> '0'
                                ELSE k.newest < {scope.day_text} AND ({changed}) END)
        SELECT md5(concat_ws('|', '{code}', '{scope.batch}', key, {scope.day_text})) AS record_id,
               '{scope.batch}' AS batch, {scope.day} AS business_date, {scope.bucket} AS bucket,
               key, {scope.day_text} AS "RptDate", CAST(hash({columns}) AS VARCHAR) AS content, origin,
               '{code}' AS "InfRecType", {columns}
        FROM due"""


def _quoted(name: str) -> str:
    return f'"{name}"'

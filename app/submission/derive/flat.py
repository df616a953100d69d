"""Records without segments: their items are columns of one standard entity, and they are due in full when one has changed."""

from __future__ import annotations

from collections.abc import Mapping

from app.submission.derive.scope import GENERAL_REASON, Scope, key_text, origin, reasons
from app.submission.tables import BUSINESS_KEY, MAIN_ENTITY, record_type


def finished_flat(
    code: str,
    scope: Scope,
    values: Mapping[str, str],
    compared: tuple[str, ...],
    where: str = "TRUE",
    reason: str = GENERAL_REASON,
    rows: str = "",
    beside: tuple[str, ...] = (),
) -> str:
    """As `finished`, for a record without segments, of which every item is a column of its entity.

    It is due when the centre has nothing of its key, or has one of an earlier day that differs in one of the items
    `compared`, and `where` holds besides. `values` replaces single items. `rows` gives the rows of the entity with further
    columns, of which `where` and `reason` see those named by `beside`.
    """
    record = record_type(code)
    key, entity = BUSINESS_KEY[code], MAIN_ENTITY[code]
    given = {"InfRecType": f"'{code}'", "RptDate": scope.day_text, **values}
    tags = [item.tag for item in record.segments[0].plain]
    own = {tag: f'x."{tag}"' for tag in tags} | given
    items = ", ".join([*(f"coalesce({own[tag]}, '') AS \"{tag}\"" for tag in tags), *(f"x.{name}" for name in beside)])
    held = ", ".join(f'arg_max("{tag}", "RptDate") AS "{tag}"' for tag in compared)
    head = ", ".join(f'"{tag}"' for tag in tags)
    content = ", ".join(f'"{tag}"' for tag in tags if tag != "RptDate")
    listed = ", ".join(f'n."{tag}"' for tag in tags)
    differing = {tag: f'k.key IS NOT NULL AND n."{tag}" IS DISTINCT FROM k."{tag}"' for tag in compared}
    differs = " OR ".join(differing.values()) or "FALSE"
    due = f'({where}) AND (k.key IS NULL OR (k."RptDate" < n."RptDate" AND ({differs})))'
    both = f"""
        WITH settled AS (SELECT {key_text(*key)} AS key, {origin((entity, "x"))} AS origin, {items}
                         FROM ({rows or scope.entity(entity, *key)}) x),
             known AS (SELECT key, max("RptDate") AS "RptDate", {held} FROM ({scope.accepted(code)}) GROUP BY key)"""
    if scope.explaining:
        return reasons(code, scope, both, due, reason, differing, "''")
    return f"""{both},
             chosen AS (
                 SELECT n.key, n.origin, {listed} FROM settled n LEFT JOIN known k ON n.key = k.key
                 WHERE n.key NOT IN ({scope.waiting(code)}) AND {due})
        SELECT md5(concat_ws('|', '{code}', '{scope.batch}', key, "RptDate")) AS record_id,
               '{scope.batch}' AS batch, {scope.day} AS business_date, {scope.bucket} AS bucket, key,
               CAST(hash({content}) AS VARCHAR) AS content, origin, {head}
        FROM chosen"""


def finished_link(code: str, scope: Scope, flag: str, compared: tuple[str, ...], values: Mapping[str, str]) -> str:
    """As `finished_flat`, for what links two subjects and is revoked by sending it again with its `flag` 0: due where it holds
    and was never reported, and where the flag or an item in `compared` has changed since."""
    revoked = f"n.\"{flag}\" = '0'"
    return finished_flat(
        code,
        scope,
        values,
        (*compared, flag),
        where=f"k.key IS NOT NULL OR NOT {revoked}",
        reason=f"""CASE WHEN k.key IS NULL AND {revoked} THEN 'never_valid' WHEN NOT {{due}} THEN 'unchanged'
            WHEN k.key IS NULL THEN 'new' WHEN {revoked} AND k."{flag}" <> '0' THEN 'revoked' ELSE 'changed' END""",
    )


def from_provider(scope: Scope) -> dict[str, str]:
    """The value of the item that says where information on a person comes from: the lender itself where no source does."""
    return {"InfSurcCode": f"coalesce(x.\"InfSurcCode\", '{scope.provider}')"}

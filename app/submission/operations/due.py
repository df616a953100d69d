"""The operations that are due: one SELECT for each type, from the standard entities, the accepted state and what was asked for.

What systems say by themselves is found by comparing: an account that goes by a new number, a point that now reads otherwise than
when it was reported, a subject that is declared void. The rest is asked for at the corrections desk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.standard.catalogue import Group, RecordType, Segment
from app.standard.layout import column_types, segment_type
from app.submission.derive.personal_account import monthly_performance
from app.submission.derive.scope import VOIDED_KEY, Scope, key_text, origin, segment
from app.submission.tables import (
    BUSINESS_KEY,
    MAIN_ENTITY,
    OPERATION_KINDS,
    base_item,
    base_type,
    identity_of,
    record_table,
    record_type,
    standard_tables,
)

REQUEST: Final = "operation_request"
"""The entity that the origin of an asked-for operation names; its row is the number of the request."""

_ROW: Final = f"[struct_pack(entity := '{REQUEST}', source := 'desk', load := '', \"row\" := q.request)]"


@dataclass(frozen=True, slots=True)
class Performance:
    """Where sources say anew how an account stood at a past point: entities, the later ones weighing more."""

    letter: str
    entities: tuple[tuple[str, str], ...]
    points: tuple[str, ...]
    segment: Callable[[str, str, str], str]
    """row, report date and account type to the segment"""


def _standing(row: str, _report_date: str, account: str) -> str:
    return segment(record_type("410"), "H", row, account=account)


PERFORMANCES: Final[Mapping[str, Performance]] = {
    "210": Performance(
        "H",
        (("personal_performance", "kind = 'S'"), ("personal_restatement", "TRUE")),
        ("30", "31", "32"),
        monthly_performance,
    ),
    "410": Performance("H", (("corporate_restatement", "TRUE"),), (), _standing),
}
"""By record type; one that is not named has its past points corrected only when asked for."""


def operations_due(code: str, scope: Scope, requested: str = "") -> str:
    """SELECT in the shape of the record table of an operation type; `requested` is the relation of what was asked for and approved."""
    record, base = record_type(code), base_type(code)
    parts = {
        "change_identifier": _identifier_changes,
        "delete_record": _deletions,
        "delete_segment": _segment_deletions,
        "correct_segment": _corrections,
    }[record.kind](record, base, scope, requested)
    columns = column_types(code)
    typed = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in columns.items())
    names = ", ".join(f'"{name}"' for name in columns)
    earlier = OPERATION_KINDS[: OPERATION_KINDS.index(record.kind)]
    before = [each for each in scope.operations_on(base) if record_type(each).kind in earlier]
    first = "".join(f" AND key NOT IN (SELECT key FROM {scope.today(each)})" for each in before)
    return f"""
        WITH due AS ({" UNION ALL BY NAME ".join(parts)}),
             typed AS (SELECT key, "RptDate" AS dated, origin, {typed} FROM due),
             hashed AS (SELECT *, CAST(hash({names}) AS VARCHAR) AS content FROM typed)
        SELECT md5(concat_ws('|', '{code}', '{scope.batch}', key, content)) AS record_id, '{scope.batch}' AS batch,
               {scope.day} AS business_date, {scope.bucket} AS bucket, key, dated AS "RptDate", content,
               any_value(origin) AS origin, {names}
        FROM hashed WHERE key NOT IN ({scope.travelling(base)}){first}
        GROUP BY ALL"""


def _asked(code: str, scope: Scope, requested: str) -> str:
    """SELECT of what was asked for of this type and bucket."""
    bucket = f" AND {scope.chosen('key')}"
    return f"SELECT * FROM {requested} WHERE record_type = '{code}'{bucket}"


def _identifier_changes(record: RecordType, base: str, scope: Scope, requested: str) -> Iterator[str]:
    head = f"'{record.code}' AS \"InfRecType\""
    yield f"""
        SELECT i.old AS key, '' AS "RptDate", {origin(("identifier_change", "i"))} AS origin, {head},
               i.old AS "OdBnesCode", i.new AS "NwBnesCode"
        FROM ({scope.entity("identifier_change", "old")}) i
        WHERE i.about = '{base}' AND i.old <> i.new AND i.old IN (SELECT key FROM ({scope.accepted(base)}))
        QUALIFY row_number() OVER (PARTITION BY i.old ORDER BY i.changed_on DESC, i.new) = 1"""
    if requested:
        yield f"""SELECT q.key, '' AS "RptDate", {_ROW} AS origin, {head}, q.key AS "OdBnesCode", q.new AS "NwBnesCode"
            FROM ({_asked(record.code, scope, requested)}) q"""


def _deletions(record: RecordType, base: str, scope: Scope, requested: str) -> Iterator[str]:
    """What is deleted is named as it was reported, once for every name that the centre knows it by."""
    identity = identity_of(record.code)
    own = [item.tag for _, _, item in record.items() if item.tag != "InfRecType"]
    stated = {item.tag for item in record_type(base).segments[0].plain}
    values = {
        tag: base_item(base, identity[tag], "a")
        if tag in identity
        else f'arg_max({base_item(base, tag, "a")}, a."RptDate")'
        for tag in own
        if tag in identity or tag in stated
    }
    columns = ", ".join(f'{value} AS "{tag}"' for tag, value in values.items())
    groups = ", ".join(base_item(base, tag, "a") for tag in identity.values())

    def named(rows: str, lineage: str) -> str:
        return f"""SELECT a.key, '' AS "RptDate", any_value({lineage}) AS origin, '{record.code}' AS "InfRecType", {columns}
            FROM ({rows}) q JOIN ({scope.accepted(base)}) a ON a.key = q.key GROUP BY a.key, {groups}"""

    voided = scope.entity("voided", VOIDED_KEY)
    yield named(f"SELECT {VOIDED_KEY} AS key, * FROM ({voided}) WHERE about = '{base}'", origin(("voided", "q")))
    if requested:
        yield named(_asked(record.code, scope, requested), _ROW)


def _segment_deletions(record: RecordType, _base: str, scope: Scope, requested: str) -> Iterator[str]:
    """No system says by itself that a segment should never have been reported: these are asked for."""
    rows = _asked(record.code, scope, requested) if requested else _NOBODY
    yield f"""SELECT q.key, '' AS "RptDate", {_ROW} AS origin, '{record.code}' AS "InfRecType", q.key AS "DelRecCode",
            q.segment AS "DelSgmtCode", coalesce(q.starts, '') AS "DelStartDate", coalesce(q.ends, '') AS "DelEndDate"
        FROM ({rows}) q"""


_NOBODY: Final = "SELECT '' AS key, '' AS request, '' AS segment, '' AS starts, '' AS ends WHERE FALSE"


def _corrections(record: RecordType, base: str, scope: Scope, requested: str) -> Iterator[str]:
    yield from _of_subjects(record, base, scope)
    if base in PERFORMANCES:
        yield _of_performance(record, base, scope, PERFORMANCES[base])
    if requested:
        yield _as_asked(record, base, scope, requested)


def _of_subjects(record: RecordType, base: str, scope: Scope) -> Iterator[str]:
    """Who holds the account, as reported last, against what the source says today."""
    corrected = next(each for each in record.corrections if each.code == "B")
    entity = MAIN_ENTITY[base]
    tags = [item.tag for item in corrected.plain]
    if not set(tags) <= set(standard_tables()[entity].columns):
        return
    said = _struct({tag: f"coalesce(m.\"{tag}\", '')" for tag in tags})
    known = _struct({tag: f"coalesce(k.b.\"{tag}\", '')" for tag in tags})
    key = BUSINESS_KEY[base]
    yield f"""
        SELECT k.key, k.dated AS "RptDate", {origin((entity, "m"))} AS origin,
               {_head(record, "k.key", "k.dated", "k.b", "'B'")} AS "BsSgmt", {_holder(record, {"B": said})} AS "MdfcSgmt"
        FROM (SELECT key, max("RptDate") AS dated, arg_max("B", "RptDate") AS b FROM ({scope.accepted(base)}) GROUP BY key) k
             JOIN (SELECT {key_text(*key)} AS key, * FROM ({scope.entity(entity, *key)})) m ON m.key = k.key
        WHERE {said} IS DISTINCT FROM {known}"""


def _of_performance(record: RecordType, base: str, scope: Scope, performance: Performance) -> str:
    """A past point that a source tells otherwise than it was reported."""
    letter = performance.letter
    tags = ", ".join(f'"{item.tag}"' for item in record_type(base).segment(letter).plain)
    lineage = "_source, _load, _row"
    account = '"AcctCode"'
    rows = " UNION ALL BY NAME ".join(
        f"SELECT {account}, as_of, {_existing(entity, tags)}, {lineage}, '{entity}' AS entity, {number} AS weight"
        f" FROM ({scope.entity(entity, account)}) WHERE {condition}"
        for number, (entity, condition) in enumerate(performance.entities)
    )
    listed = ", ".join(f"'{point}'" for point in performance.points)
    points = f' AND a."B"."RptDateCode" IN ({listed})' if listed else ""
    made = performance.segment("x", 'a."RptDate"', 'a."B"."AcctType"')
    fresh = f"CAST({made} AS {segment_type(base, letter)})"
    row = 'struct_pack(entity := entity, source := _source, load := _load, "row" := _row)'
    return f"""
        SELECT key, "RptDate", [{row}] AS origin, {_head(record, "key", '"RptDate"', "b", f"'{letter}'")} AS "BsSgmt",
               {_holder(record, {letter: "fresh"})} AS "MdfcSgmt"
        FROM (
            SELECT a.key, a."RptDate", a."B" AS b, a."{letter}" AS known, {fresh} AS fresh, x.entity, x._source, x._load, x._row
            FROM ({scope.accepted(base)}) a JOIN ({rows}) x ON x."AcctCode" = a.key AND x.as_of = a."RptDate"
            WHERE a."{letter}" IS NOT NULL{points}
            QUALIFY row_number() OVER (PARTITION BY a.key, a."RptDate" ORDER BY x.weight DESC) = 1)
        WHERE fresh IS DISTINCT FROM known"""


def _existing(entity: str, tags: str) -> str:
    columns = standard_tables()[entity].columns
    return ", ".join(tag for tag in tags.split(", ") if tag.strip('"') in columns)


def _as_asked(record: RecordType, base: str, scope: Scope, requested: str) -> str:
    """The content that the desk wrote or, where it wrote none, the segment as our own record of that key and point has it."""
    kind = column_types(record.code)["MdfcSgmt"]
    # Items that the desk left out are absent; `from_json` minds that as little as the standard does.
    given = f"CAST(from_json(q.content, '{json.dumps(_shape(record))}') AS {kind})"
    own = _holder(
        record,
        {
            each.code: f"CASE WHEN q.segment = '{each.code}' AND r.\"{each.code}\" IS NOT NULL THEN {_picked(each)} END"
            for each in record.corrections
        },
    )
    known = f'SELECT key, arg_max("B", "RptDate") AS b FROM ({scope.accepted(base)}) GROUP BY key'
    return f"""
        SELECT q.key, q.dated AS "RptDate", {_ROW} AS origin, {_head(record, "q.key", "q.dated", "k.b", "q.segment")} AS "BsSgmt",
               CASE WHEN q.content <> '' THEN {given} ELSE CAST({own} AS {kind}) END AS "MdfcSgmt"
        FROM ({_asked(record.code, scope, requested)}) q LEFT JOIN ({known}) k ON k.key = q.key
             LEFT JOIN (SELECT * FROM {record_table(base).path} WHERE record_id IN (SELECT record FROM {requested})) r
                  ON r.record_id = q.record"""


def _shape(record: RecordType) -> dict[str, Any]:
    """The structure of what a correction may hold, as `from_json` wants it."""
    return {
        each.code: {
            member.tag: [dict.fromkeys((item.tag for item in member.items), "VARCHAR")]
            if isinstance(member, Group)
            else "VARCHAR"
            for member in each.items
        }
        for each in record.corrections
    }


def _picked(corrected: Segment) -> str:
    members = [f'"{member.tag}" := r."{corrected.code}"."{member.tag}"' for member in corrected.items]
    return f"struct_pack({', '.join(members)})"


def _head(record: RecordType, key: str, report_date: str, base: str, letter: str) -> str:
    values = {
        "InfRecType": f"'{record.code}'",
        "ModRecCode": key,
        "RptDate": report_date,
        "AcctType": f'{base}."AcctType"',
        "MdfcSgmtCode": letter,
    }
    return _struct({item.tag: values[item.tag] for item in record.segments[0].plain})


def _holder(record: RecordType, segments: Mapping[str, str]) -> str:
    """The segment that a correction holds, its place among all that may stand there."""
    return _struct(
        {each.code: f"CAST({segments.get(each.code, 'NULL')} AS {_type_of(each)})" for each in record.corrections}
    )


def _type_of(corrected: Segment) -> str:
    members = []
    for member in corrected.items:
        inner = "VARCHAR"
        if isinstance(member, Group):
            inner = "STRUCT(" + ", ".join(f'"{item.tag}" VARCHAR' for item in member.items) + ")[]"
        members.append(f'"{member.tag}" {inner}')
    return f"STRUCT({', '.join(members)})"


def _struct(values: Mapping[str, str]) -> str:
    return "struct_pack(" + ", ".join(f'"{name}" := {value}' for name, value in values.items()) + ")"

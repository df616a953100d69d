"""What rules may see of an operation: its own items, and what the centre holds of the record that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from app.language import Struct
from app.rules.vocabulary import column_types, record_vocabulary
from app.standard.catalogue import RecordType
from app.submission.tables import base_item, base_type, identity_of, record_columns, record_type, segment_item


def operation_relation(
    code: str, records: str, accepted: str, replaced: str, closed: str = "FALSE", events: str = ""
) -> str:
    """SELECT giving record_id, key, content, bucket, the items, and the facts beside them, in the rules' own types.

    `records`, `accepted` and `replaced` are relations in the shape of the operation's record table, of the accepted table of what
    it is about, and of `REPLACED`; `closed` tells from account_type and status whether an account is closed; `events` selects
    account, events, transferred and reopened of accounts that have special events.
    """
    vocabulary = record_vocabulary(code)
    types = column_types(vocabulary)
    beside = {
        "form": "struct_pack(unknown := [], repeated := [], parsed := TRUE)",
        "batch": "struct_pack(same_key := coalesce(q.same_key, 1))",
        "accepted": _accepted(code, bool(events)),
    }
    columns = ", ".join(f'CAST({value} AS {types[name]}) AS "{name}"' for name, value in beside.items())
    own = ", ".join(f'w."{name}"' for name in record_columns(code))
    return f"""
        WITH w AS NOT MATERIALIZED (SELECT * FROM {records}), n AS (SELECT record_id, key, "RptDate" AS dated FROM w),
             a AS (SELECT * FROM {accepted} WHERE key IN (SELECT key FROM n)),
             {", ".join(_states(code, accepted, replaced, closed, events))},
             q AS (SELECT key, "RptDate", content, count(*) AS same_key FROM w GROUP BY ALL HAVING count(*) > 1)
        SELECT w.record_id, w.key, w.content, w.bucket, {own}, {columns}
        FROM w LEFT JOIN q ON q.key = w.key AND q."RptDate" = w."RptDate" AND q.content = w.content
             JOIN state s ON s.record_id = w.record_id"""


def _accepted(code: str, eventful: bool) -> str:
    """The struct `accepted`: what a rule about this operation may ask for, the rest of it unknown."""
    field = record_vocabulary(code).fields["accepted"].type
    names = field.fields if isinstance(field, Struct) else {}
    known = _known(code, eventful)
    return _struct({name: f"s.{known[name]}" if name in known else _UNKNOWN.get(name, "NULL") for name in names})


_UNKNOWN: Final = {"same": "FALSE", "transferred": "FALSE", "events": "[]"}


def _known(code: str, eventful: bool) -> Mapping[str, str]:
    """Names below `accepted` by column of the relation `state`."""
    kind = record_type(code).kind
    names = ["exists", "closed", "replaced", "RptDate", *(("transferred", "events") if eventful else ())]
    if kind == "change_identifier":
        names += ["new_exists", "new_own"]
    if kind == "correct_segment":
        names += [
            "AcctType",
            "IDType",
            "IDNum",
            "segments",
            "months",
            "status",
            "instalments",
            "OpenDate",
            "previous",
            "next",
        ]
    return {name: f'"{name}"' for name in names}


def _states(code: str, accepted: str, replaced: str, closed: str, events: str) -> Iterator[str]:
    """The relation `state`: a row for each operation, and the relations that it rests on."""
    record, base = record_type(code), record_type(base_type(code))
    status = _item(base, "AcctStatus", "ConStatus", "CcStatus")
    account = _item(base, "AcctType")
    head = f"""
        SELECT key, max("RptDate") AS newest, arg_max({account}, "RptDate") AS account_type, arg_max({status}, "RptDate") AS status
        FROM a GROUP BY key"""
    yield f"held AS (SELECT *, coalesce({closed}, FALSE) AS closed FROM ({head}))"
    yield f"gone AS (SELECT old, any_value(new) AS new FROM {replaced} WHERE record_type = '{base.code}' GROUP BY old)"
    columns = {
        "exists": _exists(code),
        "closed": "coalesce(h.closed, FALSE)",
        "replaced": "h.key IS NULL AND g.old IS NOT NULL",
        "RptDate": "h.newest",
    }
    joins = "LEFT JOIN held h ON h.key = n.key LEFT JOIN gone g ON g.old = n.key"
    if events:
        yield f"happened AS ({events})"
        joins += " LEFT JOIN happened e ON e.account = n.key"
        columns |= {
            "closed": "coalesce(h.closed, FALSE) AND NOT coalesce(e.reopened >= h.newest, FALSE)",
            "transferred": "coalesce(e.transferred, FALSE)",
            "events": "coalesce(e.events, [])",
        }
    if record.kind == "change_identifier":
        # A number that was replaced is taken, unless by the very account that is renamed now.
        yield 'mine AS (SELECT record_id, "NwBnesCode" AS new, key FROM w)'
        columns["new_exists"] = "u.record_id IS NOT NULL"
        columns["new_own"] = "o.record_id IS NOT NULL"
        taken = f"SELECT key FROM {accepted} WHERE key IN (SELECT new FROM mine) UNION SELECT old FROM gone"
        yield f"used AS (SELECT DISTINCT record_id FROM mine WHERE new IN ({taken}))"
        yield "once AS (SELECT DISTINCT mine.record_id FROM mine JOIN gone ON gone.old = mine.new AND gone.new = mine.key)"
        joins += " LEFT JOIN used u ON u.record_id = n.record_id LEFT JOIN once o ON o.record_id = n.record_id"
    if record.kind == "correct_segment":
        yield f"lists AS ({_lists(base)})"
        joins += " LEFT JOIN lists l ON l.key = n.key"
        columns |= {"AcctType": "h.account_type"}
        columns |= {
            name: f'l."{name}"' for name in ("IDType", "IDNum", "segments", "months", "instalments", "OpenDate")
        }
        tags = list(_neighbour_tags(code))
        packed = _struct({tag: 'a."RptDate"' if tag == "RptDate" else _item(base, tag, row="a") for tag in tags})
        for name, comparison, picked in (("previous", "<", "arg_max"), ("next", ">", "arg_min")):
            yield (
                f'{name}_one AS (SELECT n.record_id, {picked}({packed}, a."RptDate") AS found FROM n JOIN a ON a.key = n.key'
                f' AND a."RptDate" {comparison} n.dated GROUP BY n.record_id)'
            )
            columns[name] = f"{name}_one.found"
            joins += f" LEFT JOIN {name}_one ON {name}_one.record_id = n.record_id"
        yield (
            f"standing AS (SELECT n.record_id, any_value({_item(base, 'AcctStatus', row='a')}) AS found FROM n JOIN a ON a.key = n.key"
            ' AND a."RptDate" = n.dated GROUP BY n.record_id)'
        )
        columns["status"] = "standing.found"
        joins += " LEFT JOIN standing ON standing.record_id = n.record_id"
    listed = ", ".join(f'{value} AS "{name}"' for name, value in columns.items())
    yield f"state AS (SELECT n.record_id, {listed} FROM n {joins})"


def _exists(code: str) -> str:
    """Known under every item by which the operation names it, where these say more than the business key."""
    identity = identity_of(code)
    if len(identity) == 1:
        return "h.key IS NOT NULL"
    base = base_type(code)
    same = " AND ".join(f'{base_item(base, theirs, "a")} = w."{own}"' for own, theirs in identity.items())
    return f"n.record_id IN (SELECT w.record_id FROM w JOIN a ON a.key = w.key AND {same})"


def _lists(base: RecordType) -> str:
    letters = ", ".join(
        f'CASE WHEN "{each.code}" IS NOT NULL THEN struct_pack("Code" := \'{each.code}\', "RptDate" := "RptDate") END'
        for each in base.segments
    )
    month = ", ".join(
        f'"{name}" := {value}'
        for name, value in {
            "Month": _item(base, "Month"),
            "RptDate": '"RptDate"',
            "RpyStatus": _item(base, "RpyStatus"),
        }.items()
    )
    starts = _item(base, "SpecEfctDate")
    return f"""
        SELECT key, flatten(list(list_filter([{letters}], s -> s IS NOT NULL))) AS segments,
               list(struct_pack({month})) FILTER ({_item(base, "Month")} IS NOT NULL) AS months,
               list(struct_pack("SpecEfctDate" := {starts}, "RptDate" := "RptDate")) FILTER ({starts} IS NOT NULL) AS instalments,
               arg_max({_item(base, "IDType")}, "RptDate") AS "IDType", arg_max({_item(base, "IDNum")}, "RptDate") AS "IDNum",
               arg_max({_item(base, "OpenDate")}, "RptDate") AS "OpenDate"
        FROM a GROUP BY key"""


def _neighbour_tags(code: str) -> Iterable[str]:
    field = record_vocabulary(code).fields["accepted"].type
    neighbour = field.fields["previous"].type if isinstance(field, Struct) else None
    return neighbour.fields if isinstance(neighbour, Struct) else ()


def _item(base: RecordType, *tags: str, row: str = "") -> str:
    """An item of the record, by whichever name, wherever it stands, the first segment that has a value counting; NULL where the
    record has none."""
    places = [
        segment_item(each.code, tag, row)
        for tag in tags
        for each in base.segments
        if any(item.tag == tag for item in each.plain)
    ]
    return f"coalesce({', '.join(places)}, NULL)" if places else "CAST(NULL AS VARCHAR)"


def _struct(values: Mapping[str, str]) -> str:
    return "struct_pack(" + ", ".join(f'"{name}" := {value}' for name, value in values.items()) + ")"

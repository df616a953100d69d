"""What rules may see of a record beside its own segments, as one relation per record type and bucket.

`header` and `sets` are the same for all records of a run; `batch` counts records with the same identification items; `accepted` is the
state that the centre holds of the same subject or account, neighbours in time included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.rules.accepted import NEIGHBOUR
from app.rules.vocabulary import column_types, record_vocabulary
from app.standard.catalogue import RecordType
from app.submission.operations.facts import operation_relation
from app.submission.tables import base_type, record_columns, record_type

_NEIGHBOUR = {
    "210": {
        "RptDate": 'a."RptDate"',
        "FiveCateAdjDate": 'coalesce(a."H"."FiveCateAdjDate", a."J"."FiveCateAdjDate")',
        "TotOverd": 'coalesce(a."H"."TotOverd", a."J"."TotOverd")',
    },
    "410": {
        "RptDate": 'a."RptDate"',
        **{
            tag: f'a."H"."{tag}"'
            for tag in ("FiveCateAdjDate", "BalChgDate", "LatRpyDate", "LatAgrrRpyDate", "NxtAgrrRpyDate", "AcctBal")
        },
    },
}
_CLOSED = {
    "210": "(account_type IN ('D1', 'R1', 'R4') AND status = '3') OR (account_type IN ('R2', 'R3') AND status = '4')"
    " OR (account_type = 'C1' AND status = '2')",
    "410": "status = '21'",
}
_STATUS = {"210": 'coalesce("H"."AcctStatus", "J"."AcctStatus")', "410": '"H"."AcctStatus"'}
_DEEDS = {"210": '"K"', "410": '"I"'}
_ENDED = {
    **dict.fromkeys(("220", "420"), '"D"."ConStatus"'),
    **dict.fromkeys(("230", "440"), '"D"."AcctStatus"'),
    "510": '"C"."CcStatus"',
}
"""Where agreements, guarantee accounts and contracts say by the code 2 that they have ended."""
_GUARANTEES = frozenset({"230", "440"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for all records of a run. A set that is None is not known, and rules that ask it stay silent."""

    provider: str
    created_on: date
    sections: tuple[str, ...]
    institutions: tuple[str, ...] | None
    zhongzheng: tuple[str, ...] | None = None

    def constants(self, code: str) -> dict[str, Any]:
        """The facts `header` and `sets` of a run over one record type."""
        sets = {"sections": self.sections, "institutions": self.institutions, "zhongzheng": self.zhongzheng}
        return {
            "header": {
                "provider": self.provider,
                "created_date": self.created_on.isoformat(),
                "record_type": code,
                "version": "2.0.0",
                "template": record_type(code).template,
            },
            "sets": {name: set(values) for name, values in sets.items() if values is not None},
        }


def fact_relation(code: str, records: str, accepted: str, others: Callable[[str], str], replaced: str) -> str:
    """SELECT giving record_id, key, content, bucket, the segments, and the facts beside them, in the rules' own types.

    `records`, `accepted` and `replaced` are relations in the shape of the record and the accepted table and of `REPLACED`;
    `others` gives a relation like `accepted` of another record type, for an account and its special events are known by each
    other's records.
    """
    base = base_type(code)
    if base != code:
        closed = _CLOSED.get(base) or ("status = '2'" if base in _ENDED else "FALSE")
        events = _events(others("215"), "SELECT key FROM n") if base == "210" else ""
        return operation_relation(code, records, accepted, replaced, closed, events)
    types = column_types(record_vocabulary(code))
    beside = {
        "form": "struct_pack(unknown := [], repeated := [], parsed := TRUE)",
        "batch": "struct_pack(same_key := coalesce(q.same_key, 1))",
        "accepted": "s.state",
    }
    segments = ", ".join(f'w."{name}"' for name in record_columns(code))
    packed = {name: f"CAST({value} AS {types[name]})" for name, value in beside.items()}
    nothing = _struct(
        dict.fromkeys(("exists", "same", "closed", "transferred", "replaced"), "FALSE")
        | ({"events": "[]"} if code in _NEIGHBOUR or code == "215" else {})
    )
    packed["accepted"] = f"coalesce({packed['accepted']}, CAST({nothing} AS {types['accepted']}))"
    columns = ", ".join(f'{value} AS "{name}"' for name, value in packed.items())
    # What joins is kept narrow: only the keys of the records take part, and only the states that there are.
    return f"""
        WITH w AS NOT MATERIALIZED (SELECT * FROM {records}), n AS (SELECT record_id, key, "RptDate" FROM w),
             taken AS NOT MATERIALIZED (SELECT * FROM {accepted}),
             a AS (SELECT * FROM taken WHERE key IN (SELECT key FROM n)),
             r AS (SELECT * FROM n WHERE key IN (SELECT key FROM a)),
             s AS ({_states(record_type(code), others)}),
             q AS (SELECT key, "RptDate", count(*) AS same_key FROM n GROUP BY ALL HAVING count(*) > 1)
        SELECT w.record_id, w.key, w.content, w.bucket, {segments}, {columns}
        FROM w LEFT JOIN q ON q.key = w.key AND q."RptDate" = w."RptDate" LEFT JOIN s ON s.record_id = w.record_id"""


def _states(record: RecordType, others: Callable[[str], str]) -> str:
    if record.kind == "special_event":
        return _event_states(others("210"))
    if record.code in _NEIGHBOUR:
        return _account_states(record.code, others)
    return _subject_states(record)


def _subject_states(record: RecordType) -> str:
    dates = {
        item.tag: f'max("{segment.code}"."{item.tag}")'
        for segment, _, item in record.items()
        if item.tag.endswith("UpDate")
    }
    extra = {
        "110": {"identities": 'arg_max("C"."IDRec", "RptDate") FILTER ("C" IS NOT NULL)'},
        "310": {"OrgType": 'arg_max("B"."OrgType", "RptDate")'},
        **{code: {"AcctType": 'arg_max("B"."AcctType", "RptDate")'} for code in _GUARANTEES},
    }.get(record.code, {})
    summary = "".join(f', {value} AS "{name}"' for name, value in (dates | extra).items())
    ended = _ENDED.get(record.code)
    closed = f"coalesce(arg_max({ended}, \"RptDate\") = '2', FALSE)" if ended else "FALSE"
    beside, neighbours = {}, ""
    if record.code in _GUARANTEES:
        packed = _struct({"RptDate": 'a."RptDate"', "FiveCateAdjDate": 'a."D"."FiveCateAdjDate"'})
        beside = {"previous": "p.state", "next": "n.state"}
        neighbours = f"""
             LEFT JOIN ({_nearest(packed, "<", "DESC")}) p ON p.record_id = r.record_id
             LEFT JOIN ({_nearest(packed, ">", "ASC")}) n ON n.record_id = r.record_id"""
    state = _struct(_state_head() | {name: f'l."{name}"' for name in dates | extra} | beside)
    return f"""
        SELECT r.record_id, {state} AS state
        FROM r LEFT JOIN (SELECT key, max("RptDate") AS newest, {closed} AS closed{summary} FROM a GROUP BY key) l
             ON l.key = r.key
             LEFT JOIN (SELECT DISTINCT key, "RptDate" FROM a) twin
             ON twin.key = r.key AND twin."RptDate" = r."RptDate\"{neighbours}"""


def _state_head() -> dict[str, str]:
    return {
        "exists": "l.key IS NOT NULL",
        "same": "twin.key IS NOT NULL",
        "closed": "coalesce(l.closed, FALSE)",
        "transferred": "FALSE",
        "replaced": "FALSE",
        "RptDate": "l.newest",
    }


def _events(relation: str, accounts: str) -> str:
    """SELECT of account, events in effect, the latest day of one, and whether the account is transferred or re-opened.

    `accounts` selects the accounts asked for.
    """
    packed = 'struct_pack("OpetnType" := kind, "Month" := month, "RptDate" := day)'
    return f"""
        SELECT account, list({packed}) AS events, max(day) AS newest, bool_or(kind = '21') AS transferred,
               max(day) FILTER (kind = '12') AS reopened
        FROM (SELECT "AcctCode" AS account, "OpetnType" AS kind, "Month" AS month, max("RptDate") AS day
              FROM {relation} WHERE "AcctCode" IN ({accounts}) GROUP BY ALL HAVING arg_max("Flag", "RptDate") <> '0')
        GROUP BY account"""


_MONTH = 'struct_pack("Month" := "H"."Month", "RptDate" := "RptDate", "RpyStatus" := "H"."RpyStatus")'
_OPEN_AGAIN = "coalesce(e.reopened >= l.newest, FALSE)"


def _event_states(accounts: str) -> str:
    """Of special events: what the centre has of their account, and of its events."""
    state = _struct(
        {
            "exists": "l.key IS NOT NULL",
            "same": "twin.key IS NOT NULL",
            "closed": f"coalesce({_CLOSED['210']}, FALSE) AND NOT {_OPEN_AGAIN}",
            "transferred": "coalesce(e.transferred, FALSE)",
            "replaced": "FALSE",
            "RptDate": "l.newest",
            "AcctType": "l.account_type",
            "months": "l.months",
            "events": "coalesce(e.events, [])",
            "same_day": 'list_contains(l.days, n."RptDate")',
        }
    )
    mine = "SELECT split_part(key, '|', 1) FROM n"
    return f"""
        SELECT n.record_id, {state} AS state
        FROM n JOIN (
            SELECT key, max("RptDate") AS newest, arg_max("B"."AcctType", "RptDate") AS account_type,
                   arg_max({_STATUS["210"]}, "RptDate") AS status, list("RptDate") AS days,
                   coalesce(list({_MONTH}) FILTER ("H" IS NOT NULL), []) AS months
            FROM {accounts} WHERE key IN ({mine}) GROUP BY key) l ON l.key = split_part(n.key, '|', 1)
        LEFT JOIN (SELECT DISTINCT key, "RptDate" FROM a) twin ON twin.key = n.key AND twin."RptDate" = n."RptDate"
        LEFT JOIN ({_events("taken", mine)}) e ON e.account = l.key"""


def _account_states(code: str, others: Callable[[str], str]) -> str:
    neighbour = _NEIGHBOUR[code]
    packed = _struct({tag: neighbour.get(tag, "NULL") for tag in dict.fromkeys((*NEIGHBOUR, *neighbour))})
    deeds = _DEEDS[code]
    events, known = "", {}
    if code == "210":
        events = f"LEFT JOIN ({_events(others('215'), 'SELECT key FROM r')}) e ON e.account = r.key"
        known = {
            "closed": f"coalesce(l.closed, FALSE) AND NOT {_OPEN_AGAIN}",
            "transferred": "coalesce(e.transferred, FALSE)",
        }
    state = _struct(
        _state_head()
        | known
        | {
            "AcctType": "l.account_type",
            "Flag": "l.flag",
            "event_RptDate": "e.newest" if code == "210" else "NULL",
            "months": "l.months",
            **({"points": "l.points"} if code == "210" else {}),
            "transactions": "l.transactions",
            "events": "coalesce(e.events, [])" if code == "210" else "[]",
            "previous": "p.state",
            "next": "n.state",
        }
    )
    point = 'struct_pack("RptDateCode" := "B"."RptDateCode", "RptDate" := "RptDate")'
    months = (
        f'list({_MONTH}) FILTER ("H" IS NOT NULL) AS months, list({point}) AS points'
        if code == "210"
        else "NULL AS months"
    )
    pair = 'struct_pack("TranDate" := t."TranDate", "ChanTranType" := t."ChanTranType")'
    transactions = f'flatten(list(list_transform({deeds}."CagOfTrdInf", t -> {pair})) FILTER ({deeds} IS NOT NULL))'
    return f"""
        SELECT r.record_id, {state} AS state
        FROM r
        LEFT JOIN (
            SELECT *, {_CLOSED[code]} AS closed FROM (
                SELECT key, max("RptDate") AS newest, arg_max("B"."AcctType", "RptDate") AS account_type,
                       arg_max("C"."Flag", "RptDate") FILTER ("C" IS NOT NULL) AS flag,
                       arg_max({_STATUS[code]}, "RptDate") AS status,
                       {months}, {transactions} AS transactions
                FROM a GROUP BY key)) l ON l.key = r.key
        LEFT JOIN (SELECT DISTINCT key, "RptDate" FROM a) twin ON twin.key = r.key AND twin."RptDate" = r."RptDate"
        LEFT JOIN ({_nearest(packed, "<", "DESC")}) p ON p.record_id = r.record_id
        LEFT JOIN ({_nearest(packed, ">", "ASC")}) n ON n.record_id = r.record_id {events}"""


def _nearest(packed: str, comparison: str, direction: str) -> str:
    picked = "arg_max" if direction == "DESC" else "arg_min"
    return f"""SELECT r.record_id, {picked}({packed}, a."RptDate") AS state
        FROM r JOIN a ON a.key = r.key AND a."RptDate" {comparison} r."RptDate" GROUP BY r.record_id"""


def _struct(values: Mapping[str, str]) -> str:
    return "struct_pack(" + ", ".join(f'"{name}" := {value}' for name, value in values.items()) + ")"

"""What rules may see of a record beside its own segments, as one relation per record type and bucket.

`header` and `sets` are the same for all records of a run; `batch` counts records with the same identification items; `accepted` is the
state that the centre holds of the same subject or account, neighbours in time included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.rules.accepted import NEIGHBOUR
from app.rules.vocabulary import column_types, record_vocabulary
from app.standard.catalogue import RecordType
from app.submission.tables import record_type

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


def fact_relation(code: str, records: str, accepted: str) -> str:
    """SELECT giving record_id, key, content, bucket, the segments, and the facts beside them, in the rules' own types.

    `records` and `accepted` are relations in the shape of the record and the accepted table.
    """
    types = column_types(record_vocabulary(code))
    beside = {
        "form": "struct_pack(unknown := [], repeated := [], parsed := TRUE)",
        "batch": "struct_pack(same_key := coalesce(q.same_key, 1))",
        "accepted": "s.state",
    }
    segments = ", ".join(f'w."{each.code}"' for each in record_type(code).segments)
    packed = {name: f"CAST({value} AS {types[name]})" for name, value in beside.items()}
    nothing = _struct(
        dict.fromkeys(("exists", "same", "closed", "transferred", "replaced"), "FALSE")
        | ({"events": "[]"} if code in _NEIGHBOUR else {})
    )
    packed["accepted"] = f"coalesce({packed['accepted']}, CAST({nothing} AS {types['accepted']}))"
    columns = ", ".join(f'{value} AS "{name}"' for name, value in packed.items())
    # What joins is kept narrow: only the keys of the records take part, and only the states that there are.
    return f"""
        WITH w AS NOT MATERIALIZED (SELECT * FROM {records}), n AS (SELECT record_id, key, "RptDate" FROM w),
             a AS (SELECT * FROM {accepted} WHERE key IN (SELECT key FROM n)),
             r AS (SELECT * FROM n WHERE key IN (SELECT key FROM a)),
             s AS ({_states(record_type(code))}),
             q AS (SELECT key, "RptDate", count(*) AS same_key FROM n GROUP BY ALL HAVING count(*) > 1)
        SELECT w.record_id, w.key, w.content, w.bucket, {segments}, {columns}
        FROM w LEFT JOIN q ON q.key = w.key AND q."RptDate" = w."RptDate" LEFT JOIN s ON s.record_id = w.record_id"""


def _states(record: RecordType) -> str:
    return _account_states(record.code) if record.code in _NEIGHBOUR else _subject_states(record)


def _subject_states(record: RecordType) -> str:
    dates = {
        item.tag: f'max("{segment.code}"."{item.tag}")'
        for segment, _, item in record.items()
        if item.tag.endswith("UpDate")
    }
    extra = {
        "110": {"identities": 'arg_max("C"."IDRec", "RptDate") FILTER ("C" IS NOT NULL)'},
        "310": {"OrgType": 'arg_max("B"."OrgType", "RptDate")'},
    }[record.code]
    summary = ", ".join(f'{value} AS "{name}"' for name, value in (dates | extra).items())
    state = _struct(_state_head() | {name: f'l."{name}"' for name in dates | extra})
    return f"""
        SELECT r.record_id, {state} AS state
        FROM r LEFT JOIN (SELECT key, max("RptDate") AS newest, FALSE AS closed, {summary} FROM a GROUP BY key) l
             ON l.key = r.key
             LEFT JOIN (SELECT DISTINCT key, "RptDate" FROM a) twin ON twin.key = r.key AND twin."RptDate" = r."RptDate\""""


def _state_head() -> dict[str, str]:
    return {
        "exists": "l.key IS NOT NULL",
        "same": "twin.key IS NOT NULL",
        "closed": "coalesce(l.closed, FALSE)",
        "transferred": "FALSE",
        "replaced": "FALSE",
        "RptDate": "l.newest",
    }


def _account_states(code: str) -> str:
    neighbour = _NEIGHBOUR[code]
    packed = _struct({tag: neighbour.get(tag, "NULL") for tag in dict.fromkeys((*NEIGHBOUR, *neighbour))})
    deeds = _DEEDS[code]
    state = _struct(
        _state_head()
        | {
            "AcctType": "l.account_type",
            "Flag": "l.flag",
            "event_RptDate": "NULL",
            "months": "l.months",
            **({"points": "l.points"} if code == "210" else {}),
            "transactions": "l.transactions",
            "events": "[]",
            "previous": "p.state",
            "next": "n.state",
        }
    )
    month = 'struct_pack("Month" := "H"."Month", "RptDate" := "RptDate", "RpyStatus" := "H"."RpyStatus")'
    point = 'struct_pack("RptDateCode" := "B"."RptDateCode", "RptDate" := "RptDate")'
    months = (
        f'list({month}) FILTER ("H" IS NOT NULL) AS months, list({point}) AS points'
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
        LEFT JOIN ({_nearest(packed, ">", "ASC")}) n ON n.record_id = r.record_id"""


def _nearest(packed: str, comparison: str, direction: str) -> str:
    picked = "arg_max" if direction == "DESC" else "arg_min"
    return f"""SELECT r.record_id, {picked}({packed}, a."RptDate") AS state
        FROM r JOIN a ON a.key = r.key AND a."RptDate" {comparison} r."RptDate" GROUP BY r.record_id"""


def _struct(values: Mapping[str, str]) -> str:
    return "struct_pack(" + ", ".join(f'"{name}" := {value}' for name, value in values.items()) + ")"

"""The lake tables of submission: standard entities, records by type, judgement, and what the centre has accepted.

Items are kept as text in the standard's own notation (ISO dates, whole yuan, codes of its tables), so that a wrong value
travels unchanged to the check that names it. An item that has no value is NULL here; whether its tag then stands empty or
not at all is decided when the record is derived.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from app.lake.tables import Table
from app.standard import catalogue
from app.standard.catalogue import RecordType
from app.standard.layout import column_types

RECORD_TYPES = ("110", "210", "310", "410")
"""The record types that the daily batch derives, in the order in which their files are sent."""

MAIN_ENTITY = {"110": "person", "210": "personal_account", "310": "organisation", "410": "corporate_account"}
"""The standard entity whose rows a record type is about."""

BUSINESS_KEY = {
    "110": ('"IDType"', '"IDNum"'),
    "210": ('"AcctCode"',),
    "310": ('"EntCertType"', '"EntCertNum"'),
    "410": ('"AcctCode"',),
}
"""The columns of the main entity that make up a record's business key."""

_ORIGIN = {"_source": "VARCHAR", "_load": "VARCHAR", "_row": "VARCHAR", "business_date": "DATE"}
ORIGIN_TYPE = 'STRUCT(entity VARCHAR, source VARCHAR, load VARCHAR, "row" VARCHAR)[]'


def _text(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "VARCHAR")


def _items(record: str, letters: str) -> dict[str, str]:
    segments = [catalogue.current().record(record).segment(letter) for letter in letters]
    return _text(*(item.tag for segment in segments for item in segment.plain))


def _group(record: str, letter: str) -> dict[str, str]:
    return _text(*(item.tag for item in catalogue.current().record(record).segment(letter).groups[0].items))


@lru_cache
def standard_tables() -> Mapping[str, Table]:
    """The standard layer by entity name."""
    person = _text("Name", "IDType", "IDNum", "InfSurcCode", "Cimoc", "CustomerType") | _items("110", "DEFGHI")
    organisation = _text(
        "EntName", "EntCertType", "EntCertNum", "InfSurcCode", "Cimoc", "CustomerType", "EtpSts", "OrgType"
    ) | _items("310", "DEFGHI")
    account = _text("AcctCode", "AcctType", "Name", "IDType", "IDNum", "MngmtOrgCode")
    entities = {
        "person": person,
        "organisation": organisation,
        "organisation_member": _text("EntCertType", "EntCertNum") | _group("310", "E"),
        "organisation_shareholder": _text("EntCertType", "EntCertNum") | _group("310", "F"),
        "personal_account": account | _items("210", "CFGI"),
        "personal_performance": _text("AcctCode", "as_of", "kind") | _items("210", "HJ"),
        "corporate_account": account | _items("410", "CFG"),
        "corporate_performance": _text("AcctCode", "as_of") | _items("410", "H"),
        "repayment_party": _text("AcctCode", "subject") | _group("210", "D") | _group("410", "D"),
        "collateral_link": _text("AcctCode", "subject", "Ccc"),
        "special_transaction": _text("AcctCode", "subject") | _group("210", "K"),
    }
    return {name: Table("standard", name, columns | _ORIGIN) for name, columns in entities.items()}


UNMAPPED = Table(
    "standard",
    "unmapped_code",
    _text("source", "target", "item", "value") | {"rows": "BIGINT", "business_date": "DATE"},
)

SUPPLEMENTED: Final = "supplement"
"""The source that an overlaid row names; its load is the supplement's number, its row that of the source beneath. No source of
the bank may be called so."""

SUPPLEMENT = Table(
    "standard",
    "supplement",
    _text("supplement", "form", "key", "items") | {"whole": "BOOLEAN", "business_date": "DATE"},
)
"""What was supplemented on a business day: `items` is a JSON object of values by tag."""

OVERLAID = Table(
    "standard",
    "overlaid",
    _text("form", "key", "content", "_source", "_load", "_row") | {"business_date": "DATE"},
)
"""Rows of the sources that a supplement has been laid over, as they were: `content` is a JSON object of all items."""

_RECORD_HEAD = {
    "record_id": "VARCHAR",
    "batch": "VARCHAR",
    "business_date": "DATE",
    "bucket": "INTEGER",
    "key": "VARCHAR",
    "RptDate": "VARCHAR",
    "content": "VARCHAR",
    "origin": ORIGIN_TYPE,
}


@lru_cache
def record_table(record_type: str) -> Table:
    """Derived records of one type: head, then one STRUCT column a segment.

    `content` is the engine's hash of everything but the report date: it tells whether a record that was refused comes
    again unchanged, and nothing worse than a second refusal hangs on it.
    """
    return Table("record", f"r{record_type}", _RECORD_HEAD | column_types(record_type))


@lru_cache
def accepted_table(record_type: str) -> Table:
    """Records of one type that the centre has taken; `file` and `line` say with which delivery."""
    columns = _text("record_id", "key", "RptDate", "content", "file") | {"line": "BIGINT", "accepted_on": "DATE"}
    return Table("accepted", f"r{record_type}", columns | column_types(record_type))


FINDING = Table(
    "finding",
    "precheck",
    _text("batch", "record_type", "record_id", "key", "rule", "code", "tag", "severity", "edition")
    | {"business_date": "DATE", "bucket": "INTEGER"},
)

FILE_LINE = Table(
    "record",
    "file_line",
    _text("file", "record_type", "record_id", "key", "RptDate", "content", "batch") | {"line": "BIGINT"},
)

FEEDBACK = Table(
    "finding",
    "feedback",
    _text("file", "record_type", "record_id", "key", "code", "tag", "content")
    | {"line": "BIGINT", "received_on": "DATE"},
)


def all_tables() -> tuple[Table, ...]:
    """Every lake table of this room."""
    by_type = [make(code) for code in RECORD_TYPES for make in (record_table, accepted_table)]
    return (*standard_tables().values(), UNMAPPED, SUPPLEMENT, OVERLAID, *by_type, FINDING, FILE_LINE, FEEDBACK)


def record_type(code: str) -> RecordType:
    """The catalogue's entry of a record type."""
    return catalogue.current().record(code)

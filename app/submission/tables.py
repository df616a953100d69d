"""The lake tables of submission: standard entities, records by type, judgement, and what the centre has accepted.

Items are kept as text in the standard's own notation (ISO dates, whole yuan, codes of its tables), so that a wrong value
travels unchanged to the check that names it. An item that has no value is NULL here; whether its tag then stands empty or
not at all is decided when the record is derived.

Whose a row is: landing and standard say it in `_provider`; below, `batch` and `file` begin with the entity's section code. The
same account number may belong to two entities, so whoever reads by key asks for the entity as well (`of_provider`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from app.lake.tables import Table
from app.standard import catalogue
from app.standard.catalogue import RecordType
from app.standard.layout import column_types
from app.submission.checking import tables as checks


@dataclass(frozen=True, slots=True)
class Reported:
    """What a record type of the daily batch is about: a standard entity, and the columns of it that are its business key."""

    entity: str
    key: tuple[str, ...]


_PERSON = ("IDType", "IDNum")
_ORGANISATION = ("EntCertType", "EntCertNum")
_STATEMENT = (*_ORGANISATION, "SheetYear", "SheetType", "SheetTypeDivide")
_ACCOUNT = ("AcctCode",)
_AGREEMENT = ("ContractCode",)
STATEMENTS: Mapping[str, Reported] = {
    "610": Reported("corporate_balance_sheet", _STATEMENT),
    "620": Reported("corporate_income_statement", _STATEMENT),
    "630": Reported("corporate_cash_flow", _STATEMENT),
    "640": Reported("corporate_institution_balance_sheet", _STATEMENT),
    "650": Reported("corporate_institution_income", _STATEMENT),
}
"""The financial statements of organisations, which all are derived in one way."""

REPORTED: Mapping[str, Reported] = {
    "110": Reported("person", _PERSON),
    "310": Reported("organisation", _ORGANISATION),
    "120": Reported("family_relation", (*_PERSON, "FamMemCertType", "FamMemCertNum")),
    "130": Reported("person_document", _PERSON),
    "140": Reported("document_link", (*_PERSON, "OthIDType", "OthIDNum")),
    "340": Reported("organisation_identifier", (*_ORGANISATION, "OthEntCertType", "OthEntCertNum")),
    "350": Reported("organisation_relation", (*_ORGANISATION, "AssoEntCertType", "AssoEntCertNum")),
    **STATEMENTS,
    "220": Reported("personal_agreement", _AGREEMENT),
    "420": Reported("corporate_agreement", _AGREEMENT),
    "510": Reported("collateral_contract", ("CcCode",)),
    "210": Reported("personal_account", _ACCOUNT),
    "410": Reported("corporate_account", _ACCOUNT),
    "230": Reported("personal_guarantee", _ACCOUNT),
    "440": Reported("corporate_guarantee", _ACCOUNT),
    "215": Reported("special_event", ("AcctCode", "OpetnType", "Month")),
}
"""The record types that the daily batch derives, in the order in which their files are sent: customers, what is said of
them, links, statements, agreements and collateral contracts before the accounts that name them (P000-032, CTIMING-X03),
guarantees, events last."""

RECORD_TYPES = tuple(sorted(REPORTED))
"""The record types that the daily batch derives, as they are listed."""

MAIN_ENTITY = {code: each.entity for code, each in REPORTED.items()}
"""The standard entity whose rows a record type is about."""

BUSINESS_KEY = {code: tuple(f'"{name}"' for name in each.key) for code, each in REPORTED.items()}
"""The columns of the main entity that make up a record's business key."""

OPERATION_KINDS = ("change_identifier", "delete_record", "delete_segment", "correct_segment")
"""Kinds of operations on what the centre has taken, in the order in which their files are sent: new data stands under the
new identifier, and what is deleted is gone before anything of it is reported again."""

_ORIGIN = {"_source": "VARCHAR", "_load": "VARCHAR", "_row": "VARCHAR", "business_date": "DATE", "_provider": "VARCHAR"}
ORIGIN_TYPE = 'STRUCT(entity VARCHAR, source VARCHAR, load VARCHAR, "row" VARCHAR)[]'


def _text(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "VARCHAR")


def _items(record: str, letters: str) -> dict[str, str]:
    segments = [catalogue.current().record(record).segment(letter) for letter in letters]
    return _text(*(item.tag for segment in segments for item in segment.plain))


def _flat(record: str) -> dict[str, str]:
    """The items of a record without segments that a source can give."""
    tags = (item.tag for _, _, item in catalogue.current().record(record).items())
    return _text(*(tag for tag in tags if tag not in ("InfRecType", "RptDate")))


def _group(record: str, letter: str) -> dict[str, str]:
    return _text(*(item.tag for item in catalogue.current().record(record).segment(letter).groups[0].items))


@lru_cache
def standard_tables() -> Mapping[str, Table]:
    """The standard layer by entity name."""
    person = _text("Name", "IDType", "IDNum", "InfSurcCode", "Cimoc", "CustomerType") | _items("110", "DEFGHI")
    organisation = _text(
        "EntName", "EntCertType", "EntCertNum", "InfSurcCode", "Cimoc", "CustomerType", "EtpSts", "OrgType"
    ) | _items("310", "DEFGHI")
    debtor = _text("Name", "IDType", "IDNum", "MngmtOrgCode")
    account = _text("AcctCode", "AcctType") | debtor
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
        "family_relation": _flat("120"),
        "person_document": _flat("130"),
        "document_link": _flat("140"),
        "special_event": _flat("215"),
        "personal_agreement": _text("ContractCode") | debtor | _items("220", "D"),
        "personal_agreement_party": _text("ContractCode") | _group("220", "C"),
        "personal_guarantee": account | _items("230", "CD"),
        "organisation_identifier": _flat("340"),
        "organisation_relation": _flat("350"),
        "corporate_agreement": _text("ContractCode") | debtor | _items("420", "D"),
        "corporate_agreement_party": _text("ContractCode") | _group("420", "C"),
        "corporate_guarantee": account | _items("440", "CDG"),
        "corporate_guarantee_party": _text("AcctCode") | _group("440", "E"),
        "collateral_contract": _text("CcCode", "InfoIDType", "Name", "CertType", "CertNum", "MngmtOrgCode")
        | _items("510", "C"),
        "collateral_debtor": _text("CcCode") | _group("510", "D"),
        "mortgaged_property": _text("CcCode") | _group("510", "E"),
        "pledged_property": _text("CcCode") | _group("510", "F"),
        "identifier_change": _text("about", "old", "new", "changed_on"),
        "voided": _text("about", "code", "cert_type", "cert_number", "voided_on", "reason"),
        "personal_restatement": _text("AcctCode", "as_of") | _items("210", "H"),
        "corporate_restatement": _text("AcctCode", "as_of") | _items("410", "H"),
        "ledger_position": _text("as_of", "product", "branch", "accounts", "contracts", "balance"),
    }
    # A statement names the letter of the segment that its layout fills; items of both layouts stand side by side.
    entities |= {each.entity: _text("layout") | _items(code, "BCD") for code, each in STATEMENTS.items()}
    return {name: Table("standard", name, columns | _ORIGIN) for name, columns in entities.items()}


UNMAPPED = Table(
    "standard",
    "unmapped_code",
    _text("source", "target", "item", "value") | {"rows": "BIGINT", "business_date": "DATE", "_provider": "VARCHAR"},
)

SUPPLEMENTED: Final = "supplement"
"""The source that an overlaid row names; its load is the supplement's number, its row that of the source beneath. No source of
the bank may be called so."""

SUPPLEMENT = Table(
    "standard",
    "supplement",
    _text("supplement", "form", "key", "items", "_provider") | {"whole": "BOOLEAN", "business_date": "DATE"},
)
"""What was supplemented on a business day: `items` is a JSON object of values by tag."""

OVERLAID = Table(
    "standard",
    "overlaid",
    _text("form", "key", "content", "_source", "_load", "_row", "_provider") | {"business_date": "DATE"},
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
    """Records of one type that the centre has taken; `file` and `line` say with which delivery.

    Of an operation it is the table of the records that it operates on.
    """
    code = base_type(record_type)
    columns = _text("record_id", "key", "RptDate", "content", "file") | {"line": "BIGINT", "accepted_on": "DATE"}
    return Table("accepted", f"r{code}", columns | column_types(code))


REPLACED = Table("accepted", "replaced", _text("record_type", "old", "new", "file") | {"accepted_on": "DATE"})
"""Identifiers of accounts and contracts that the centre has changed, and what it changed them to."""

APPLIED = Table("accepted", "applied", _text("file") | {"applied_on": "DATE"})
"""The files whose feedback has moved the accepted state, written in the same snapshot: none moves it twice."""


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


RELEASED = Table("finding", "released", _text("provider", "record_type", "key", "why") | {"released_on": "DATE"})
"""Keys of which an unchanged record may go once more although the centre has refused it: an operation on them was accepted, or
the corrections desk has said so."""


PROVIDER_LENGTH: Final = 14
"""Characters of the section code that the names of batches and files begin with."""


def of_provider(column: str, provider: str) -> str:
    """A condition on `batch` or `file`: the row belongs to this legal entity, whose code has letters and digits only."""
    return f"starts_with({column}, '{provider}')"


def same_provider(one: str, other: str) -> str:
    """A condition on two columns that begin with a section code: their rows belong to the same legal entity."""
    return f"left({one}, {PROVIDER_LENGTH}) = left({other}, {PROVIDER_LENGTH})"


def of_day(provider: str, day: date) -> str:
    """A condition on landing and standard tables: what the sources of a legal entity have delivered for a business day."""
    return f"business_date = DATE '{day.isoformat()}' AND _provider = '{provider}'"


def taken_of(relation: str, provider: str) -> str:
    """SELECT of one legal entity's rows of a relation that names the file with which the centre took them."""
    return f"SELECT * FROM {relation} WHERE {of_provider('file', provider)}"


def accepted_of(code: str, provider: str) -> str:
    """SELECT of what the centre has taken of a record type from one legal entity."""
    return taken_of(accepted_table(code).path, provider)


def all_tables() -> tuple[Table, ...]:
    """Every lake table of this room."""
    records = [record_table(code) for code in reported_types()]
    accepted = [accepted_table(code) for code in RECORD_TYPES]
    return (
        *standard_tables().values(),
        UNMAPPED,
        SUPPLEMENT,
        OVERLAID,
        *records,
        *accepted,
        REPLACED,
        APPLIED,
        FINDING,
        FILE_LINE,
        FEEDBACK,
        RELEASED,
        *checks.all_tables(),
    )


@lru_cache
def operation_types() -> tuple[str, ...]:
    """The operations that the catalogue has on the record types of the daily batch, in the order in which they are sent."""
    found = [record for record in catalogue.current().records.values() if record.kind in OPERATION_KINDS]
    mine = [record for record in found if record.parent in RECORD_TYPES]
    return tuple(each.code for each in sorted(mine, key=lambda each: (OPERATION_KINDS.index(each.kind), each.code)))


def reported_types() -> tuple[str, ...]:
    """All that a batch may send: operations, then the record types."""
    return (*operation_types(), *RECORD_TYPES)


def operations_on(code: str) -> tuple[str, ...]:
    """The operations on a record type, in the order in which they are sent."""
    return tuple(each for each in operation_types() if base_type(each) == code)


def base_type(code: str) -> str:
    """The record type that an operation is about; of a record type it is itself."""
    record = catalogue.current().record(code)
    return record.parent if record.kind in OPERATION_KINDS and record.parent else code


def identity_of(code: str) -> dict[str, str]:
    """Of an operation: by its own item the item of the base segment by which it names what it is about."""
    record, base = record_type(code), record_type(base_type(code))
    own = {item.tag for _, _, item in record.items()}
    key = [tag for tag in base.key if tag != "RptDate"]
    shared = {tag: tag for tag in key if tag in own}
    if len(shared) == len(key):
        return shared
    named = next(tag for tag in ("OdBnesCode", "DelRecCode", "ModRecCode") if tag in own)
    return {named: key[0]}


def segment_item(letter: str, tag: str, row: str = "") -> str:
    """SQL of an item of a segment of `row`; of a record without segments, whose letter is empty, it is a column."""
    place = f'"{letter}"."{tag}"' if letter else f'"{tag}"'
    return f"{row}.{place}" if row else place


def base_item(code: str, tag: str, row: str = "") -> str:
    """SQL of an item of a record's base segment, or of a record without segments."""
    return segment_item(record_type(code).segments[0].code, tag, row)


def record_columns(code: str) -> tuple[str, ...]:
    """The columns that hold a record's content: its segments by letter, or the tags of one without segments."""
    return tuple(column_types(code))


def record_type(code: str) -> RecordType:
    """The catalogue's entry of a record type."""
    return catalogue.current().record(code)

"""Which items are personal data, and how keys and source columns that hold them are shown to those without the grant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from app.core.masking import Kind, mask
from app.core.text import Text
from app.standard import catalogue
from app.submission.mapping import SourceMapping
from app.submission.tables import REPORTED, record_type
from app.web.words import say

_OF_ANYONE: Final[Mapping[str, Kind]] = {
    "Alias": "name",
    "OthIDNum": "id_number",
    "DOB": "name",  # the first digit stays: the century
    "HouseAdd": "address",
    "CellPhone": "phone",
    "Email": "email",
    "SpoName": "name",
    "SpoIDNum": "id_number",
    "SpoTel": "phone",
    "SpsCmpyNm": "address",
    "CpnName": "address",
    "CpnAddr": "address",
    "CpnTEL": "phone",
    "ResiAddr": "address",
    "HomeTel": "phone",
    "MailAddr": "address",
    "LoanConCode": "account",
    "ArlpName": "name",
    "ArlpCertNum": "id_number",
    "MmbAlias": "name",
    "MmbIDNum": "id_number",
    "SharHodName": "name",
    "SharHodIDNum": "id_number",
    "ActuCotrlName": "name",
    "ActuCotrlIDNum": "id_number",
    "FamMemName": "name",
    "FamMemCertNum": "id_number",
    "OthName": "name",
    "CertRelName": "name",
    "CertRelIDNum": "id_number",
    "GuarName": "name",
    "GuarCertNum": "id_number",
    "CertNum": "id_number",
    "PleCertID": "account",
    "PledgorName": "name",
    "PleorCertNum": "id_number",
    "PawnName": "name",
    "PawnCertNum": "id_number",
    "ConPhone": "phone",
    "FinConPhone": "phone",
}
_OF_PERSONS: Final[Mapping[str, Kind]] = {
    "Name": "name",
    "IDNum": "id_number",
    "CertNum": "id_number",
    "AcctCode": "account",
    "CcCode": "account",
}
"""Items that name a person in personal records and an enterprise, which has no such protection, in the others."""

_ENTERPRISE: Final = ("organisation", "corporate_")


def personal_kind(tag: str, subject: str) -> Kind | None:
    """How the item must be masked in a record about a `person` or an `organisation`; None where it need not be."""
    found = _OF_ANYONE.get(tag)
    return found or (_OF_PERSONS.get(tag) if subject == "person" else None)


def entity_subject(entity: str) -> str:
    """Whether a standard entity is about a person or an organisation; what may be about either counts as a person's."""
    return "organisation" if entity.startswith(_ENTERPRISE) else "person"


def shown_key(code: str, key: str) -> str:
    """A business key as lists show it: numbers of persons and their accounts with the middle hidden."""
    names = REPORTED[code].key
    shown: list[str] = []
    for name, value in zip(names, key.split("|"), strict=False):
        if f"{name.removesuffix('Type')}Num" in names:
            shown.append(document_title(code, value))
        elif name.endswith("Num"):
            shown[-1] = f"{shown[-1]} {_masked(code, 'id_number', value)}"
        else:
            shown.append(_masked(code, "account", value) if name in _ACCOUNT_KEYS else value)
    return " · ".join(shown)


def _masked(code: str, kind: Kind, number: str) -> str:
    if record_type(code).subject != "person":
        return number
    return _LONG_MASK.sub("****", mask(kind, number))


def document_title(code: str, value: str) -> str:
    """What the type of an identity document is called, in the reader's language; the code itself where it is unknown."""
    record = record_type(code)
    if record.subject == "person" and value in _SHORT:
        return say(_SHORT[value])
    table = catalogue.current().codes(record.subject)[_DOCUMENTS[record.subject]]
    title = table.values.get(value)
    return say(title) if title else value


_DOCUMENTS: Final = {"person": "IDType", "organisation": "EntCertType"}
_SHORT: Final = {"10": Text("居民身份证", "Identity card")}
"""The official name of the commonest document fills half a line."""
_ACCOUNT_KEYS: Final = frozenset({"AcctCode", "ContractCode", "CcCode"})
_LONG_MASK: Final = re.compile(r"\*{5,}")


@lru_cache(maxsize=64)
def _column_kinds(edition: str, mapping: _Hashed) -> Mapping[tuple[str, str], Kind | None]:
    del edition
    kinds: dict[tuple[str, str], Kind | None] = {}
    for target in mapping.mapping.targets:
        subject = entity_subject(target.entity)
        for item, column in target.columns.items():
            kind = personal_kind(item, subject)
            for source in column.source:
                table, dot, name = source.rpartition(".")
                place = (table if dot else target.table, name)
                kinds[place] = kinds.get(place) or kind
    return kinds


class _Hashed:
    """A mapping that a cache can hold, by its edition."""

    def __init__(self, mapping: SourceMapping) -> None:
        self.mapping = mapping

    def __hash__(self) -> int:
        return hash(self.mapping.edition)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and other.mapping.edition == self.mapping.edition


def source_kind(mapping: SourceMapping, table: str, column: str) -> Kind | None:
    """How a column of a source table must be masked. What no mapping reads is unknown, and hidden, in tables of persons."""
    known = _column_kinds(mapping.edition, _Hashed(mapping))
    if (table, column) in known:
        return known[table, column]
    about = {entity_subject(target.entity) for target in mapping.targets if target.table == table}
    return None if column.startswith("_") or about == {"organisation"} else "account"

"""Whom an exemption can be for: by which items of a record it is found, and how its value is checked, written and shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from app.core.masking import mask
from app.core.text import Text
from app.rules.model import Ruleset
from app.standard import catalogue
from app.standard.catalogue import CodeTable, RecordType
from app.web.words import say

Scope = Literal["subject", "account", "branch"]

SCOPES: Final[Mapping[Scope, Text]] = {
    "subject": Text("信息主体", "Subject"),
    "account": Text("账户", "Account"),
    "branch": Text("业务管理机构", "Branch"),
}
_ITEMS: Final[Mapping[Scope, tuple[tuple[str, ...], ...]]] = {
    "subject": (("IDType", "IDNum"), ("EntCertType", "EntCertNum")),
    "account": (("AcctCode",), ("ContractCode",)),
    "branch": (("MngmtOrgCode",),),
}
"""The items of a record's first segment that say whom it is about; the first that it has count."""
_SEPARATOR: Final = "|"
_NUMBER: Final = re.compile(r"[0-9A-Za-z_.-]{1,60}")
_LONG_MASK: Final = re.compile(r"\*{5,}")


def scope_title(scope: str) -> Text:
    """What a scope is called."""
    return next((title for name, title in SCOPES.items() if name == scope), Text(scope, scope))


def scopes_of(record: RecordType) -> dict[Scope, tuple[str, ...]]:
    """The scopes that records of a type have, each with its items in the first segment."""
    tags = {item.tag for item in record.segments[0].plain}
    found = {
        scope: next((items for items in choices if tags.issuperset(items)), None) for scope, choices in _ITEMS.items()
    }
    return {scope: items for scope, items in found.items() if items is not None}


def scopes_of_ruleset(ruleset: Ruleset) -> dict[Scope, tuple[str, ...]]:
    """As `scopes_of`, of the records that a ruleset judges; none where it is not about records."""
    code = ruleset.record_type
    return {} if code is None else scopes_of(catalogue.current().record(code, ruleset.subject))


def value_sql(record: RecordType, scope: Scope) -> str | None:
    """SQL over the columns of a record table for the value that exemptions of the scope name; None where it has none."""
    segment = record.segments[0].code
    place = f'"{segment}".' if segment else ""
    items = scopes_of(record).get(scope)
    return None if items is None else f" || '{_SEPARATOR}' || ".join(f'{place}"{item}"' for item in items)


def documents_of(ruleset: Ruleset) -> CodeTable | None:
    """The types of document by which subjects of a ruleset's records are known."""
    items = scopes_of_ruleset(ruleset).get("subject")
    if items is None or ruleset.record_type is None:
        return None
    subject = catalogue.current().record(ruleset.record_type, ruleset.subject).subject
    tables = catalogue.current().codes(subject)
    return tables.get(items[0])


def written_value(scope: Scope, document: str, number: str) -> str:
    """The value as records write it."""
    plain = "".join(number.split())
    return f"{document}{_SEPARATOR}{plain.upper()}" if scope == "subject" else plain


def number_fits(number: str) -> bool:
    """Whether a number or code can stand in a record."""
    return _NUMBER.fullmatch("".join(number.split())) is not None


def shown_value(ruleset: Ruleset | None, scope: str, value: str) -> str:
    """The value as lists show it: numbers of persons and their accounts with the middle hidden, also where the ruleset is
    no more and it is not known whom it was about."""
    if scope == "branch":
        return value
    document, bar, number = value.rpartition(_SEPARATOR)
    record = (
        catalogue.current().record(ruleset.record_type, ruleset.subject) if ruleset and ruleset.record_type else None
    )
    if record is None or record.subject == "person":
        number = _LONG_MASK.sub("****", mask("id_number" if bar else "account", number))
    if not bar:
        return number
    table = documents_of(ruleset) if ruleset else None
    title = table.values.get(document) if table else None
    return f"{say(title) if title else document} {number}"

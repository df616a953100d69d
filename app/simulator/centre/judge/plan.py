"""The catalogue's items made ready for fast checking: one compiled plan per segment, made once per edition.

The conditions under which a tag must appear are the centre's own reading (in the rules of each record); from the
catalogue come only the facts: type, length, code lists, account types, presence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.simulator.centre.judge.values import in_range, is_day, is_month, number
from app.standard import catalogue
from app.standard.catalogue import Catalogue
from app.standard.model import Group, Item, RecordType, Segment

_CLOCK = re.compile(r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)
_YEAR_TAGS = frozenset({"WorkStartDate"})
_ACCOUNTS_SUFFIX = re.compile(r".+_((?:[A-Z]\d)+)")
_SPLIT_BY_ACCOUNT = frozenset({"AcctStatus", "RpyStatus"})
"""Items whose code list depends on the account type where, being mandatory, no rule of their own checks them."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemPlan:
    """How one item is checked; compared and hashed by identity.

    `always`: the tag stands wherever its segment stands. `filled`: its value must not be blank where the tag stands.
    `accounts`: the account types that have the tag, `account_code` the error otherwise. `fits` tells whether a
    stripped value has the right type, length and code; `fits_for` does so for one account type. `in_range` is set
    for dates, months, years.
    """

    tag: str
    always: bool
    filled: bool
    accounts: frozenset[str] | None
    account_code: str | None
    fits: Callable[[str], object]
    fits_for: Mapping[str, Callable[[str], object]] | None
    in_range: Callable[[str], bool] | None


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """A repeated group, its count item and the plans of its items. `compared` are the tags by which occurrences
    must differ (all if empty)."""

    tag: str
    count_tag: str
    items: tuple[ItemPlan, ...]
    compared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """All checks of one segment. `letter` is '' for flat records."""

    letter: str
    tag: str
    items: tuple[ItemPlan, ...]
    groups: tuple[GroupPlan, ...]
    identifiers: tuple[str, ...]
    """Items outside groups whose first 14 characters name the provider."""


_ACCOUNT_CODES = {"210": "BLD000", "410": "CLD000"}
"""The code for a tag that the account type asks for or forbids."""
_COMPARED = {
    "IDRec": ("OthIDType", "OthIDNum", "OthEntCertType", "OthEntCertNum"),
    "RltRepymtInf": ("InfoIDType", "ArlpIDType", "ArlpCertType", "ArlpCertNum"),
    "MmbInf": ("MmbAlias", "MmbIDType", "MmbIDNum", "MmbPstn"),
    "SharHodInf": ("SharHodCertType", "SharHodIDType", "SharHodIDNum"),
    "ActuCotrlInf": ("ActuCotrlCertType", "ActuCotrlIDType", "ActuCotrlIDNum"),
    "CccInf": ("Ccc",),
    "CtrctCertRel": ("BrerType", "CertRelIDType", "CertRelIDNum"),
    "OtrRec": ("InfoIDType", "GuarCertType", "GuarCertNum"),
}

PROVIDER_PREFIXED = frozenset(
    {
        "InfSurcCode",
        "AcctCode",
        "Mcc",
        "ContractCode",
        "Ccc",
        "CcCode",
        "MaxGuarMcc",
        "CreditRestCode",
        "OdBnesCode",
        "NwBnesCode",
        "ModRecCode",
        "DelRecCode",
    }
)


_MADE: dict[str, dict[str, tuple[SegmentPlan, ...]]] = {}
"""Plans by digest of the edition they were made from."""


def segment_plans(record: str, of_organisation: bool = False) -> tuple[SegmentPlan, ...]:
    """The plans of a record type of the current edition, in writing order; KeyError for an unknown type.

    `of_organisation`: of a type that persons and organisations share, as it is read where an organisation owes.
    """
    edition = catalogue.current()
    made = _MADE.get(edition.digest)
    if made is None:
        made = _MADE[edition.digest] = {
            code: tuple(_segment(edition, record, segment) for segment in record.segments)
            for code, record in edition.records.items()
        }
        made |= {
            f"{code} of an organisation": tuple(_segment(edition, record, segment) for segment in record.segments)
            for code, record in edition.by_subject["organisation"].items()
            if record.shared
        }
    return made.get(f"{record} of an organisation", made[record]) if of_organisation else made[record]


def _segment(edition: Catalogue, record: RecordType, segment: Segment) -> SegmentPlan:
    return SegmentPlan(
        segment.code,
        segment.tag,
        tuple(_item(edition, record, item) for item in segment.items if isinstance(item, Item)),
        tuple(_group(edition, record, group) for group in segment.items if isinstance(group, Group)),
        tuple(item.tag for item in segment.items if item.tag in PROVIDER_PREFIXED),
    )


def _group(edition: Catalogue, record: RecordType, group: Group) -> GroupPlan:
    present = {item.tag for item in group.items}
    compared = tuple(tag for tag in _COMPARED.get(group.tag, ()) if tag in present)
    return GroupPlan(group.tag, group.count_tag, tuple(_item(edition, record, item) for item in group.items), compared)


def _item(edition: Catalogue, record: RecordType, item: Item) -> ItemPlan:
    conditional = item.presence == "C" and (item.accounts is not None or item.present_when is not None)
    # notes on organisations ask for a value only of items that an account type has; others have their own rule (CLE007)
    valued = item.presence == "C" and not item.empty_tag and (record.subject == "person" or item.accounts is not None)
    fits, fits_for = _fitting(edition, record, item)
    return ItemPlan(
        item.tag,
        always=not conditional,
        filled=item.presence == "M" or valued,
        accounts=item.accounts if item.present_when is None else None,
        account_code=_ACCOUNT_CODES.get(record.code),
        fits=fits,
        fits_for=fits_for,
        in_range=_range_check(item),
    )


def _range_check(item: Item) -> Callable[[str], bool] | None:
    if item.type == "D":
        return lambda value: is_day(value) and in_range(value)
    if item.type == "M":
        return lambda value: is_month(value) and in_range(value)
    if item.type == "T":
        return lambda value: is_day(value[:10]) and in_range(value) and _CLOCK.fullmatch(value[10:]) is not None
    if item.tag in _YEAR_TAGS:
        return _is_year
    if item.tag == "SheetYear":
        return _is_reporting_year
    return None


def _is_reporting_year(written: str) -> bool:
    """Whether it is a year that can be reported on; what is no number at all has an error of its own."""
    year = number({"year": written}, "year")
    return year is None or 1901 <= year <= 2099


def _is_year(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) == 4 and in_range(text)


def _fitting(
    edition: Catalogue, record: RecordType, item: Item
) -> tuple[Callable[[str], object], Mapping[str, Callable[[str], object]] | None]:
    tables = [edition.codes(record.subject)[name] for name in item.codes]
    if tables and all(table.strict for table in tables):
        values = frozenset(value for table in tables for value in table.values)
        if item.tag not in _SPLIT_BY_ACCOUNT or item.presence != "M":
            return values.__contains__, None
        by_account = {}
        for table in tables:
            suffix = _ACCOUNTS_SUFFIX.fullmatch(table.name)
            for account in re.findall(r"[A-Z]\d", suffix[1]) if suffix else ():
                by_account[account] = frozenset(table.values).__contains__
        return values.__contains__, by_account or None
    return re.compile(_pattern(item), re.ASCII | re.DOTALL).fullmatch, None


def _pattern(item: Item) -> str:
    most = str(item.length) if item.fixed else f"1,{item.length}"
    if item.type in ("A", "N"):
        if item.decimals:
            whole = item.length - item.decimals - 1
            # amounts with decimals are those of statements, which may be negative
            sign = "-?" if item.type == "A" else ""
            return rf"{sign}\d{{1,{whole}}}(\.\d{{1,{item.decimals}}})?"
        return rf"\d{{{most}}}"
    if item.type == "AN":
        return rf"[!-~]{{{most}}}"
    if item.type == "D":
        return r"\d{4}-\d{2}-\d{2}"
    if item.type == "M":
        return r"\d{4}-\d{2}"
    if item.type == "T":
        return r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}"
    return rf".{{{most}}}"

"""Which segments a reporting point of an account requires or forbids (BLR000 to BLR015, BLR004/005, CLR000 to
CLR017, CLR030/031).

The tables are the centre's own writing of the official rules; a test holds them against the catalogue's matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.values import Fault, text

PERSON_TAGS: Mapping[str, str] = {
    "C": "AcctBsInfSgmt",
    "D": "RltRepymtInfSgmt",
    "E": "MotgaCltalCtrctInfSgmt",
    "F": "AcctCredSgmt",
    "G": "OrigCreditorInfSgmt",
    "H": "AcctMthlyBlgInfSgmt",
    "I": "SpecPrdSgmt",
    "J": "AcctDbtInfSgmt",
    "K": "AcctSpecTrstDspnSgmt",
}
ORGANISATION_TAGS: Mapping[str, str] = {
    "C": "AcctBsInfSgmt",
    "D": "RltRepymtInfSgmt",
    "E": "MotgaCltalCtrctInfSgmt",
    "F": "AcctCredSgmt",
    "G": "OrigCreditorInfSgmt",
    "H": "ActLbltyInfSgmt",
    "I": "AcctSpecTrstDspnSgmt",
}

Row = Mapping[str, str]
"""Account type to the letters of its segments; an account type that is not listed has none."""

_PERSON_NEW: Row = {"D1": "CH", "R1": "CFH", "R2": "CH", "R3": "CFH", "R4": "CFH", "C1": "CGJ"}
_PERSON_NEVER: Row = {"D1": "GIJ", "R1": "GIJ", "R2": "GJ", "R3": "GIJ", "R4": "GIJ", "C1": "EFHI"}
_PERSON_MONTHLY: Row = dict.fromkeys(("D1", "R1", "R2", "R3", "R4"), "H")
_PERSON_MONTHLY_NEVER: Row = {"D1": "GIJ", "R1": "GIJ", "R2": "GJ", "R3": "GIJ", "R4": "GIJ"}
_PERSON_AT_10: Row = {account: letters + ("" if account == "C1" else "K") for account, letters in _PERSON_NEVER.items()}
_PERSON_AT_40: Row = {**dict.fromkeys(("D1", "R1", "R2", "R4"), "CDEFGHIK"), "C1": "EFHI"}

PERSON_POINTS: Mapping[str, tuple[str, Row, str, Row, frozenset[str]]] = {
    "10": ("BLR000", _PERSON_NEW, "BLR001", _PERSON_AT_10, frozenset()),
    "31": (
        "BLR002",
        {account: letters for account, letters in _PERSON_NEW.items() if account != "C1"},
        "BLR003",
        _PERSON_MONTHLY_NEVER,
        frozenset({"C1"}),
    ),
    "30": ("BLR006", _PERSON_MONTHLY, "BLR007", _PERSON_MONTHLY_NEVER, frozenset({"C1"})),
    "40": (
        "BLR008",
        dict.fromkeys(("D1", "R1", "R2", "R4", "C1"), "J"),
        "BLR009",
        _PERSON_AT_40,
        frozenset({"R3"}),
    ),
    "20": ("BLR010", {**_PERSON_MONTHLY, "C1": "J"}, "BLR011", _PERSON_NEVER, frozenset()),
    "32": ("BLR012", _PERSON_MONTHLY, "BLR013", _PERSON_MONTHLY_NEVER, frozenset({"C1"})),
}
"""Reporting point of record 210: code and segments required, code and segments forbidden, account types that cannot
use it."""

_LINE_REQUIRED_AT = frozenset({"10", "31"})
_LINE_FORBIDDEN_EXCEPT = frozenset({"40"})


def person_point(case: Case) -> Iterator[Fault]:
    """R2100101 to R2100114."""
    base = case.segment("B")
    point, account = text(base, "RptDateCode"), text(base, "AcctType")
    row = PERSON_POINTS.get(point or "")
    if row is None:
        return
    required_code, required, forbidden_code, forbidden, unusable = row
    if account in unusable:
        yield required_code, "AcctType"
    line = _credit_line(case, account)
    if line == "required" and point in _LINE_REQUIRED_AT and not case.has("F"):
        yield required_code, PERSON_TAGS["F"]
    if line == "forbidden" and point not in _LINE_FORBIDDEN_EXCEPT and case.has("F"):
        yield forbidden_code, PERSON_TAGS["F"]
    yield from _compare(case, account, required, required_code, forbidden, forbidden_code)


def person_first_stored(case: Case) -> Iterator[Fault]:
    """BLR004, BLR005 (R2101215, R2101214): an account of which nothing is stored is reported as a new one."""
    if case.stored.exists:
        return
    account = text(case.segment("B"), "AcctType")
    line = _credit_line(case, account)
    if line == "required" and not case.has("F"):
        yield "BLR004", PERSON_TAGS["F"]
    if line == "forbidden" and case.has("F"):
        yield "BLR005", PERSON_TAGS["F"]
    yield from _compare(case, account, _PERSON_NEW, "BLR004", _PERSON_NEVER, "BLR005")


def _credit_line(case: Case, account: str | None) -> str:
    """What the basic information of a D1 or R2 account says about its credit agreement segment; nothing without
    that information."""
    basics = case.segment("C")
    if account == "D1":
        return {"0": "forbidden", "1": "required", "2": "required"}.get(text(basics, "Flag") or "", "")
    if account == "R2":
        kind = text(basics, "BusiDtlLines")
        return "" if kind is None else "forbidden" if kind == "82" else "required"
    return ""


def _compare(
    case: Case, account: str | None, required: Row, required_code: str, forbidden: Row, forbidden_code: str
) -> Iterator[Fault]:
    tags = PERSON_TAGS if case.record == "210" else ORGANISATION_TAGS
    for letter in required.get(account or "") or _of_every_type(case, account, required):
        if not case.has(letter):
            yield required_code, tags[letter]
    for letter in forbidden.get(account or "", ""):
        if case.has(letter):
            yield forbidden_code, tags[letter]


def _of_every_type(case: Case, account: str | None, required: Row) -> str:
    """What every account type must have is asked of a record with an unreadable one, too."""
    known = _PERSON_NEW.keys() if case.record == "210" else _ORGANISATION_NEW.keys()
    if account in known or required.keys() != known:
        return ""
    return "".join(sorted(frozenset.intersection(*map(frozenset, required.values()))))


_ORGANISATION_NEW: Row = {"D1": "CH", "D2": "CH", "R1": "CFH", "R4": "CFH", "C1": "CH"}
_ORGANISATION_NEVER: Row = {"D1": "G", "D2": "F", "R1": "G", "R4": "G"}
_ORGANISATION_LATER: Row = {**_ORGANISATION_NEVER, "C1": "EFG"}
_ONCE_NEVER: Row = {"D1": "G", "D2": "EFG", "R1": "G", "R4": "G", "C1": "EF"}

ORGANISATION_POINTS: Mapping[str, tuple[str, Row, str, Row, frozenset[str]]] = {
    "10": ("CLR000", _ORGANISATION_NEW, "CLR001", {**_ORGANISATION_NEVER, "C1": "EF"}, frozenset()),
    "20": ("CLR002", dict.fromkeys(("D1", "D2", "R1", "R4", "C1"), "H"), "CLR003", _ORGANISATION_LATER, frozenset()),
    "31": ("CLR004", {"D1": "C"}, "CLR005", {"D1": "G"}, frozenset({"D2", "R1", "R4", "C1"})),
    "32": (
        "CLR006",
        dict.fromkeys(("D1", "D2", "R4"), "H"),
        "CLR007",
        {"D1": "G", "D2": "F", "R4": "G"},
        frozenset({"R1", "C1"}),
    ),
    "33": (
        "CLR008",
        dict.fromkeys(("D1", "D2", "R4", "C1"), "H"),
        "CLR009",
        {"D1": "G", "D2": "F", "R4": "G", "C1": "EFG"},
        frozenset({"R1"}),
    ),
    "41": (
        "CLR010",
        dict.fromkeys(("D1", "D2", "R4", "C1"), "H"),
        "CLR011",
        {"D1": "G", "D2": "F", "R4": "G", "C1": "EFG"},
        frozenset({"R1"}),
    ),
    "42": (
        "CLR012",
        dict.fromkeys(("D1", "R4"), "HI"),
        "CLR013",
        {"D1": "G", "R4": "G"},
        frozenset({"D2", "R1", "C1"}),
    ),
    "49": ("CLR014", dict.fromkeys(("D1", "D2", "R1", "R4", "C1"), "H"), "CLR015", _ORGANISATION_LATER, frozenset()),
}
"""Reporting point of record 410, in the same shape."""


def organisation_point(case: Case) -> Iterator[Fault]:
    """R4100101 to R4100116."""
    base = case.segment("B")
    point, account = text(base, "RptDateCode"), text(base, "AcctType")
    row = ORGANISATION_POINTS.get(point or "")
    if row is None:
        return
    required_code, required, forbidden_code, forbidden, unusable = row
    flag = text(case.segment("C"), "Flag") if account == "D1" else None
    if account in unusable or (point == "31" and account not in (None, "D1")):
        yield required_code, "AcctType"
    if point == "31" and flag not in (None, "2"):
        yield required_code, "Flag"
    if point == "31" and flag != "2":
        forbidden = {}
    if point == "10" and flag in ("1", "2") and not case.has("F"):
        yield required_code, ORGANISATION_TAGS["F"]
    if flag == "0" and case.has("F") and point != "31":
        yield forbidden_code, ORGANISATION_TAGS["F"]
    yield from _compare(case, account, required, required_code, forbidden, forbidden_code)


def organisation_first_stored(case: Case) -> Iterator[Fault]:
    """CLR030, CLR031 (R4101212, R4101213)."""
    if case.stored.exists:
        return
    account = text(case.segment("B"), "AcctType")
    flag = text(case.segment("C"), "Flag") if account == "D1" else None
    if flag in ("1", "2") and not case.has("F"):
        yield "CLR030", ORGANISATION_TAGS["F"]
    if flag == "0" and case.has("F"):
        yield "CLR031", ORGANISATION_TAGS["F"]
    yield from _compare(case, account, _ORGANISATION_NEW, "CLR030", _ONCE_NEVER, "CLR031")

"""Record 440, guarantee account of an organisation: the checks CAR and CAE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.simulator.centre.judge.account_history import out_of_order
from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import (
    not_before,
    organisation_known,
    organisation_number,
    party,
    party_type_fits,
)
from app.simulator.centre.judge.values import Fault, after, day, group, text
from app.standard import catalogue

_TAGS = {"C": "GuarAcctBsInfSgmt", "D": "GuarRltRepymtInfSgmt"}
_POINTS: Mapping[str, tuple[str, str]] = {
    "10": ("CAR000", "CD"),
    "20": ("CAR001", "D"),
    "30": ("CAR002", "D"),
    "40": ("CAR010", "D"),
}
"""Reporting point: the code for a segment that lacks, and the segments that must stand."""
_CLOSED = "2"


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 and ABE005 for debtor and responsible parties, ABE001 for the lengths of the latter."""
    yield from organisation_number(case.segment("B"), "IDType", "IDNum")
    yield from organisation_known(case, case.segment("B"), "IDType", "IDNum")
    for each in group(case.segment("E"), "RltRepymtInf"):
        yield from party(case, each, "InfoIDType", "ArlpName", "ArlpCertType", "ArlpCertNum")


def business_dates(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    yield from not_before(case, case.segment("C"), "OpenDate")
    yield from not_before(case, case.segment("D"), "RepayPrd", "FiveCateAdjDate", "CloseDate")


def segments_of_the_point(case: Case) -> Iterator[Fault]:
    """CAR000 to CAR004, CAR008, CAR010."""
    if not case.has("B"):
        yield "CAR004", "GuarAcctBsSgmt"
    point = text(case.segment("B"), "RptDateCode") or ""
    code, letters = _POINTS.get(point, ("", ""))
    for letter in letters:
        if not case.has(letter):
            yield code, _TAGS[letter]
    if point == "50" and case.has("D"):
        yield "CAR008", _TAGS["D"]
    if point == "10" and text(case.segment("C"), "GuarMode") == "1" and not case.has("E"):
        yield "CAR003", "RltRepymtInfSgmt"


def same_type(case: Case) -> Iterator[Fault]:
    """CAR009 (R4401204)."""
    account, stored = text(case.segment("B"), "AcctType"), case.stored.account_type
    if account is not None and stored is not None and account != stored:
        yield "CAR009", "AcctType"


def closed(case: Case) -> Iterator[Fault]:
    """CAR006 (R4401202) and CAR007 (R4401203)."""
    reported = day(case.segment("B"), "RptDate")
    if case.stored.closed and after(reported, case.stored.report_date):
        yield "CAR006", "RptDate"
    earlier, later = case.stored.previous.get("RptDate"), case.stored.following.get("RptDate")
    between = after(reported, earlier) and after(later, reported)
    if between and text(case.segment("D"), "AcctStatus") == _CLOSED:
        yield "CAR007", "AcctStatus"


def classification_date(case: Case) -> Iterator[Fault]:
    """CAR005 (R4401201)."""
    if out_of_order(case, case.segment("D"), "FiveCateAdjDate"):
        yield "CAR005", "FiveCateAdjDate"


def dates(case: Case) -> Iterator[Fault]:
    """CAE006 (I4400A01), CAE000 (I4400C01), CAE002 (I4400D02)."""
    terms, liability = case.segment("C"), case.segment("D")
    opened, ended = day(terms, "OpenDate"), day(liability, "CloseDate")
    if any(after(opened, day(liability, tag)) for tag in ("RepayPrd", "FiveCateAdjDate", "CloseDate")):
        yield "CAE006", "OpenDate"
    if after(opened, day(terms, "DueDate")):
        yield "CAE000", "DueDate"
    if any(after(day(liability, tag), ended) for tag in ("RepayPrd", "FiveCateAdjDate")):
        yield "CAE002", "CloseDate"


def closing_date(case: Case) -> Iterator[Fault]:
    """CAE001 (I4400D01)."""
    liability = case.segment("D")
    status = text(liability, "AcctStatus")
    if status is not None and (status == _CLOSED) != (text(liability, "CloseDate") is not None):
        yield "CAE001", "CloseDate"


def line_of_business(case: Case) -> Iterator[Fault]:
    """CAE008 (I4400C02). A detail that is in no list has ABE001."""
    terms = case.segment("C")
    line, detail = text(terms, "BusiLines"), text(terms, "BusiDtilLines")
    of = catalogue.current().codes("organisation")["GuarBusiDtilLines"].parents.get(detail or "")
    if line is not None and of is not None and of != line:
        yield "CAE008", "BusiDtilLines"


def responsible_parties(case: Case) -> Iterator[Fault]:
    """CAE007 (I4400A02), CAE003 (I4400E01), CAE009 (I4400E03)."""
    base = case.segment("B")
    debtor = (text(base, "IDType"), text(base, "IDNum"))
    for each in group(case.segment("E"), "RltRepymtInf"):
        kind = text(each, "ArlpCertType")
        if None not in debtor and (kind, text(each, "ArlpCertNum")) == debtor:
            yield "CAE007", "ArlpCertNum"
        if not party_type_fits(text(each, "InfoIDType"), kind):
            yield "CAE003", "ArlpCertType"
        if text(each, "ArlpType") in ("2", "3"):
            for tag in ("WartySign", "MaxGuarMcc"):
                if text(each, tag) is None:
                    yield "CAE009", tag


RULES = (
    identity_numbers,
    business_dates,
    segments_of_the_point,
    same_type,
    closed,
    classification_date,
    dates,
    closing_date,
    line_of_business,
    responsible_parties,
)

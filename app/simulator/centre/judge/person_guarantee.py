"""Record 230, guarantee account of a person: the checks BAR and BAE."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.account_history import out_of_order
from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import not_before, party, party_type_fits, person_number
from app.simulator.centre.judge.values import WHOLE, Fault, after, day, group, text
from app.standard import catalogue

_TAGS = {"C": "GuarAcctBsInfSgmt", "D": "GuarRltRepymtInfSgmt", "E": "RltRepymtInfSgmt"}
_REQUIRED = {"10": ("BAR000", "CD"), "20": ("BAR001", "D"), "30": ("BAR002", "D"), "40": ("BAR003", "D")}
"""Reporting point to the code and the letters of the segments that it needs."""


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 for debtor and responsible parties, ABE005 and ABE001 (length) for the latter."""
    yield from person_number(case.segment("B"), "IDType", "IDNum")
    for each in group(case.segment("E"), "RltRepymtInf"):
        yield from party(case, each, "InfoIDType", "ArlpName", "ArlpCertType", "ArlpCertNum")


def business_dates(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    yield from not_before(case, case.segment("C"), "OpenDate")
    yield from not_before(case, case.segment("D"), "RepayPrd", "FiveCateAdjDate", "CloseDate")


def base_segment(case: Case) -> Iterator[Fault]:
    """BAR008 (R2300106)."""
    if not case.has("B"):
        yield "BAR008", "GuarAcctBsSgmt"


def point(case: Case) -> Iterator[Fault]:
    """BAR000 to BAR003, BAR007, BAR009: the segments of a reporting point."""
    stated = text(case.segment("B"), "RptDateCode")
    code, letters = _REQUIRED.get(stated or "", ("", ""))
    for letter in letters:
        if not case.has(letter):
            yield code, _TAGS[letter]
    if stated == "50" and case.has("D"):
        yield "BAR009", _TAGS["D"]
    if stated == "10" and text(case.segment("C"), "GuarMode") == "1" and not case.has("E"):
        yield "BAR007", _TAGS["E"]


def classification_date(case: Case) -> Iterator[Fault]:
    """BAR004 (R2301201)."""
    if out_of_order(case, case.segment("D"), "FiveCateAdjDate"):
        yield "BAR004", "FiveCateAdjDate"


def closed(case: Case) -> Iterator[Fault]:
    """BAR005 (R2301202)."""
    if case.stored.closed and after(day(case.segment("B"), "RptDate"), case.stored.report_date):
        yield "BAR005", "AcctStatus"


def closes_last(case: Case) -> Iterator[Fault]:
    """BAR006 (R2301203)."""
    closing = text(case.segment("D"), "AcctStatus") == "2"
    if closing and after(case.stored.report_date, day(case.segment("B"), "RptDate")):
        yield "BAR006", "AcctStatus"


def opened_before_due(case: Case) -> Iterator[Fault]:
    """BAE001 (I2300C01)."""
    basics = case.segment("C")
    if after(day(basics, "OpenDate"), day(basics, "DueDate")):
        yield "BAE001", "OpenDate"


def line_of_business(case: Case) -> Iterator[Fault]:
    """BAE006 (I2300C02)."""
    basics = case.segment("C")
    line, detail = text(basics, "BusiLines"), text(basics, "BusiDtilLines")
    wider = catalogue.current().codes("person")["GuaBusiDtilLines"].parents.get(detail or "")
    if line is not None and wider is not None and wider != line:
        yield "BAE006", WHOLE


def closing_date(case: Case) -> Iterator[Fault]:
    """BAE002 (I2300D01), BAE005 (I2300D02)."""
    liability = case.segment("D")
    if text(liability, "AcctStatus") == "2" and text(liability, "CloseDate") is None:
        yield "BAE002", "CloseDate"
    if any(after(day(liability, tag), day(liability, "CloseDate")) for tag in ("RepayPrd", "FiveCateAdjDate")):
        yield "BAE005", "CloseDate"


def opened_first(case: Case) -> Iterator[Fault]:
    """BAE000 (I2300A01)."""
    opened, liability = day(case.segment("C"), "OpenDate"), case.segment("D")
    for tag in ("RepayPrd", "FiveCateAdjDate", "CloseDate"):
        if after(opened, day(liability, tag)):
            yield "BAE000", tag


def responsible_parties(case: Case) -> Iterator[Fault]:
    """BAE003, BAE007, BAE004: each responsible party."""
    base = case.segment("B")
    debtor = ("1", text(base, "IDType"), text(base, "IDNum"))
    for each in group(case.segment("E"), "RltRepymtInf"):
        if not party_type_fits(text(each, "InfoIDType"), text(each, "ArlpCertType"), "person"):
            yield "BAE003", WHOLE
        if text(each, "ArlpType") in ("2", "3"):
            for tag in ("WartySign", "MaxGuarMcc"):
                if text(each, tag) is None:
                    yield "BAE007", tag
        if (
            None not in debtor
            and (
                text(each, "InfoIDType"),
                text(each, "ArlpCertType"),
                text(each, "ArlpCertNum"),
            )
            == debtor
        ):
            yield "BAE004", WHOLE


RULES = (
    identity_numbers,
    business_dates,
    base_segment,
    point,
    classification_date,
    closed,
    closes_last,
    opened_before_due,
    line_of_business,
    closing_date,
    opened_first,
    responsible_parties,
)

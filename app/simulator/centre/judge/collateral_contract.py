"""Record 510, mortgage or pledge contract: the checks BPR and BPE, by the code lists of who owes, a person or an organisation."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import not_before, party, party_type_fits
from app.simulator.centre.judge.values import Fault, Segment, after, day, group, number, text
from app.standard.catalogue import Subject

_DEBTOR = ("InfoIDType", "Name", "CertType", "CertNum")
_OTHERS = {
    "D": ("OtrRec", ("InfoIDType", "GuarName", "GuarCertType", "GuarCertNum")),
    "E": ("PleInf", ("PledgorType", "PledgorName", "PleorCertType", "PleorCertNum")),
    "F": ("ImpInf", ("Ippc", "PawnName", "PawnCertType", "PawnCertNum")),
}
"""By segment the group of other parties and the items that name one: kind of party, name, type of document, number."""
_COUNTS = (("D", "GrtdNm", "BPE003"), ("E", "PleNm", "BPE005"), ("F", "ImpNm", "BPE007"))
_PROPERTY = {"1": ("E", "F"), "2": ("F", "E")}
"""By kind of contract the segment of property that must stand and the one that must not."""
_TAGS = {"B": "MotgaCltalCtrctBsSgmt", "C": "MotgaCltalBsInfSgmt", "E": "MotgaProptInfSgmt", "F": "CltalInfSgmt"}


def _parties(case: Case) -> Iterator[tuple[Segment, tuple[str, str, str, str]]]:
    yield case.segment("B"), _DEBTOR
    for letter, (tag, items) in _OTHERS.items():
        for occurrence in group(case.segment(letter), tag):
            yield occurrence, items


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 and ABE005 for everybody named, ABE001 for the lengths of persons' names and numbers."""
    for each, items in _parties(case):
        yield from party(case, each, *items)


def business_dates(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    yield from not_before(case, case.segment("C"), "CcValDate")
    for occurrence in group(case.segment("E"), "PleInf"):
        yield from not_before(case, occurrence, "ValDate")


def required_segments(case: Case) -> Iterator[Fault]:
    """BPR000 (R5100101)."""
    for letter in "BC":
        if not case.has(letter):
            yield "BPR000", _TAGS[letter]


def property_segments(case: Case) -> Iterator[Fault]:
    """BPR001 (R5100102)."""
    must, must_not = _PROPERTY.get(text(case.segment("C"), "GuarType") or "", ("", ""))
    if must and not case.has(must):
        yield "BPR001", _TAGS[must]
    if must_not and case.has(must_not):
        yield "BPR001", _TAGS[must_not]


def order(case: Case) -> Iterator[Fault]:
    """BPR002 (R5101201) and BPR003 (R5101202)."""
    reported = day(case.segment("B"), "RptDate")
    if after(case.stored.report_date, reported):
        yield "BPR002", "RptDate"
    if case.stored.closed and after(reported, case.stored.report_date):
        yield "BPR003", "CcStatus"


def debtors(case: Case) -> Iterator[Fault]:
    """BPE000 (I5100B01), BPE002 (I5100D01), BPE008 (I5100A01)."""
    base = case.segment("B")
    own, category = (text(base, "CertType"), text(base, "CertNum")), text(base, "InfoIDType")
    of: Subject = "organisation" if category == "2" else "person"
    if not party_type_fits(category, own[0], of):
        yield "BPE000", "CertType"
    for other in group(case.segment("D"), "OtrRec"):
        kind = text(other, "GuarCertType")
        if not party_type_fits(text(other, "InfoIDType"), kind, of):
            yield "BPE002", "GuarCertType"
        # Of a person's debt the other debtor must be of the same category too to be the same.
        alike = of == "organisation" or text(other, "InfoIDType") == category
        if None not in own and alike and (kind, text(other, "GuarCertNum")) == own:
            yield "BPE008", "GuarCertNum"


def period(case: Case) -> Iterator[Fault]:
    """BPE001 (I5100C01)."""
    terms = case.segment("C")
    if after(day(terms, "CcValDate"), day(terms, "CcExpDate")):
        yield "BPE001", "CcExpDate"


def counts(case: Case) -> Iterator[Fault]:
    """BPE003, BPE005, BPE007."""
    for letter, tag, code in _COUNTS:
        stated = number(case.segment(letter), tag)
        if stated is not None and stated <= 0:
            yield code, tag


RULES = (
    identity_numbers,
    business_dates,
    required_segments,
    property_segments,
    order,
    debtors,
    period,
    counts,
)

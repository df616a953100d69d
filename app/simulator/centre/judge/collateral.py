"""Record 510, mortgage or pledge contract of persons and organisations: the checks BPR and BPE."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import not_before, party, suits
from app.simulator.centre.judge.values import WHOLE, Fault, after, day, group, number, text

_COUNTED = {"D": ("BPE003", "GrtdNm"), "E": ("BPE005", "PleNm"), "F": ("BPE007", "ImpNm")}


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004, ABE005 and ABE001 (length) for debtors, mortgagors and pledgors."""
    yield from party(case, case.segment("B"), "InfoIDType", "Name", "CertType", "CertNum")
    for debtor in group(case.segment("D"), "OtrRec"):
        yield from party(case, debtor, "InfoIDType", "GuarName", "GuarCertType", "GuarCertNum")
    for asset in group(case.segment("E"), "PleInf"):
        yield from party(case, asset, "PledgorType", "PledgorName", "PleorCertType", "PleorCertNum")
    for asset in group(case.segment("F"), "ImpInf"):
        yield from party(case, asset, "Ippc", "PawnName", "PawnCertType", "PawnCertNum")


def business_dates(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    yield from not_before(case, case.segment("C"), "CcValDate")
    for asset in group(case.segment("E"), "PleInf"):
        yield from not_before(case, asset, "ValDate")


def segments(case: Case) -> Iterator[Fault]:
    """BPR000 (R5100101), BPR001 (R5100102)."""
    for letter, tag in (("B", "MotgaCltalCtrctBsSgmt"), ("C", "MotgaCltalBsInfSgmt")):
        if not case.has(letter):
            yield "BPR000", tag
    kind = text(case.segment("C"), "GuarType")
    if kind == "1" and (not case.has("E") or case.has("F")):
        yield "BPR001", "MotgaProptInfSgmt"
    if kind == "2" and (not case.has("F") or case.has("E")):
        yield "BPR001", "CltalInfSgmt"


def never_back_in_time(case: Case) -> Iterator[Fault]:
    """BPR002 (R5101201)."""
    if after(case.stored.report_date, day(case.segment("B"), "RptDate")):
        yield "BPR002", "RptDate"


def ended(case: Case) -> Iterator[Fault]:
    """BPR003 (R5101202)."""
    if case.stored.closed:
        yield "BPR003", "CcStatus"


def types_of_identifiers(case: Case) -> Iterator[Fault]:
    """BPE000 (I5100B01), BPE002 (I5100D01)."""
    if not suits(case.segment("B"), "InfoIDType", "CertType"):
        yield "BPE000", WHOLE
    if not all(suits(each, "InfoIDType", "GuarCertType") for each in group(case.segment("D"), "OtrRec")):
        yield "BPE002", WHOLE


def begins_before_it_ends(case: Case) -> Iterator[Fault]:
    """BPE001 (I5100C01)."""
    basics = case.segment("C")
    if after(day(basics, "CcValDate"), day(basics, "CcExpDate")):
        yield "BPE001", WHOLE


def counts(case: Case) -> Iterator[Fault]:
    """BPE003 (I5100D02), BPE005 (I5100E02), BPE007 (I5100F02)."""
    for letter, (code, tag) in _COUNTED.items():
        stated = number(case.segment(letter), tag)
        if stated is not None and stated <= 0:
            yield code, tag


def debtors_differ(case: Case) -> Iterator[Fault]:
    """BPE008 (I5100A01)."""
    base = case.segment("B")
    own = tuple(text(base, tag) for tag in ("InfoIDType", "CertType", "CertNum"))
    if None not in own:
        for each in group(case.segment("D"), "OtrRec"):
            if tuple(text(each, tag) for tag in ("InfoIDType", "GuarCertType", "GuarCertNum")) == own:
                yield "BPE008", WHOLE


RULES = (
    identity_numbers,
    business_dates,
    segments,
    never_back_in_time,
    ended,
    types_of_identifiers,
    begins_before_it_ends,
    counts,
    debtors_differ,
)

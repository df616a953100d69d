"""Record 110, basic information of a person: the checks BBR, BBD and BBE, and the common checks that need its items."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import not_before, person_number
from app.simulator.centre.judge.values import WHOLE, Fault, after, day, group, number, text

_FIRST_REPORT = {
    "D": "FcsInfSgmt",
    "E": "SpsInfSgmt",
    "F": "EduInfSgmt",
    "G": "OctpnInfSgmt",
    "H": "RedncInfSgmt",
    "I": "MlgInfSgmt",
}
_UPDATES = {
    "C": "IDInfoUpDate",
    "D": "FcsInfoUpDate",
    "E": "SpsInfoUpDate",
    "F": "EduInfoUpDate",
    "G": "OctpnInfoUpDate",
    "H": "ResiInfoUpDate",
    "I": "MlgInfoUpDate",
    "J": "IncInfoUpDate",
}
_MARRIED = frozenset({"20", "21", "22", "23"})
_SPOUSE_TAGS = ("SpoName", "SpoIDType", "SpoIDNum", "SpoTel", "SpsCmpyNm")
_EMPLOYED = frozenset({"11", "13", "17", "21", "24", "91"})
_EMPLOYER_TAGS = (
    "CpnName",
    "CpnType",
    "Industry",
    "CpnAddr",
    "CpnPc",
    "CpnDist",
    "CpnTEL",
    "Occupation",
    "Title",
    "TechTitle",
    "WorkStartDate",
)


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 for the customer, other identities and the spouse."""
    yield from person_number(case.segment("B"), "IDType", "IDNum")
    for other in group(case.segment("C"), "IDRec"):
        yield from person_number(other, "OthIDType", "OthIDNum")
    yield from person_number(case.segment("E"), "SpoIDType", "SpoIDNum")


def business_dates(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    for letter, tag in _UPDATES.items():
        yield from not_before(case, case.segment(letter), tag)
    yield from not_before(case, case.segment("D"), "DOB")


def base_segment(case: Case) -> Iterator[Fault]:
    """BBR000 (R1100102)."""
    if not case.has("B"):
        yield "BBR000", "BsSgmt"


def first_report(case: Case) -> Iterator[Fault]:
    """BBR000 (R1100101): reporting point 10 comes with six segments."""
    if text(case.segment("B"), "RptDateCode") == "10":
        for letter, tag in _FIRST_REPORT.items():
            if not case.has(letter):
                yield "BBR000", tag


def first_stored(case: Case) -> Iterator[Fault]:
    """BBR001 (R1101201): so does a customer of whom nothing is stored for this source."""
    if not case.stored.exists:
        for letter, tag in _FIRST_REPORT.items():
            if not case.has(letter):
                yield "BBR001", tag


def never_back_in_time(case: Case) -> Iterator[Fault]:
    """BBR002 (R1101202)."""
    if not case.stored.exists:
        return
    if after(case.stored.report_date, day(case.segment("B"), "RptDate")):
        yield "BBR002", "RptDate"
    for letter, tag in _UPDATES.items():
        if after(case.stored.updates.get(tag), day(case.segment(letter), tag)):
            yield "BBR002", tag


def employer_tags(case: Case) -> Iterator[Fault]:
    """BBD000 (S1100101)."""
    segment = case.segment("G")
    status = text(segment, "EmpStatus")
    if status is not None:
        for tag in _EMPLOYER_TAGS:
            if (tag in segment) != (status in _EMPLOYED):
                yield "BBD000", tag


def spouse_tags(case: Case) -> Iterator[Fault]:
    """BBD001 (S1100102)."""
    segment = case.segment("E")
    status = text(segment, "MariStatus")
    if status is not None:
        for tag in _SPOUSE_TAGS:
            if (tag in segment) != (status in _MARRIED):
                yield "BBD001", tag


def other_identities_counted(case: Case) -> Iterator[Fault]:
    """BBE006 (I1100C01)."""
    count = number(case.segment("C"), "IDNm")
    if count is not None and count <= 0:
        yield "BBE006", "IDNm"


def born_before_update(case: Case) -> Iterator[Fault]:
    """BBE001 (I1100D01)."""
    profile = case.segment("D")
    if after(day(profile, "DOB"), day(profile, "FcsInfoUpDate")):
        yield "BBE001", WHOLE


def spouse_document_complete(case: Case) -> Iterator[Fault]:
    """BBE002 (I1100E01)."""
    spouse = case.segment("E")
    kind, value = text(spouse, "SpoIDType"), text(spouse, "SpoIDNum")
    if value is not None and kind is None:
        yield "BBE002", "SpoIDType"
    if kind is not None and value is None:
        yield "BBE002", "SpoIDNum"


def degree_fits_education(case: Case) -> Iterator[Fault]:
    """BBE004 (I1100F03)."""
    education = case.segment("F")
    if text(education, "EduLevel") in ("30", "40", "70", "80"):
        degree = text(education, "AcaDegree")
        if degree is not None and degree not in ("5", "9"):
            yield "BBE004", "AcaDegree"


def occupation_fits_employer(case: Case) -> Iterator[Fault]:
    """BBE005 (I1100G04)."""
    work = case.segment("G")
    if text(work, "CpnType") in ("30", "40", "50") and text(work, "Occupation") == "X":
        yield "BBE005", "Occupation"


def other_identity_differs(case: Case) -> Iterator[Fault]:
    """BBD002 (I1100A01)."""
    base = case.segment("B")
    own = (text(base, "IDType"), text(base, "IDNum"))
    if None not in own:
        for other in group(case.segment("C"), "IDRec"):
            if (other.get("OthIDType"), other.get("OthIDNum")) == own:
                yield "BBD002", WHOLE


def spouse_differs(case: Case) -> Iterator[Fault]:
    """BBD003 (I1100A02)."""
    base, spouse = case.segment("B"), case.segment("E")
    own = (text(base, "IDType"), text(base, "IDNum"))
    if None not in own and (spouse.get("SpoIDType"), spouse.get("SpoIDNum")) == own:
        yield "BBD003", WHOLE


def spouse_tags_together(case: Case) -> Iterator[Fault]:
    """BBD004, template 90 only."""
    if case.header.template != "90":
        return
    spouse = case.segment("E")
    if "SpoIDType" in spouse and "SpoIDNum" not in spouse:
        yield "BBD004", "SpoIDNum"
    if "SpoIDNum" in spouse and "SpoIDType" not in spouse:
        yield "BBD004", "SpoIDType"


RULES = (
    identity_numbers,
    business_dates,
    base_segment,
    first_report,
    first_stored,
    never_back_in_time,
    employer_tags,
    spouse_tags,
    other_identities_counted,
    born_before_update,
    spouse_document_complete,
    degree_fits_education,
    occupation_fits_employer,
    other_identity_differs,
    spouse_differs,
    spouse_tags_together,
)

"""Record 310, basic information of an organisation: the checks CBR and CBE, and the common checks that need its
items."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import (
    MAIN_TYPES,
    known_to_centre,
    not_before,
    organisation_known,
    organisation_number,
    party_number,
    party_type_fits,
    person_number,
)
from app.simulator.centre.judge.values import WHOLE, Fault, Segment, after, day, group, number, text

_FIRST_REPORT = {"D": "FcsInfSgmt", "E": "MnMmbInfSgmt", "I": "CotaInfSgmt"}
_UPDATES = {
    "C": "IDInfoUpDate",
    "D": "FcsInfoUpDate",
    "E": "MnMmbInfoUpDate",
    "F": "MnShaHodInfoUpDate",
    "G": "ActuCotrlInfoUpDate",
    "H": "SupOrgInfoUpDate",
    "I": "CotaInfoUpDate",
}
_STATE_ORGANS = frozenset({"3", "31", "32", "33", "34", "35", "36", "37", "39"})
_PUBLIC_INSTITUTIONS = frozenset({"5", "51", "53", "59"})
_OWN_CERTIFICATE = (
    ("CBE006", _STATE_ORGANS | _PUBLIC_INSTITUTIONS, "02"),
    ("CBE007", frozenset({"7", "71", "73", "79"}), "03"),
    ("CBE008", frozenset({"91"}), "04"),
    ("CBE009", frozenset({"93"}), "05"),
    ("CBE010", frozenset({"94"}), "06"),
)
"""Code, organisation types, and the certificate type that an other-identity segment of theirs must list."""


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 for the organisation, its other identifiers, members, shareholders, controllers and parent."""
    yield from organisation_number(case.segment("B"), "EntCertType", "EntCertNum")
    for other in group(case.segment("C"), "IDRec"):
        yield from organisation_number(other, "OthEntCertType", "OthEntCertNum")
    for member in group(case.segment("E"), "MmbInf"):
        yield from person_number(member, "MmbIDType", "MmbIDNum")
    for holder in group(case.segment("F"), "SharHodInf"):
        yield from party_number(holder, "SharHodCertType", "SharHodIDType", "SharHodIDNum")
    for controller in group(case.segment("G"), "ActuCotrlInf"):
        yield from party_number(controller, "ActuCotrlCertType", "ActuCotrlIDType", "ActuCotrlIDNum")
    yield from organisation_number(case.segment("H"), "SupOrgCertType", "SupOrgCertNum")


def zhongzheng_codes(case: Case) -> Iterator[Fault]:
    """ABE005 (I0001402) for every organisation named by such a code."""
    yield from organisation_known(case, case.segment("B"), "EntCertType", "EntCertNum")
    for other in group(case.segment("C"), "IDRec"):
        yield from organisation_known(case, other, "OthEntCertType", "OthEntCertNum")
    for holder in group(case.segment("F"), "SharHodInf"):
        yield from known_to_centre(case, holder, "SharHodCertType", "SharHodIDType", "SharHodIDNum")
    for controller in group(case.segment("G"), "ActuCotrlInf"):
        yield from known_to_centre(case, controller, "ActuCotrlCertType", "ActuCotrlIDType", "ActuCotrlIDNum")
    yield from organisation_known(case, case.segment("H"), "SupOrgCertType", "SupOrgCertNum")


def business_dates(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    for letter, tag in _UPDATES.items():
        yield from not_before(case, case.segment(letter), tag)
    yield from not_before(case, case.segment("D"), "EstablishDate")


def base_segment(case: Case) -> Iterator[Fault]:
    """CBR005 (R3100103)."""
    if not case.has("B"):
        yield "CBR005", "BsSgmt"


def _relaxed(case: Case) -> bool:
    return case.header.template == "90"


def first_report(case: Case) -> Iterator[Fault]:
    """CBR000 (R3100101); template 90 is free of it."""
    if text(case.segment("B"), "RptDateCode") == "10" and not _relaxed(case):
        for letter, tag in _FIRST_REPORT.items():
            if not case.has(letter):
                yield "CBR000", tag


def first_stored(case: Case) -> Iterator[Fault]:
    """CBR002 (R3101201); template 90 is free of it."""
    if not case.stored.exists and not _relaxed(case):
        for letter, tag in _FIRST_REPORT.items():
            if not case.has(letter):
                yield "CBR002", tag


def no_shareholders_of_state_organs(case: Case) -> Iterator[Fault]:
    """CBR001 (R3100102)."""
    if text(case.segment("B"), "OrgType") in _STATE_ORGANS and case.has("F"):
        yield "CBR001", "MnShaHodInfSgmt"


def never_back_in_time(case: Case) -> Iterator[Fault]:
    """CBR003 (R3101202)."""
    if not case.stored.exists:
        return
    if after(case.stored.report_date, day(case.segment("B"), "RptDate")):
        yield "CBR003", "RptDate"
    for letter, tag in _UPDATES.items():
        if after(case.stored.updates.get(tag), day(case.segment(letter), tag)):
            yield "CBR003", tag


def type_is_constant(case: Case) -> Iterator[Fault]:
    """CBR004 (R3101203)."""
    reported = text(case.segment("B"), "OrgType")
    if case.stored.org_type and reported is not None and reported != case.stored.org_type:
        yield "CBR004", "OrgType"


def own_certificate(case: Case) -> Iterator[Fault]:
    """CBE006 to CBE010 (I3100A01 to A05)."""
    if not case.has("C"):
        return
    kind = text(case.segment("B"), "OrgType")
    listed = {text(other, "OthEntCertType") for other in group(case.segment("C"), "IDRec")}
    for code, kinds, certificate in _OWN_CERTIFICATE:
        if kind in kinds and not listed & {certificate, None}:
            yield code, "OthEntCertType"


def other_identity_differs(case: Case) -> Iterator[Fault]:
    """CBE011 (I3100A07)."""
    base = case.segment("B")
    own = (text(base, "EntCertType"), text(base, "EntCertNum"))
    if None not in own:
        for other in group(case.segment("C"), "IDRec"):
            if (other.get("OthEntCertType"), other.get("OthEntCertNum")) == own:
                yield "CBE011", WHOLE


def other_identities_counted(case: Case) -> Iterator[Fault]:
    """CBE012 (I3100C01)."""
    count = number(case.segment("C"), "IDNm")
    if count is not None and count <= 0:
        yield "CBE012", "IDNm"


def address_of_chinese_organisation(case: Case) -> Iterator[Fault]:
    """CBE013 (I3100D01); template 90 is free of it."""
    profile = case.segment("D")
    if text(profile, "Nationality") == "CHN" and text(profile, "RegAdd") is None and not _relaxed(case):
        yield "CBE013", "RegAdd"


def established_before_update(case: Case) -> Iterator[Fault]:
    """CBE011 (I3100D02)."""
    profile = case.segment("D")
    if after(day(profile, "EstablishDate"), day(profile, "FcsInfoUpDate")):
        yield "CBE011", "EstablishDate"


def _members(case: Case, position: str) -> list[Segment]:
    return [member for member in group(case.segment("E"), "MmbInf") if text(member, "MmbPstn") == position]


def single_heads(case: Case) -> Iterator[Fault]:
    """CBE000 (I3100E01)."""
    if any(len(_members(case, position)) > 1 for position in ("1", "4", "5")):
        yield "CBE000", "MmbPstn"


def legal_representative(case: Case) -> Iterator[Fault]:
    """CBE001 (I3100E02)."""
    positions = {text(member, "MmbPstn") for member in group(case.segment("E"), "MmbInf")}
    if case.has("E") and not positions & {"1", None}:
        yield "CBE001", "MmbPstn"


def chairs_differ(case: Case) -> Iterator[Fault]:
    """CBE002 (I3100E03)."""
    board, supervisors = _members(case, "4"), _members(case, "5")
    if len(board) == len(supervisors) == 1:
        first, second = ((text(m, "MmbIDType"), text(m, "MmbIDNum")) for m in (board[0], supervisors[0]))
        if None not in first and first == second:
            yield "CBE002", "MmbInf"


def members_counted(case: Case) -> Iterator[Fault]:
    """CBE014 (I3100E04)."""
    count = number(case.segment("E"), "MmbNm")
    if count is not None and count <= 0:
        yield "CBE014", "MmbNm"


def shareholder_types(case: Case) -> Iterator[Fault]:
    """CBE003 (I3100F01)."""
    for holder in group(case.segment("F"), "SharHodInf"):
        if not party_type_fits(text(holder, "SharHodCertType"), text(holder, "SharHodIDType")):
            yield "CBE003", "SharHodIDType"


def shares(case: Case) -> Iterator[Fault]:
    """CBE004 (I3100F02)."""
    for holder in group(case.segment("F"), "SharHodInf"):
        share = number(holder, "InvRatio")
        if share is not None and not 0 < share <= 100:
            yield "CBE004", "InvRatio"


def controller_types(case: Case) -> Iterator[Fault]:
    """CBE005 (I3100G01)."""
    for controller in group(case.segment("G"), "ActuCotrlInf"):
        if not party_type_fits(text(controller, "ActuCotrlCertType"), text(controller, "ActuCotrlIDType")):
            yield "CBE005", "ActuCotrlIDType"


def parent_type(case: Case) -> Iterator[Fault]:
    """CBE015 (I3100H01)."""
    kind = text(case.segment("H"), "SupOrgCertType")
    if kind is not None and kind not in MAIN_TYPES:
        yield "CBE015", "SupOrgCertType"


RULES = (
    identity_numbers,
    zhongzheng_codes,
    business_dates,
    base_segment,
    first_report,
    first_stored,
    no_shareholders_of_state_organs,
    never_back_in_time,
    type_is_constant,
    own_certificate,
    other_identity_differs,
    other_identities_counted,
    address_of_chinese_organisation,
    established_before_update,
    single_heads,
    legal_representative,
    chairs_differ,
    members_counted,
    shareholder_types,
    shares,
    controller_types,
    parent_type,
)

"""Checks that the centre makes of every record, whatever its type: presence, form, identity numbers, registers,
duplicates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.plan import PROVIDER_PREFIXED, GroupPlan, ItemPlan, SegmentPlan, segment_plans
from app.simulator.centre.judge.values import BLANKS, WHOLE, Fault, Segment, after, day, group, number, text
from app.standard import catalogue
from app.standard.catalogue import Subject
from app.standard.identifiers import valid_organisation_number, valid_person_number

_KEY_TAG = {
    **dict.fromkeys(("110", "120", "130", "140", "310"), "InfSurcCode"),
    **dict.fromkeys(("210", "230", "410", "440"), "AcctCode"),
    **dict.fromkeys(("220", "420"), "ContractCode"),
    "510": "CcCode",
}
_ORGANISATION = "2"
_MAY_BE_EMPTY_IN_90 = frozenset({"BizEndDate", "EcoType", "RegCapCurrency", "RegCap"})
"""Mandatory values of 310 that template 90 leaves free."""
_INSTITUTION_TAGS = ("Cimoc", "MngmtOrgCode")


def check_form(case: Case) -> Iterator[Fault]:
    """ABD000, ABD001, ABE000, ABE001, ABE008, ABE010, ABE011 and the account-dependent tags (BLD000, CLD000)."""
    account = text(case.segment("B"), "AcctType")
    relaxed = _MAY_BE_EMPTY_IN_90 if case.header.template == "90" else frozenset()
    for plan in segment_plans(case.record, text(case.segment("B"), "InfoIDType") == _ORGANISATION):
        segment = case.fact if plan.letter == "" else case.fact.get(plan.letter)
        if segment is not None:
            yield from _segment_faults(plan, segment, account, relaxed)


def segment_faults(record: str, letter: str, segment: Segment, account: str | None) -> Iterator[Fault]:
    """The same of one segment of a record type."""
    for plan in segment_plans(record):
        if plan.letter == letter:
            yield from _segment_faults(plan, segment, account, frozenset())


def _segment_faults(
    plan: SegmentPlan, segment: Segment, account: str | None, relaxed: frozenset[str]
) -> Iterator[Fault]:
    if not segment:
        yield "ABD001", plan.tag
        return
    for item in plan.items:
        for fault in _item_faults(item, segment.get(item.tag), account):
            if fault[0] != "ABE000" or fault[1] not in relaxed:
                yield fault
    for repeated in plan.groups:
        yield from _check_group(repeated, segment, account)


@lru_cache(maxsize=1 << 16)
def _item_faults(item: ItemPlan, value: str | None, account: str | None) -> tuple[Fault, ...]:
    """What is wrong with the value of an item (None = tag absent) in a record of that account type. Values repeat a
    lot, hence the cache."""
    if value is None:
        if item.always:
            return (("ABD000", item.tag),)
        if item.account_code and item.accounts is not None and account in item.accounts:
            return ((item.account_code, item.tag),)
        return ()
    faults: list[Fault] = []
    if item.account_code and item.accounts is not None and account and account not in item.accounts:
        faults.append((item.account_code, item.tag))
    stripped = value.strip(BLANKS)
    if not stripped:
        if item.filled:
            faults.append(("ABE000", item.tag))
        return tuple(faults)
    fits = item.fits_for.get(account, item.fits) if item.fits_for and account else item.fits
    if not fits(stripped):
        faults.append(("ABE001", item.tag))
    if item.in_range is not None and not item.in_range(stripped):
        faults.append(("ABE008", item.tag))
    return tuple(faults)


def _check_group(plan: GroupPlan, segment: Segment, account: str | None) -> Iterator[Fault]:
    occurrences = group(segment, plan.tag)
    stated = number(segment, plan.count_tag)
    if stated is not None and stated != len(occurrences):
        yield "ABE010", plan.count_tag
    for occurrence in occurrences:
        for item in plan.items:
            yield from _item_faults(item, occurrence.get(item.tag), account)
    if len(occurrences) > 1:
        tags = plan.compared or tuple(item.tag for item in plan.items)
        contents = [tuple(text(occurrence, tag) for tag in tags) for occurrence in occurrences]
        if len(set(contents)) < len(contents):
            yield "ABE011", plan.count_tag


def _carrier(case: Case) -> Segment:
    """Where record type and report date stand: the base segment, the head of a correction, or a flat record itself."""
    return case.segment("B") or case.segment("BsSgmt") or case.fact


def check_record_type(case: Case) -> Iterator[Fault]:
    """ABR000: the record type stated in the record equals that of the file."""
    stated = text(_carrier(case), "InfRecType")
    if stated is not None and stated != case.header.record_type:
        yield "ABR000", WHOLE


def check_report_date(case: Case) -> Iterator[Fault]:
    """ABR001: nothing can be reported as of a day after the file was made."""
    carrier = _carrier(case)
    if after(day(carrier, "RptDate"), case.header.created):
        yield "ABR001", "RptDate"


def check_duplicates(case: Case) -> Iterator[Fault]:
    """ABR002 within the file, ABR004 against the store, ABE012 for an identifier that was replaced."""
    tag = _KEY_TAG.get(case.record, WHOLE)
    if case.repeated:
        yield "ABR002", tag
    if case.stored.same:
        yield "ABR004", tag
    if case.stored.replaced:
        yield "ABE012", WHOLE


def check_registers(case: Case) -> Iterator[Fault]:
    """ABE002: identifiers begin with a section code of the provider; ABE003: the institution named is a live one of
    the provider."""
    sections = case.institution.sections
    for plan in segment_plans(case.record, text(case.segment("B"), "InfoIDType") == _ORGANISATION):
        segment = case.fact if plan.letter == "" else case.fact.get(plan.letter)
        if segment:
            yield from _check_sections(plan, segment, sections)
    base = case.segment("B") or case.fact
    for tag in _INSTITUTION_TAGS:
        institution = text(base, tag)
        if institution is not None and institution not in case.institution.institutions:
            yield "ABE003", tag


def _check_sections(plan: SegmentPlan, segment: Segment, sections: frozenset[str]) -> Iterator[Fault]:
    for tag in plan.identifiers:
        value = text(segment, tag)
        if value is not None and value[:14] not in sections:
            yield "ABE002", tag
    for repeated in plan.groups:
        for item in repeated.items:
            if item.tag in PROVIDER_PREFIXED:
                for occurrence in group(segment, repeated.tag):
                    value = text(occurrence, item.tag)
                    if value is not None and value[:14] not in sections:
                        yield "ABE002", item.tag


def person_number(segment: Segment, type_tag: str, number_tag: str) -> Iterator[Fault]:
    """ABE004 for the identity document of a person."""
    kind, value = text(segment, type_tag), text(segment, number_tag)
    if kind is not None and value is not None and not _valid_person_number(kind, value):
        yield "ABE004", number_tag


def organisation_number(segment: Segment, type_tag: str, number_tag: str) -> Iterator[Fault]:
    """ABE004 for the identifier of an organisation."""
    kind, value = text(segment, type_tag), text(segment, number_tag)
    if kind is not None and value is not None and not _valid_organisation_number(kind, value):
        yield "ABE004", number_tag


def party_number(segment: Segment, party_tag: str, type_tag: str, number_tag: str) -> Iterator[Fault]:
    """ABE004 for a party that may be a person (1) or an organisation (2)."""
    party = text(segment, party_tag)
    if party == "1":
        yield from person_number(segment, type_tag, number_tag)
    elif party == "2":
        yield from organisation_number(segment, type_tag, number_tag)


def party_lengths(
    segment: Segment, party_tag: str, name_tag: str = "ArlpName", number_tag: str = "ArlpCertNum"
) -> Iterator[Fault]:
    """ABE001: the name of a natural person has at most 30 characters and the number of the document 20, those of an
    organisation more."""
    if text(segment, party_tag) == "1":
        for tag, most in ((name_tag, 30), (number_tag, 20)):
            if len(text(segment, tag) or "") > most:
                yield "ABE001", tag


def party(
    case: Case, segment: Segment, party_tag: str, name_tag: str, type_tag: str, number_tag: str
) -> Iterator[Fault]:
    """ABE004, ABE005 and ABE001 (length) for a party that may be a person or an organisation."""
    yield from party_number(segment, party_tag, type_tag, number_tag)
    yield from known_to_centre(case, segment, party_tag, type_tag, number_tag)
    yield from party_lengths(segment, party_tag, name_tag, number_tag)


def party_type_fits(party: str | None, kind: str | None, of: Subject = "organisation") -> bool:
    """Whether an identifier type suits a person (1) or an organisation (2) by the code lists for records `of` persons or
    organisations; unknown parts suit."""
    if kind is None:
        return True
    if party == "2":
        return kind in MAIN_TYPES
    if party == "1":
        return kind in catalogue.current().codes(of)[_DOCUMENTS[of]].values
    return True


MAIN_TYPES = frozenset({"10", "20", "30"})
"""The identifiers that organisations go by."""
_DOCUMENTS: Mapping[Subject, str] = {"person": "IDType", "organisation": "IndvCertType"}


def known_to_centre(case: Case, segment: Segment, party_tag: str, type_tag: str, number_tag: str) -> Iterator[Fault]:
    """ABE005 for a party: an organisation (2) named by a Zhongzheng code must have it."""
    if text(segment, party_tag) == "2":
        yield from organisation_known(case, segment, type_tag, number_tag)


def organisation_known(case: Case, segment: Segment, type_tag: str, number_tag: str) -> Iterator[Fault]:
    """ABE005 for an organisation: the Zhongzheng code it is named by must exist."""
    if text(segment, type_tag) == "10":
        value = text(segment, number_tag)
        if value is not None and value not in case.institution.zhongzheng_codes:
            yield "ABE005", number_tag


def not_before(case: Case, segment: Segment, *tags: str) -> Iterator[Fault]:
    """ABE007: the report date must not lie before the business dates named."""
    reported = day(case.segment("B") or case.fact, "RptDate")
    for tag in tags:
        if after(day(segment, tag), reported):
            yield "ABE007", tag


_valid_person_number = lru_cache(maxsize=1 << 16)(valid_person_number)
_valid_organisation_number = lru_cache(maxsize=1 << 16)(valid_organisation_number)

RULES = (check_record_type, check_form, check_report_date, check_duplicates, check_registers)

"""Record 420, credit agreement with an organisation: the checks CCR and CCE."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import (
    not_before,
    organisation_known,
    organisation_number,
    party,
    party_type_fits,
)
from app.simulator.centre.judge.values import Fault, after, day, group, text


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 and ABE005 for the beneficiary and those who share the limit, ABE001 for the lengths of the latter."""
    yield from organisation_number(case.segment("B"), "IDType", "IDNum")
    yield from organisation_known(case, case.segment("B"), "IDType", "IDNum")
    for each in group(case.segment("C"), "CtrctCertRel"):
        yield from party(case, each, "BrerType", "CertRelName", "CertRelIDType", "CertRelIDNum")


def business_dates(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    yield from not_before(case, case.segment("D"), "ConEffDate")


def required_segments(case: Case) -> Iterator[Fault]:
    """CCR000 (R4200101)."""
    for letter, tag in (("B", "CtrctBsSgmt"), ("D", "CreditLimSgmt")):
        if not case.has(letter):
            yield "CCR000", tag


def ended(case: Case) -> Iterator[Fault]:
    """CCR001 (R4201201)."""
    if case.stored.closed and after(day(case.segment("B"), "RptDate"), case.stored.report_date):
        yield "CCR001", "ConStatus"


def ends_last(case: Case) -> Iterator[Fault]:
    """CCR002 (R4201202)."""
    earlier = after(case.stored.report_date, day(case.segment("B"), "RptDate"))
    if earlier and text(case.segment("D"), "ConStatus") == "2":
        yield "CCR002", "ConStatus"


def co_beneficiaries(case: Case) -> Iterator[Fault]:
    """CCE003 (I4200A01) and CCE000 (I4200C01)."""
    base = case.segment("B")
    own = (text(base, "IDType"), text(base, "IDNum"))
    for each in group(case.segment("C"), "CtrctCertRel"):
        kind = text(each, "CertRelIDType")
        if None not in own and (kind, text(each, "CertRelIDNum")) == own:
            yield "CCE003", "CertRelIDNum"
        if not party_type_fits(text(each, "BrerType"), kind):
            yield "CCE000", "CertRelIDType"


def limit(case: Case) -> Iterator[Fault]:
    """CCE002 (I4200D01) and CCE004 (I4200D02)."""
    given = case.segment("D")
    if after(day(given, "ConEffDate"), day(given, "ConExpDate")):
        yield "CCE002", "ConExpDate"
    if (text(given, "CreditRest") is None) != (text(given, "CreditRestCode") is None):
        yield "CCE004", "CreditRestCode"


RULES = (identity_numbers, business_dates, required_segments, ended, ends_last, co_beneficiaries, limit)

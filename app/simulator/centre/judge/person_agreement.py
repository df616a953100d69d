"""Record 220, credit agreement with a person: the checks BCR and BCE."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import not_before, party, party_type_fits, person_number
from app.simulator.centre.judge.values import WHOLE, Fault, after, day, group, text


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 for the recipient and joint ones, ABE005 and ABE001 (length) for the latter."""
    yield from person_number(case.segment("B"), "IDType", "IDNum")
    for each in group(case.segment("C"), "CtrctCertRel"):
        yield from party(case, each, "BrerType", "CertRelName", "CertRelIDType", "CertRelIDNum")


def business_dates(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    yield from not_before(case, case.segment("D"), "ConEffDate")


def segments(case: Case) -> Iterator[Fault]:
    """BCR000 (R2200101)."""
    for letter, tag in (("B", "CtrctBsSgmt"), ("D", "CreditLimSgmt")):
        if not case.has(letter):
            yield "BCR000", tag


def ended(case: Case) -> Iterator[Fault]:
    """BCR001 (R2201201)."""
    if case.stored.closed and after(day(case.segment("B"), "RptDate"), case.stored.report_date):
        yield "BCR001", "ConStatus"


def ends_last(case: Case) -> Iterator[Fault]:
    """BCR002 (R2201202)."""
    inserted = after(case.stored.report_date, day(case.segment("B"), "RptDate"))
    if inserted and text(case.segment("D"), "ConStatus") == "2":
        yield "BCR002", "ConStatus"


def recipient_types(case: Case) -> Iterator[Fault]:
    """BCE002 (I2200C01)."""
    if not all(
        party_type_fits(text(each, "BrerType"), text(each, "CertRelIDType"), "person")
        for each in group(case.segment("C"), "CtrctCertRel")
    ):
        yield "BCE002", WHOLE


def begins_before_it_ends(case: Case) -> Iterator[Fault]:
    """BCE000 (I2200D01)."""
    limit = case.segment("D")
    if after(day(limit, "ConEffDate"), day(limit, "ConExpDate")):
        yield "BCE000", "ConEffDate"


def cap_complete(case: Case) -> Iterator[Fault]:
    """BCE004 (I2200D02)."""
    limit = case.segment("D")
    if ("CreditRest" in limit) != ("CreditRestCode" in limit):
        yield "BCE004", WHOLE


def recipients_differ(case: Case) -> Iterator[Fault]:
    """BCE003 (I2200A01)."""
    base = case.segment("B")
    own = ("1", text(base, "IDType"), text(base, "IDNum"))
    if None not in own:
        for each in group(case.segment("C"), "CtrctCertRel"):
            if (text(each, "BrerType"), text(each, "CertRelIDType"), text(each, "CertRelIDNum")) == own:
                yield "BCE003", WHOLE


RULES = (
    identity_numbers,
    business_dates,
    segments,
    ended,
    ends_last,
    recipient_types,
    begins_before_it_ends,
    cap_complete,
    recipients_differ,
)

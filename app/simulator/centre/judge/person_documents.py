"""Records 120, 130 and 140, what is said of a person beside the basic information: the checks BFR, BFE, BOR, BPR and BPE."""

from __future__ import annotations

from collections.abc import Iterator

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import not_before, person_number
from app.simulator.centre.judge.values import WHOLE, Fault, after, day, text

_NEVER_BACK = {"120": "BFR000", "130": "BOR000", "140": "BPR000"}


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 for the person."""
    yield from person_number(case.fact, "IDType", "IDNum")


def never_back_in_time(case: Case) -> Iterator[Fault]:
    """BFR000 (R1201201), BOR000 (R1301201), BPR000 (R1401202)."""
    if after(case.stored.report_date, day(case.fact, "RptDate")):
        yield _NEVER_BACK[case.record], "RptDate"


def relative_number(case: Case) -> Iterator[Fault]:
    """ABE004 for the member of the family."""
    yield from person_number(case.fact, "FamMemCertType", "FamMemCertNum")


def relative_differs(case: Case) -> Iterator[Fault]:
    """BFE000 (I1200B01)."""
    if _same(case, ("IDType", "FamMemCertType"), ("IDNum", "FamMemCertNum")):
        yield "BFE000", WHOLE


def valid_before_reported(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    yield from not_before(case, case.fact, "IDEfctDate")


def other_number(case: Case) -> Iterator[Fault]:
    """ABE004 for the other document."""
    yield from person_number(case.fact, "OthIDType", "OthIDNum")


def other_differs(case: Case) -> Iterator[Fault]:
    """BPE000 (I1400B01)."""
    if _same(case, ("Name", "OthName"), ("IDType", "OthIDType"), ("IDNum", "OthIDNum")):
        yield "BPE000", WHOLE


def _same(case: Case, *pairs: tuple[str, str]) -> bool:
    values = [(text(case.fact, one), text(case.fact, other)) for one, other in pairs]
    return all(one is not None and one == other for one, other in values)


FAMILY_RULES = (identity_numbers, never_back_in_time, relative_number, relative_differs)
VALIDITY_RULES = (identity_numbers, never_back_in_time, valid_before_reported)
LINK_RULES = (identity_numbers, never_back_in_time, other_number, other_differs)

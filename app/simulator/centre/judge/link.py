"""Records 340 and 350, which link two identifiers of one enterprise and two enterprises: the checks CG and CF."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import organisation_known, organisation_number
from app.simulator.centre.judge.values import Fault, after, day, text


@dataclass(frozen=True, slots=True)
class Ends:
    """The items that name the second party of a link, and the codes for one that links to itself or goes back in time."""

    kind: str
    number: str
    alike: str
    backwards: str


def _both(case: Case, ends: Ends) -> Iterator[Fault]:
    """ABE004 and ABE005 for both sides."""
    for kind, number in (("EntCertType", "EntCertNum"), (ends.kind, ends.number)):
        yield from organisation_number(case.fact, kind, number)
        yield from organisation_known(case, case.fact, kind, number)


def _alike(case: Case, ends: Ends) -> Iterator[Fault]:
    """CGE000 (I3400B01), CFE000 (I3500B01)."""
    one = (text(case.fact, "EntCertType"), text(case.fact, "EntCertNum"))
    other = (text(case.fact, ends.kind), text(case.fact, ends.number))
    if None not in one and one == other:
        yield ends.alike, ends.number


def _backwards(case: Case, ends: Ends) -> Iterator[Fault]:
    """CGR000 (R3401201), CFR000 (R3501201)."""
    if case.stored.exists and after(case.stored.report_date, day(case.fact, "RptDate")):
        yield ends.backwards, "RptDate"


def _rules(ends: Ends) -> tuple[Callable[[Case], Iterator[Fault]], ...]:
    return tuple(lambda case, rule=rule: rule(case, ends) for rule in (_both, _alike, _backwards))


IDENTIFIER_RULES = _rules(Ends("OthEntCertType", "OthEntCertNum", "CGE000", "CGR000"))
RELATION_RULES = _rules(Ends("AssoEntCertType", "AssoEntCertNum", "CFE000", "CFR000"))

"""Records 610 to 650, financial statements: the checks CRE000 to CRE304, most of them equations between items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from app.simulator.centre.judge.case import Case
from app.simulator.centre.judge.common import not_before, organisation_known, organisation_number
from app.simulator.centre.judge.values import WHOLE, Fault, Segment, number, text

_EQUATIONS: Mapping[str, Mapping[str, str]] = {
    "610C": {
        "CRE000": "TotalEquityAndLiabilities = TotalLiabilities? + MinorityInterest? + TotalEquity",
        "CRE001": "TotalAssets = TotalEquityAndLiabilities",
    },
    "610D": {
        "CRE002": "TotalEquityAndLiabilities = TotalLiabilities + TotalEquity",
        "CRE003": "TotalAssets = TotalEquityAndLiabilities",
    },
    "630C": {
        "CRE100": "NetCashFlowsFromOperatingActivities = TotalCashInflowsFromOperatingActivities"
        " - TotalCashOutflowsFromOperatingActivities",
        "CRE101": "NetCashFlowsFromInvestingActivities = TotalCashInflowsFromInvestingActivities"
        " - TotalCashOutflowsFromInvestingActivities",
        "CRE102": "NetCashFlowsFromFinancingActivities = TotalCashInflowsFromFinancingActivities"
        " - TotalCashOutflowsFromFinancingActivities",
        "CRE103": "NetIncreaseInCashAndCashEquivalents = NetCashFlowsFromOperatingActivities"
        " + NetCashFlowsFromInvestingActivities + NetCashFlowsFromFinancingActivities"
        " + EffectOfExchangRateChangesOnCash?",
    },
    "630D": {
        "CRE104": "NetCashFlowsFromOperatingActivities = TotalCashInflowsFromOperatingActivities"
        " - TotalCashOutflowsFromOperatingActivities?",
        "CRE105": "NetCashFlowsFromInvestingActivities = TotalCashInflowsFromInvestingActivities?"
        " - SubTotalOfCashOutflows?",
        "CRE106": "NetCashFlowsFromFinancingActivities = TotalCashInflowsFromFinancingActivities?"
        " - TotalCashOutflowsFromFinancingActivities?",
        "CRE107": "NetIncreaseInCashAndCashEquivalents = NetCashFlowsFromOperatingActivities"
        " + NetCashFlowsFromInvestingActivities + NetCashFlowsFromFinancingActivities"
        " + EffectOfExchangRateChangesOnCash?",
        "CRE108": "TheFinalCashAndCashEquivalentsBalance = NetIncreaseInCashAndCashEquivalents"
        " + InitialCashAndCashEquivalentsBalance?",
    },
    "640C": {
        "CRE201": "TotalAssets = TotalCurrentAssets + TotalNonCurrentAssets",
        "CRE202": "TotalLiabilities = TotalCurrentLiabilities + TotalNonCurrentLiabilities",
        "CRE203": "TotalLiabilitiesAndNetAssets = TotalLiabilities + TotalNetAssets",
        "CRE204": "TotalAssets = TotalLiabilitiesAndNetAssets",
    },
    "640D": {
        "CRE205": "TotalAssets = TotalCurrentAssets + TotalNonCurrentAssets + AgencyAssets?",
        "CRE206": "TotalLiabilities = TotalCurrentLiabilities + TotalNonCurrentLiabilities + AgencyLiabilities?",
        "CRE207": "TotalLiabilitiesAndNetAssets = TotalLiabilities + TotalNetAssets",
        "CRE208": "TotalAssets = TotalLiabilitiesAndNetAssets",
    },
    "650C": {
        "CRE301": "CurrentFinancialSubsidyCarriedOverBalance = FinancialSubsidyRevenue?"
        " - UndertakingsExpenditureFinancialSubsidyExpenditure?",
        "CRE302": "CurrentUndertakingsCarriedOverBalance = UndertakingsClassRevenue? - UndertakingsClassExpenditure?",
        "CRE303": "CurrentOperatingBalance = OperatingRevenue? - OperatingExpenditure?",
    },
    "650D": {"CRE304": "CurrentSurplus = CurrentRevenue - CurrentExpense"},
}
"""By record type and layout what must come to the same, to the cent. An item with `?` counts as nought where it has no value;
without one of the others there is nothing to compare."""

_ANNUAL = {"640": "CRE200", "650": "CRE300"}


@dataclass(frozen=True, slots=True)
class Equation:
    """`total` must be the sum of `terms`: (sign, tag, whether no value counts as nought)."""

    code: str
    total: str
    terms: tuple[tuple[int, str, bool], ...]

    def fails(self, segment: Segment) -> bool:
        stated = number(segment, self.total)
        total: Decimal | int = 0
        for sign, tag, optional in self.terms:
            value = 0 if optional and text(segment, tag) is None else number(segment, tag)
            if value is None:
                return False
            total += sign * value
        return stated is not None and stated != total


@lru_cache(maxsize=32)
def equations(layout: str) -> tuple[Equation, ...]:
    """Those of a record type and layout, such as `610C`."""
    return tuple(_equation(code, words.split()) for code, words in _EQUATIONS.get(layout, {}).items())


def _equation(code: str, words: list[str]) -> Equation:
    signs = (1, *(1 if word == "+" else -1 for word in words[3::2]))
    terms = tuple(
        (sign, tag.removesuffix("?"), tag.endswith("?")) for sign, tag in zip(signs, words[2::2], strict=True)
    )
    return Equation(code, words[0], terms)


def identity_numbers(case: Case) -> Iterator[Fault]:
    """ABE004 and ABE005."""
    yield from organisation_number(case.segment("B"), "EntCertType", "EntCertNum")
    yield from organisation_known(case, case.segment("B"), "EntCertType", "EntCertNum")


def audited_before(case: Case) -> Iterator[Fault]:
    """ABE007 (I0000501)."""
    yield from not_before(case, case.segment("B"), "AuditTime")


def one_layout(case: Case) -> Iterator[Fault]:
    """ABR006: both layouts or none is a record that cannot be read."""
    if case.has("C") == case.has("D"):
        yield "ABR006", WHOLE


def annual(case: Case) -> Iterator[Fault]:
    """CRE200 (I6400B01), CRE300 (I6500B01): public institutions have annual statements only."""
    kind, code = text(case.segment("B"), "SheetType"), _ANNUAL.get(case.record)
    if code is not None and kind is not None and kind != "10":
        yield code, "SheetType"


def sums(case: Case) -> Iterator[Fault]:
    """The equations of the layouts that stand."""
    for letter in "CD":
        for equation in equations(f"{case.record}{letter}"):
            if equation.fails(case.segment(letter)):
                yield equation.code, equation.total


RULES = (identity_numbers, audited_before, one_layout, annual, sums)

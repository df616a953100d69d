"""What rules are worth: how often each finds something, what becomes of it, and how the credit centre has judged the same.

A record that a rule holds back does not reach the centre; what becomes of it tells later: accepted unchanged, the rule was
wrong, accepted with other content, it was right. Of those that are sent all the same (warned about, noted, exempt) the
centre's answer tells: refused with the rule's code it was right, taken it was not. Refused with that code where no rule of the
code had found anything, the record was missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Final, Protocol

from app.core import clock
from app.core.text import Text
from app.rules.model import Rule, Ruleset
from app.rules.registry.force import in_force

PERIODS: Final = (5, 10, 30)
"""For how many of the latest reporting days figures are shown."""
USUAL: Final = PERIODS[1]


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures of one rule over some reporting days. All but `findings` count records.

    `held` are held back, `exempt` let through by an exemption. Of what was sent and answered, `confirmed` was found by the
    rule and refused by the centre with its code, `accepted` found and taken, `otherwise` found and refused for other
    reasons, `missed` refused with its code though no rule of that code had found anything. Of what was held back, `mended`
    was later accepted with other content, `unchanged` as it had been: a false block.
    """

    records: int = 0
    findings: int = 0
    held: int = 0
    exempt: int = 0
    confirmed: int = 0
    accepted: int = 0
    otherwise: int = 0
    missed: int = 0
    mended: int = 0
    unchanged: int = 0
    days: int = 0

    @property
    def precision(self) -> float | None:
        """The share of records found of which it is known that the rule was right; None where nothing is known of any."""
        right = self.confirmed + self.mended
        known = right + self.accepted + self.unchanged
        return right / known if known else None

    @property
    def recall(self) -> float | None:
        """The share of what was wrong that the rule had found; None where nothing is known to have been wrong."""
        right = self.confirmed + self.mended
        wrong = right + self.missed
        return right / wrong if wrong else None

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Counts)))


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Figures of one rule on one business day."""

    record_type: str
    rule: str
    day: date
    counts: Counts


@dataclass(frozen=True, slots=True)
class RuleCode:
    """With which error code the centre refuses what a rule finds."""

    record_type: str
    rule: str
    code: str


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule with its figures over the days asked for."""

    ruleset: Ruleset
    rule: Rule
    counts: Counts

    @property
    def code(self) -> str:
        return self.rule.code or self.rule.id


@dataclass(frozen=True, slots=True)
class RuleTrend:
    """One rule day by day, the earliest first, days without any finding included."""

    total: Counts
    days: tuple[tuple[date, Counts], ...]


class Outcomes(Protocol):
    """What is asked of the room that reports records and hears the centre's answers."""

    def record_types(self) -> Sequence[str]:
        """The record types whose days are judged and reported."""

    def days(self, most: int) -> Sequence[date]:
        """The newest business days that were judged, the newest first."""

    def counts(self, days: Sequence[date], codes: Sequence[RuleCode], narrow: bool) -> Iterable[DayCounts]:
        """Figures by rule and day, where there are any, those of one day in one part or several.

        `narrow` leaves out what concerns none of the rules in `codes`.
        """


class _Nothing:
    """Where no room reports records."""

    def record_types(self) -> Sequence[str]:
        return ()

    def days(self, most: int) -> Sequence[date]:
        return ()

    def counts(self, days: Sequence[date], codes: Sequence[RuleCode], narrow: bool) -> Iterable[DayCounts]:
        return ()


_outcomes: Outcomes = _Nothing()


def keep_outcomes(outcomes: Outcomes) -> None:
    """Name the room that hears the centre's answers."""
    global _outcomes
    _outcomes = outcomes


def reporting_days(most: int = USUAL) -> tuple[date, ...]:
    """The newest reporting days, the earliest first."""
    return tuple(sorted(_outcomes.days(most)))


def of_all(most: int = USUAL) -> tuple[RuleLine, ...]:
    """Every rule about reported records that is in force today, with its figures over the newest reporting days."""
    days = reporting_days(most)
    rulesets = reported_rulesets()
    codes = [_code(ruleset, rule) for ruleset in rulesets for rule in ruleset.rules]
    sums: dict[tuple[str, str], Counts] = {}
    for each in _outcomes.counts(days, codes, False) if days else ():
        key = (each.record_type, each.rule)
        sums[key] = sums.get(key, Counts()) + each.counts
    whole = Counts(days=len(days))
    return tuple(
        RuleLine(ruleset, rule, whole + sums.get((ruleset.record_type or "", rule.id), Counts()))
        for ruleset in rulesets
        for rule in ruleset.rules
    )


def of_rule(ruleset: str, rule_id: str, most: int = USUAL) -> RuleTrend:
    """How one rule has fared on the newest reporting days; nothing of a rule that is not in force."""
    days = reporting_days(most)
    found = next((each for each in reported_rulesets() if each.name == ruleset), None)
    codes = [_code(found, rule) for rule in found.rules] if found else []
    mine = next((each for each in codes if each.rule == rule_id), None)
    by_day: dict[date, Counts] = {}
    if mine is not None and days:
        alike = [each for each in codes if each.code == mine.code]
        for each in _outcomes.counts(days, alike, True):
            if each.rule == rule_id:
                by_day[each.day] = by_day.get(each.day, Counts()) + each.counts
    listed = tuple((day, by_day.get(day, Counts()) + Counts(days=1)) for day in days)
    return RuleTrend(sum((counts for _, counts in listed), Counts()), listed)


def reported_rulesets() -> list[Ruleset]:
    """The rulesets in force today about records that are reported, by record type."""
    force = in_force(clock.today())
    asked = [(code, subject) for code in _outcomes.record_types() for subject in force.subjects_of(code)]
    places = (force.about_record(code, subject) for code, subject in asked)
    return [place.ruleset() for place in places if place is not None]


def _code(ruleset: Ruleset, rule: Rule) -> RuleCode:
    return RuleCode(ruleset.record_type or "", rule.id, rule.code or rule.id)


TITLES: Final[Mapping[str, Text]] = {
    "records": Text("命中记录", "Records found"),
    "findings": Text("问题", "Findings"),
    "held": Text("拦截", "Held back"),
    "exempt": Text("豁免", "Exempt"),
    "confirmed": Text("提示且被退回", "Warned, refused"),
    "accepted": Text("提示但入库", "Warned, taken"),
    "missed": Text("漏判", "Missed"),
    "mended": Text("改后入库", "Mended, taken"),
    "unchanged": Text("误拦", "False blocks"),
    "precision": Text("准确率", "Precision"),
    "recall": Text("召回率", "Recall"),
}
"""The figures as pages name them."""

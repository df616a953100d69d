"""The check that a candidate must pass before it is tried: types, cases, coverage, the agreement of both evaluators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.core.errors import Invalid
from app.core.text import Text
from app.lake.connection import scratch
from app.rules.cases import run_cases
from app.rules.coverage import unseen_items
from app.rules.loading import load_ruleset
from app.rules.model import Fault, Ruleset, RulesetInvalid
from app.rules.registry.editions import effective_from
from app.rules.registry.force import in_force
from app.rules.source import RULESET, Texts
from app.standard import catalogue

MOST_FAULTS: Final = 200


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check found. `ruleset` is None where the candidate could not be loaded; fit is what has no faults."""

    ruleset: Ruleset | None
    figures: dict[str, Any]
    faults: tuple[Fault, ...]

    @property
    def fit(self) -> bool:
        return not self.faults

    def as_data(self) -> dict[str, Any]:
        """Fit for JSON, with the first faults and how many there are."""
        listed = [fault.as_data() for fault in self.faults[:MOST_FAULTS]]
        return {**self.figures, "fit": self.fit, "fault_count": len(self.faults), "faults": listed}


def check(name: str, texts: Texts, base: str | None, day: date) -> Checked:
    """Check the texts as the ruleset `name`, begun from the edition `base`, to judge from the business day on."""
    try:
        ruleset = load_ruleset(texts)
    except RulesetInvalid as refused:
        return Checked(None, {}, refused.faults)
    with scratch() as connection:

        def execute(statement: str, parameters: Sequence[str]) -> list[tuple[Any, ...]]:
            return connection.execute(statement, parameters).fetchall()

        report = run_cases(ruleset, execute)
    figures = {
        "edition": ruleset.edition,
        "rules": report.rules,
        "cases": report.cases,
        "failed": report.failed,
        "agreement": {"checked": report.checked, "disagreements": report.disagreements},
        "unseen": list(unseen_items(ruleset)),
    }
    told = (Fault(f"{texts.name}/{RULESET}", 1, "", words) for words in _misplaced(name, ruleset, base, day))
    return Checked(ruleset, figures, (*told, *report.faults))


def _misplaced(name: str, ruleset: Ruleset, base: str | None, day: date) -> Iterable[Text]:
    """Why a ruleset that is right by itself cannot take this place."""
    if ruleset.name != name:
        yield Text(f"ruleset须是{name}", f"ruleset must be {name}")
    if base == ruleset.edition:
        yield Text("判断内容与现行版本没有差别", "what it judges by does not differ from the present edition")
    try:
        effective_from(ruleset)
    except Invalid as wrong:
        yield wrong.message
    about = (ruleset.judged, _whose(ruleset.judged, ruleset.subject))
    for other in in_force(day):
        its = (other.facts, _whose(other.facts, other.subject))
        if other.name == name and its != about:
            yield Text("不能改变规则集的判断对象（facts）", "what a ruleset is about (facts) cannot be changed")
        elif other.name != name and ruleset.judged and its == about:
            yield Text(
                f"{ruleset.facts}已由规则集{other.name}判断", f"{ruleset.facts} is judged by {other.name} already"
            )


def _whose(facts: str, subject: str | None) -> str:
    if not facts:  # a table that only decides is about nobody's records
        return ""
    code = facts.removeprefix("record.")
    return subject or (catalogue.current().record(code).subject if facts.startswith("record.") else "")


def words_of(data: dict[str, Any]) -> str:
    """The faults of a check as lines for people, in both languages."""
    lines = []
    for fault in data.get("faults", ()):
        place = f"{fault['file']}:{fault['line']} {fault['rule']}".strip()
        lines.append(f"{place} {fault['message']['zh']} / {fault['message']['en']}")
    return "\n".join(lines)

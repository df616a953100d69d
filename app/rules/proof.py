"""The proof of all rulesets together: every case judged by both evaluators, every rule shown passing and failing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import CreditLinkError
from app.core.text import Text
from app.rules.cases import NEVER_FAILS, NEVER_PASSES, CaseReport, Execute, run_cases, uncovered_shared
from app.rules.inference.cases import InferenceReport, run_inference_cases
from app.rules.loading import load_ruleset
from app.rules.model import Fault, RulesetInvalid
from app.rules.source import RULESET
from app.rules.tables.cases import NEVER_HIT


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of running all cases; `faults` has everything that is wrong, rulesets that cannot be used included."""

    reports: tuple[CaseReport, ...]
    inferred: tuple[InferenceReport, ...]
    faults: tuple[Fault, ...]

    @property
    def rules(self) -> int:
        """The rules by their ids; one that several rulesets include counts once."""
        shown = {rule.id for report in self.reports for rule in report.ruleset.rules}
        return len(shown.union(*(report.rules for report in self.inferred)))

    def as_data(self) -> dict[str, Any]:
        """The figures and all faults, fit for JSON."""
        tables = [report.ruleset.table for report in self.reports if report.ruleset.table is not None]
        reports: list[CaseReport | InferenceReport] = [*self.reports, *self.inferred]
        return {
            "rulesets": len(reports),
            "rules": self.rules,
            "tables": len(tables),
            "rows": sum(len(table.rows) for table in tables),
            "rows_without_case": self._count(NEVER_HIT),
            "cases": sum(report.cases for report in reports),
            "failed": sum(report.failed for report in reports),
            "rules_without_pass_case": self._count(NEVER_PASSES),
            "rules_without_fail_case": self._count(NEVER_FAILS),
            "agreement": {
                "checked": sum(report.checked for report in reports),
                "disagreements": sum(report.disagreements for report in reports),
            },
            "faults": [fault.as_data() for fault in self.faults],
        }

    def _count(self, message: Text) -> int:
        return sum(fault.message == message for fault in self.faults)


def prove(folders: Iterable[Path], execute: Execute, inferring: Iterable[Path] = ()) -> Proof:
    """Load the rulesets and run the cases of each by both evaluators. What is wrong is in the answer, nothing is raised.

    `folders` hold checks, `inferring` policies and watches.
    """
    reports: list[CaseReport] = []
    inferred: list[InferenceReport] = []
    faults: dict[Fault, None] = {}
    for folder in folders:
        try:
            reports.append(run_cases(load_ruleset(folder), execute))
        except RulesetInvalid as refused:
            faults.update(dict.fromkeys(refused.faults))
        else:
            faults.update(dict.fromkeys(reports[-1].faults))
    for folder in inferring:
        try:
            inferred.append(run_inference_cases(folder))
        except RulesetInvalid as refused:
            faults.update(dict.fromkeys(refused.faults))
        except CreditLinkError as failed:
            faults[Fault(f"{folder.name}/{RULESET}", 1, "", failed.message)] = None
        else:
            faults.update(dict.fromkeys(inferred[-1].faults))
    faults.update(dict.fromkeys((*uncovered_shared(reports), *_judged_twice(reports))))
    return Proof(tuple(reports), tuple(inferred), tuple(faults))


def _judged_twice(reports: Iterable[CaseReport]) -> Iterable[Fault]:
    """Of several rulesets about the same records only one would be asked."""
    seen: dict[tuple[str, str | None], str] = {}
    for ruleset in (report.ruleset for report in reports):
        if ruleset.table is not None and not ruleset.table.checks:
            continue
        first = seen.setdefault((ruleset.facts, ruleset.subject), ruleset.name)
        if first != ruleset.name:
            message = Text(f"{ruleset.facts}已由规则集{first}判断", f"{ruleset.facts} is judged by {first} already")
            yield Fault(f"{ruleset.source.name}/{RULESET}", 1, "", message)

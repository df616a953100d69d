"""A draft at a glance: its rules with what is changed and what is wrong in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.rules.cases import load_cases
from app.rules.editing.cases import counts
from app.rules.editing.changes import id_of, rules_in
from app.rules.editing.forms import pair_form, rule_form
from app.rules.editing.names import pair
from app.rules.loading import read_unfinished
from app.rules.model import Fault, Ruleset, RulesetInvalid
from app.rules.reading import Content, read_content
from app.rules.source import RULESET, Texts


@dataclass(frozen=True)
class Outline:
    """`rules` are the ruleset's own in their order, `shared` those it includes; `readable` is whether its text is YAML."""

    readable: bool
    rules: tuple[dict[str, Any], ...]
    shared: tuple[dict[str, Any], ...]
    removed: tuple[str, ...]
    faults: tuple[Fault, ...]
    head: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        return {
            "readable": self.readable,
            "rules": list(self.rules),
            "shared": list(self.shared),
            "removed": list(self.removed),
            "faults": [fault.as_data() for fault in self.faults[:200]],
            "fault_count": len(self.faults),
            "head": dict(self.head),
        }


def content_of(texts: Texts) -> Content:
    """The ruleset's own text, read."""
    return read_content(lambda: texts.read(RULESET), f"{texts.name}/{RULESET}")


def outline(texts: Texts, base: Texts | None) -> Outline:
    """Look at a draft beside the edition that it began from."""
    data = content_of(texts).data
    ruleset, faults = read_unfinished(texts)
    if ruleset is not None and ruleset.table is None and not faults:
        faults = _case_faults(ruleset)
    before = {id_of(raw): raw for raw in rules_in(content_of(base).data)} if base is not None else {}
    raws = rules_in(data)
    shared = {rule.id: rule for rule in ruleset.rules if rule.fragment} if ruleset else {}
    kept = counts(texts)
    lines: list[dict[str, Any]] = []
    for raw in raws:
        rule = id_of(raw)
        changed = "" if raw == before.get(rule) else "changed" if rule in before else "new"
        above = shared.get(rule)
        title = pair_form(raw.get("title"))
        if above is not None and not any(title.values()):
            title = pair(above.title)
        lines.append(
            {
                "id": rule,
                "title": title,
                "severity": above.severity if above is not None else str(raw.get("severity", "")),
                "code": above.code if above is not None else str(raw.get("code", "")),
                "extends": "extends" in raw,
                "changed": changed if base is not None else "",
                "faults": sum(fault.rule == rule for fault in faults),
                "cases": kept.get(rule, {"passes": 0, "fires": 0}),
            }
        )
    own = {id_of(raw) for raw in raws}
    included = [
        {
            "id": rule.id,
            "title": pair(rule.title),
            "severity": rule.severity,
            "code": rule.code,
            "fragment": rule.fragment,
            "faults": sum(fault.rule == rule.id for fault in faults),
            "cases": kept.get(rule.id, {"passes": 0, "fires": 0}),
        }
        for rule in shared.values()
        if rule.id not in own
    ]
    gone = tuple(rule for rule in before if rule not in own)
    return Outline(isinstance(data, dict), tuple(lines), tuple(included), gone, faults, _head(data))


def _case_faults(ruleset: Ruleset) -> tuple[Fault, ...]:
    try:
        load_cases(ruleset)
    except RulesetInvalid as refused:
        return refused.faults
    return ()


def _head(data: object) -> dict[str, Any]:
    given = data if isinstance(data, dict) else {}
    effective = given.get("effective")
    facts = given.get("facts")
    return {
        "title": pair_form(given.get("title")),
        "effective_from": str(effective.get("from", "")) if isinstance(effective, dict) else "",
        "facts": {str(name): str(value) for name, value in facts.items()} if isinstance(facts, dict) else {},
        "kind": str(given.get("kind", "")),
    }


def rule_at(texts: Texts, rule: str) -> dict[str, Any] | None:
    """A rule of the ruleset's own as a form; None where it has none of that id."""
    raw = next((raw for raw in rules_in(content_of(texts).data) if id_of(raw) == rule), None)
    return None if raw is None else rule_form(raw)

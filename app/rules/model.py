"""The frozen form of a ruleset after loading: rules, and the single checks they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.errors import Invalid
from app.core.text import Text
from app.language import Expression, Vocabulary
from app.rules.source import Source
from app.rules.tables.model import Table
from app.standard.catalogue import Subject

WHOLE = "0000"
"""The tag of findings that blame no single item."""

SEVERITIES = ("block", "warn", "info")


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: where `when` is true (or there is none) and `require` is false, the rule has a finding.

    `index` counts from 0 within the rule, `blame` is the path of the blamed item ('' for the whole), `tag` the item's
    own name. `code` is the centre's error code for this condition where it is not that of the rule.
    """

    rule_id: str
    index: int
    when: Expression | None
    require: Expression
    blame: str
    tag: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a ruleset.

    `code` is the credit centre's error code, '' for a rule of practice that the centre does not test. `needs` are ids
    of rules that must hold, else this one is not judged. `file` and `line` say where it is written; `fragment` names the
    shared rules it comes from, '' for a rule of the ruleset itself, and `extended` tells that the ruleset adds to it.
    """

    id: str
    code: str
    number: str
    title: Text
    severity: str
    confidence: str
    stage: str
    needs: tuple[str, ...]
    note: Text | None
    checks: tuple[Check, ...]
    file: str
    line: int
    fragment: str = ""
    extended: bool = False

    @property
    def own(self) -> bool:
        """Whether the ruleset itself has to show it by cases; of shared rules any ruleset may."""
        return not self.fragment or self.extended


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A loaded ruleset. `edition` is the hash of its content, `facts` what it is about (record.210, file.report), `source`
    where its texts are.

    `subject` tells whose records or files are judged; None for files of both. A ruleset of the kind `table` has its decision
    table; it has rules as well if the table's rows make findings.
    """

    name: str
    kind: str
    title: Text
    basis: tuple[Text, ...]
    effective_from: str
    facts: str
    rules: tuple[Rule, ...]
    edition: str
    vocabulary: Vocabulary
    source: Source
    subject: Subject | None = None
    table: Table | None = None

    @property
    def record_type(self) -> str | None:
        """The record type judged, or None for rules about a file."""
        kind, _, code = self.facts.partition(".")
        return code if kind == "record" else None

    @property
    def judged(self) -> str:
        """What it makes findings about: its `facts`, '' for a table that only decides."""
        return self.facts if self.rules else ""

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks in the order of the rules."""
        return tuple(check for rule in self.rules for check in rule.checks)

    def rule(self, rule_id: str) -> Rule:
        """The rule of that id; KeyError if there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)

    def conditions(self) -> Mapping[str, frozenset[str]]:
        """For each rule all rules that must hold before it is judged, the needs of its needs included."""
        found: dict[str, frozenset[str]] = {}
        direct = {rule.id: rule.needs for rule in self.rules}

        def gather(rule_id: str) -> frozenset[str]:
            if rule_id not in found:
                found[rule_id] = frozenset[str]().union(direct[rule_id], *(gather(need) for need in direct[rule_id]))
            return found[rule_id]

        for rule_id in direct:
            gather(rule_id)
        return found


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a content file. `line` counts from 1; `rule` is empty where it concerns no single rule."""

    file: str
    line: int
    rule: str
    message: Text

    def as_data(self) -> dict[str, object]:
        """The fault as plain values, fit for JSON."""
        message = {"zh": self.message.zh, "en": self.message.en}
        return {"file": self.file, "line": self.line, "rule": self.rule, "message": message}

    def __str__(self) -> str:
        rule = f" [{self.rule}]" if self.rule else ""
        return f"{self.file}:{self.line}{rule} {self.message.en}"


class RulesetInvalid(Invalid):
    """A ruleset or its cases cannot be used; `faults` has all that is wrong."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        shown = faults[0]
        more = len(faults) - 1
        tail = Text(f"（另有{more}处）", f" (and {more} more)") if more else Text("", "")
        message = Text(
            f"{shown.file} 第{shown.line}行 {shown.rule} {shown.message.zh}{tail.zh}",
            f"{shown.file}:{shown.line} {shown.rule} {shown.message.en}{tail.en}",
        )
        super().__init__("ruleset", message)
        self.faults = faults

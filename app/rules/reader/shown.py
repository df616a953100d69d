"""The one form in which rules and rulesets of every kind are shown: what each says, in words and as it is written, and what it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from app.core.text import Text
from app.rules.inference.policy import Policy
from app.rules.inference.watch import Watch
from app.rules.model import Ruleset
from app.rules.tables.model import Table
from app.standard.catalogue import Subject


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a condition: its place in it (when, must hold …), the words, and the text as it is written ('' for none)."""

    label: Text
    words: Text
    text: str = ""


@dataclass(frozen=True, slots=True)
class Blamed:
    """An item that a condition points at: its path and what it is called; path '' for the whole."""

    path: str
    label: Text


@dataclass(frozen=True, slots=True)
class Condition:
    """Something a rule says. Where it says the same of several items, `blamed` has them all and the words are those of the
    first. `code` is the centre's error code where it is not that of the rule.
    """

    clauses: tuple[Clause, ...]
    blamed: tuple[Blamed, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class ItemRead:
    """A name that a rule reads: its path, its own label and that of the segment or fact it is in, and its code tables."""

    path: str
    label: Text
    within: Text
    codes: tuple[tuple[str, Text], ...] = ()
    kind: Text = field(default_factory=lambda: Text("", ""))


@dataclass(frozen=True)
class ShownRule:
    """A rule of any kind. What only checks have is '' or empty for others; `fragment` names the shared rules it comes from.

    `say` and `look` are asked once, when somebody wants the conditions or the items.
    """

    ruleset: str
    id: str
    title: Text
    say: Callable[[], tuple[Condition, ...]] = field(repr=False, compare=False)
    look: Callable[[], tuple[ItemRead, ...]] = field(repr=False, compare=False)
    number: str = ""
    code: str = ""
    severity: str = ""
    confidence: str = ""
    stage: str = ""
    needs: tuple[str, ...] = ()
    note: Text | None = None
    fragment: str = ""
    extended: bool = False

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        return self.say()

    @cached_property
    def items(self) -> tuple[ItemRead, ...]:
        return self.look()

    @property
    def codes(self) -> tuple[str, ...]:
        """All error codes that its findings may carry."""
        return tuple(dict.fromkeys(code for code in (self.code, *(each.code for each in self.conditions)) if code))

    @property
    def first(self) -> Condition | None:
        """What it says first, for a list."""
        return next(iter(self.conditions), None)


@dataclass(frozen=True)
class ShownRuleset:
    """A ruleset of any kind. `about` says in words what it judges, `facts` as it is written; `judged` is the loaded one."""

    name: str
    kind: str
    title: Text
    basis: tuple[Text, ...]
    notes: tuple[Text, ...]
    facts: str
    about: Text
    subject: Subject | None
    effective_from: str
    edition: str
    rules: tuple[ShownRule, ...]
    judged: Ruleset | Policy | Watch = field(repr=False, compare=False)

    @property
    def area(self) -> str:
        return self.name.partition(".")[0]

    @property
    def table(self) -> Table | None:
        return self.judged.table if isinstance(self.judged, Ruleset) else None

    @property
    def checks(self) -> Ruleset | None:
        """The ruleset as it judges records or files; None for a policy or a watch."""
        return self.judged if isinstance(self.judged, Ruleset) else None

    @property
    def fragments(self) -> tuple[str, ...]:
        """The shared rules that it includes, in the order in which they are judged."""
        return tuple(dict.fromkeys(rule.fragment for rule in self.rules if rule.fragment))

    def rule(self, rule_id: str) -> ShownRule | None:
        return next((rule for rule in self.rules if rule.id == rule_id), None)

"""What an inference comes to: outcomes with their reasons, each derivation with the values it read and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Point = tuple[str, str, str, object]
"""A derived value: kind of fact, its key, the name, the value."""


@dataclass(frozen=True, slots=True)
class Read:
    """A value that a derivation read: the name as the rule writes it, and the derived value it was, if it was one."""

    path: str
    value: object
    source: Point | None = None

    def as_data(self) -> dict[str, Any]:
        """As plain values, fit for JSON."""
        data: dict[str, Any] = {"path": self.path, "value": plain(self.value)}
        if self.source is not None:
            kind, key, name, value = self.source
            data["from"] = {"kind": kind, "key": key, "name": name, "value": plain(value)}
        return data


@dataclass(frozen=True, slots=True)
class Derivation:
    """One rule giving one value. `bound` are the keys of the facts by variable; `step` counts the links of the chain before
    it within its names; `stands` is False where a worse value or a higher priority has put it aside.
    """

    rule: str
    kind: str
    key: str
    name: str
    value: object
    bound: Mapping[str, str]
    reads: tuple[Read, ...]
    step: int
    stands: bool

    @property
    def point(self) -> Point:
        return self.kind, self.key, self.name, self.value

    def as_data(self) -> dict[str, Any]:
        """As plain values, fit for JSON."""
        return {
            "rule": self.rule,
            "kind": self.kind,
            "key": self.key,
            "name": self.name,
            "value": plain(self.value),
            "bound": dict(self.bound),
            "reads": [read.as_data() for read in self.reads],
            "stands": self.stands,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one fact: its value (the policy's default, or None, where no rule gave one), and all that led to it,
    what was derived earlier first.
    """

    key: str
    value: object
    rules: tuple[str, ...]
    reasons: tuple[Derivation, ...]

    def as_data(self) -> dict[str, Any]:
        """As plain values, fit for JSON."""
        reasons = [each.as_data() for each in self.reasons]
        return {"key": self.key, "value": plain(self.value), "rules": list(self.rules), "reasons": reasons}


@dataclass(frozen=True, slots=True)
class Inference:
    """All outcomes of one set of facts, in their order, and every derivation."""

    outcomes: tuple[Outcome, ...]
    derivations: tuple[Derivation, ...]

    @property
    def fired(self) -> frozenset[str]:
        """The rules that gave a value to some fact."""
        return frozenset(each.rule for each in self.derivations)


def plain(value: object) -> str | int | bool | None:
    """A value of the language as JSON has it; dates and decimals as text."""
    return value if value is None or isinstance(value, str | int | bool) else str(value)

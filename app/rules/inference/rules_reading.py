"""What reading a policy and reading a watch have in common: the head of the file, and the list of its rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from app.core.text import Text
from app.rules.inference.policy import Shape
from app.rules.reading import Content, Key


class _Named(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Named)


class RulesReading(ABC, Generic[R]):
    """Reads one content file; what is wrong is noted there, under the rule that is being read."""

    def __init__(self, content: Content, path: Path) -> None:
        self.content = content
        self.path = path
        self.shapes: dict[str, Shape] = {}
        self.rule_id = ""

    def wrong(self, zh: str, en: str, *key: str | int, offset: int = 0) -> None:
        self.content.wrong(Text(zh, en), *key, rule=self.rule_id, offset=offset)

    def head(self, known: frozenset[str], needed: Iterable[str]) -> dict[str, Any] | None:
        """The whole file as a mapping of known keys; None where it is none."""
        data = self.content.data
        if not isinstance(data, dict):
            self.wrong("规则集须是键值结构", "a ruleset must be a mapping")
            return None
        self.content.known_keys(data, known)
        for key in needed:
            if key not in data:
                self.wrong(f"缺少“{key}”", f"“{key}” is missing")
        return data

    def rules(self, given: object) -> tuple[R, ...]:
        """The rules, each under an id of its own; those that cannot be read are left out."""
        if not isinstance(given, list) or not given:
            self.wrong("rules须是规则列表", "rules must be a list of rules", "rules")
            return ()
        found: dict[str, R] = {}
        for index, raw in enumerate(given):
            body = raw if isinstance(raw, dict) else {}
            self.rule_id = str(body.get("id") or "")
            if not self.rule_id:
                self.wrong("规则须有id", "a rule needs an id", "rules", index)
            elif self.rule_id in found:
                self.wrong("规则id重复", "this rule id stands twice", "rules", index, "id")
            elif (rule := self.rule(body, ("rules", index))) is not None:
                found[rule.id] = rule
        self.rule_id = ""
        return tuple(found.values())

    @abstractmethod
    def rule(self, raw: dict[str, Any], key: Key) -> R | None:
        """One rule, of which `rule_id` is the id; None where it cannot be read."""

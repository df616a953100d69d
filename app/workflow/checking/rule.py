"""What a lint rule is given, and how it says what it found."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.core.registry import Registry
from app.core.text import Text
from app.language import Vocabulary
from app.workflow.checking.graph import Flow, Graph, Node
from app.workflow.checking.report import Problem, Severity


@dataclass(frozen=True)
class Drawing:
    """A diagram and what is known around it.

    `description` is None for a bare file: then facts, results and forms are not known and not judged; `vocabulary` is None
    too where the description's facts cannot be read. `known` are the names of the processes that may be called.
    """

    graph: Graph
    process: str
    registry: Registry
    description: Mapping[str, Any] | None = None
    vocabulary: Vocabulary | None = None
    forms: Mapping[str, Any] = field(default_factory=dict)
    known: frozenset[str] = frozenset()

    @cached_property
    def nodes(self) -> list[Node]:
        """The elements of the process, at every depth."""
        return [node for node in self.graph.nodes.values() if self.graph.process_of(node) == self.process]

    @cached_property
    def scopes(self) -> list[str]:
        return list(dict.fromkeys([self.process, *(node.scope for node in self.nodes)]))

    @cached_property
    def flows(self) -> list[Flow]:
        inside = set(self.scopes) | {node.id for node in self.nodes}
        return [flow for flow in self.graph.flows if flow.scope in inside]

    def found(self, severity: Severity, rule: str, element: str, zh: str, en: str, **values: object) -> Problem:
        """A finding; `{name}` in its words is what people call the element."""
        given = {"name": self.graph.label(element), **values}
        return Problem(severity, rule, Text(_filled(zh, given), _filled(en, given)), element)


def nearest(name: str, known: Collection[str]) -> str:
    """` (→ the most similar name)`, or nothing; the same in both languages."""
    near = difflib.get_close_matches(name, list(known), 1, 0.6)
    return f"（→ {near[0]}）" if near else ""


def _filled(words: str, values: Mapping[str, object]) -> str:
    for key, value in values.items():
        words = words.replace(f"{{{key}}}", str(value))
    return words

"""All rules about a definition that can be judged by looking at it. Each is a function from a drawing to findings."""

from __future__ import annotations

from collections.abc import Iterator

from app.workflow.checking import bindings, conditions, descriptions, naming, starts, structure
from app.workflow.checking.report import Problem
from app.workflow.checking.rule import Drawing

RULES = (
    *structure.RULES,
    *naming.RULES,
    *conditions.RULES,
    *bindings.RULES,
    *descriptions.RULES,
    *starts.RULES,
)


def lint(drawing: Drawing) -> Iterator[Problem]:
    """Everything that the rules find."""
    for rule in RULES:
        yield from rule(drawing)

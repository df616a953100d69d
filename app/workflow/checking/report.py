"""What is said of a definition before it may be published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.core.text import Text

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a definition. `rule` is stable; `element` is the id in the diagram (or the name of a form or
    case), empty where it concerns the whole; `path` are the element ids that lead to it, where there is such a path."""

    severity: Severity
    rule: str
    message: Text
    element: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found, errors first. `unsupported` names parts of the file that are left out when it is run."""

    problems: tuple[Problem, ...] = ()
    unsupported: tuple[Text, ...] = ()
    cases: int = 0
    sound: bool | None = None
    """None where the diagram could not be explored"""
    states: int = 0
    """how many states of the process were visited to know that"""

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.severity == "error")

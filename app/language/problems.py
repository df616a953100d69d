"""What is wrong with an expression, with the place and, for names, the nearest right one."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import Invalid
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `line` and `column` count from 1 in characters of the expression's text."""

    line: int
    column: int
    message: Text
    nearest: str | None = None


class ExpressionInvalid(Invalid):
    """An expression cannot be used; `problems` has all that is wrong with it, in order of place."""

    def __init__(self, text: str, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        place = Text(f"第{first.line}行第{first.column}列：", f"line {first.line}, column {first.column}: ")
        super().__init__("expression", Text(place.zh + first.message.zh, place.en + first.message.en))
        self.text = text
        self.problems = problems

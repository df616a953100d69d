"""Three-valued logic after Kleene and the comparisons; None is unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
CALCULATE: Mapping[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def all_of(values: Iterable[bool | None]) -> bool | None:
    """False as soon as one is false, else unknown if one is, else true. Stops at the first false."""
    answer: bool | None = True
    for value in values:
        if value is False:
            return False
        if value is None:
            answer = None
    return answer


def any_of(values: Iterable[bool | None]) -> bool | None:
    """True as soon as one is true, else unknown if one is, else false. Stops at the first true."""
    answer: bool | None = False
    for value in values:
        if value is True:
            return True
        if value is None:
            answer = None
    return answer


def negate(value: bool | None) -> bool | None:
    return None if value is None else not value

"""Three-valued logic after Kleene, comparisons, and arithmetic without rounding; None is unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal
from typing import Any

Number = Decimal | int

_EXACT = Context(prec=80)
"""Wide enough for anything `number_size` lets through, so that nothing is ever rounded."""


def _add(left: Number, right: Number) -> Number:
    return _EXACT.add(left, right)


def _subtract(left: Number, right: Number) -> Number:
    return _EXACT.subtract(left, right)


def _multiply(left: Number, right: Number) -> Number:
    return _EXACT.multiply(left, right)


def opposite(number: Number) -> Number:
    return -number if isinstance(number, int) else number.copy_negate()


def total(numbers: Iterable[Number]) -> Number:
    """The exact sum; 0 of nothing."""
    answer: Number = 0
    for number in numbers:
        answer = _add(answer, number)
    return answer


COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
CALCULATE: Mapping[str, Callable[[Any, Any], Any]] = {"+": _add, "-": _subtract, "*": _multiply}


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

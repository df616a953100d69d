"""Reading single values out of a record fact.

A comparison one side of which is missing, empty or unreadable is never an error of that comparison: the missing or
unreadable value has its own error code. So every reader here answers `None` for such a value and every comparison
with `None` holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

Segment = Mapping[str, Any]
"""Tags to text, and group tags to lists of segments."""
Fault = tuple[str, str]
"""An error code of the centre and the tag it blames (`0000` = no single item)."""

WHOLE = "0000"
NOTHING: Segment = MappingProxyType({})

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,4})?", re.ASCII)
BLANKS = " \u3000"
"""Spaces of half and full width: what may stand around a value or instead of one."""


@lru_cache(maxsize=65536)
def is_day(text: str) -> bool:
    """Whether `text` is a real calendar day written yyyy-MM-dd."""
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    try:
        date(*(int(part) for part in match.groups()))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def is_month(text: str) -> bool:
    """Whether `text` is a month written yyyy-MM."""
    match = _MONTH.fullmatch(text)
    return match is not None and 1 <= int(match[2]) <= 12


def in_range(text: str) -> bool:
    """Whether a date, month or year begins with a year that the interface knows, 1901 to 2099."""
    return "1901" <= text[:4] <= "2099"


def text(segment: Segment, tag: str) -> str | None:
    """The value of an item without blanks around it, or None when its tag is absent or its value blank."""
    value = segment.get(tag)
    return value.strip(BLANKS) or None if value else None


def day(segment: Segment, tag: str) -> str | None:
    """The value of a date item as ISO text (which sorts as dates do), or None when there is no readable date."""
    value = text(segment, tag)
    return value if value is not None and is_day(value) else None


def month(segment: Segment, tag: str) -> str | None:
    """The value of a month item as yyyy-MM, or None when there is no readable month."""
    value = text(segment, tag)
    return value if value is not None and is_month(value) else None


def number(segment: Segment, tag: str) -> Decimal | int | None:
    """The value of a numeric item, or None when there is no readable number."""
    value = text(segment, tag)
    if value is None or _NUMBER.fullmatch(value) is None:
        return None
    return Decimal(value) if "." in value else int(value)


def group(segment: Segment, tag: str) -> Sequence[Segment]:
    """The occurrences of a repeated group, empty when the group is absent."""
    value = segment.get(tag)
    return value if isinstance(value, list) else ()


def after(first: str | None, second: str | None) -> bool:
    """Whether `first` is known to lie after `second`."""
    return first is not None and second is not None and first > second


@lru_cache(maxsize=65536)
def days_between(first: str, second: str) -> int:
    """Days from `first` to `second`, both ISO dates."""
    return (date.fromisoformat(second) - date.fromisoformat(first)).days


def months_between(first: str, second: str) -> int:
    """Months from `first` to `second`, both yyyy-MM."""
    return (int(second[:4]) - int(first[:4])) * 12 + int(second[5:7]) - int(first[5:7])


def is_zero(value: Decimal | int | None) -> bool:
    """Whether a number is known to be zero or is not known at all."""
    return value is None or value == 0

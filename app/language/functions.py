"""What the functions of the language do with known values; each is total over its parameter kinds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.core.text import Text
from app.core.workdays import known_days
from app.language.types import Kind


@dataclass(frozen=True, slots=True)
class Signature:
    """Parameter kinds (those after `required` may be left out) and the kind of the answer.

    `constant` names the parameters that must be written as literals.
    """

    parameters: tuple[Kind, ...]
    required: int
    result: Kind
    apply: Callable[..., Any]
    usage: str
    constant: frozenset[int] = frozenset()


def _days(first: date, second: date) -> int:
    return (second - first).days


def _workdays(first: date, second: date) -> int | None:
    """The working days after `first` up to and including `second`; unknown outside the years whose holidays are known."""
    origin, signs = known_days()
    begin, end = (first - origin).days, (second - origin).days
    if not (0 <= begin < len(signs) and 0 <= end < len(signs)):
        return None
    counted = signs.count("1", min(begin, end) + 1, max(begin, end) + 1)
    return counted if begin <= end else -counted


def _month(day: date) -> str:
    return day.isoformat()[:7]


def _months(first: str, second: str) -> int:
    return (int(second[:4]) - int(first[:4])) * 12 + int(second[5:]) - int(first[5:])


def _left(text: str, length: int) -> str:
    return text[:length]


def _digits(text: str, length: int | None = None) -> bool:
    pattern = "[0-9]+" if length is None else f"[0-9]{{{length}}}"
    return _matches(text, pattern)


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _matches(text: str, pattern: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


def _abs(number: Decimal | int) -> Decimal | int:
    return abs(number) if isinstance(number, int) else number.copy_abs()


T, N, D, M, B = Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.MONTH, Kind.BOOL

SIGNATURES: Mapping[str, Signature] = {
    "days": Signature((D, D), 2, N, _days, "days(a, b)"),
    "workdays": Signature((D, D), 2, N, _workdays, "workdays(a, b)"),
    "month": Signature((D,), 1, M, _month, "month(d)"),
    "months": Signature((M, M), 2, N, _months, "months(a, b)"),
    "abs": Signature((N,), 1, N, _abs, "abs(x)"),
    "len": Signature((T,), 1, N, len, "len(x)"),
    "left": Signature((T, N), 2, T, _left, "left(x, 14)", frozenset({1})),
    "starts": Signature((T, T), 2, B, str.startswith, "starts(x, '2')"),
    "digits": Signature((T, N), 1, B, _digits, "digits(x, 6)", frozenset({1})),
    "matches": Signature((T, T), 2, B, _matches, "matches(x, '[0-9]{6}')", frozenset({1})),
}

PRESENCE = ("has", "filled", "empty", "has_items")
CONFORMITY = ("conforms", "is_date")
QUANTIFIERS = ("all", "any", "sum", "count", "distinct")

LABELS: Mapping[str, Text] = {
    "days": Text("{0}到{1}的天数", "the days from {0} to {1}"),
    "workdays": Text("{0}之后到{1}的工作日数", "the working days after {0} up to {1}"),
    "month": Text("{0}所在月份", "the month of {0}"),
    "months": Text("{0}到{1}的月数", "the months from {0} to {1}"),
    "abs": Text("{0}的绝对值", "the absolute value of {0}"),
    "len": Text("{0}的字符数", "the number of characters of {0}"),
    "left": Text("{0}的前{1}位", "the first {1} characters of {0}"),
    "starts": Text("{0}以{1}开头", "{0} begins with {1}"),
    "digits": Text("{0}为{1}位数字", "{0} consists of {1} digits"),
    "digits_any": Text("{0}全为数字", "{0} consists of digits"),
    "matches": Text("{0}符合格式{1}", "{0} has the form {1}"),
    "has": Text("有{0}", "{0} is present"),
    "filled": Text("{0}有值", "{0} is filled"),
    "empty": Text("{0}无值", "{0} is empty"),
    "has_items": Text("{0}中有数据项", "{0} holds at least one item"),
    "known": Text("{0}有可用的值", "{0} has a value that can be read"),
    "or_zero": Text("{0}（无值按0计）", "{0} (0 if it has no value)"),
    "conforms": Text("{0}符合其数据类型、长度和代码表", "{0} fits its data type, length and code table"),
    "is_date": Text("{0}是1901至2099年间的有效日期", "{0} is a real date from 1901 to 2099"),
}

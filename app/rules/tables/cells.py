"""The notation of a cell: `-`, values, ranges, tests for absence, `not`; read into parts that every evaluator asks alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from app.core.text import Text
from app.language.logic import any_of, negate
from app.language.values import NUMBER_DIGITS, NUMBER_PATTERN, NUMBER_SCALE, read_date, read_month

Value = Any
"""A known value of a column: Decimal or int, date, month as text, text, truth value."""

ORDERED: Final = frozenset({"number", "integer", "date", "month"})
TYPES: Final = ("text", "code", "number", "integer", "date", "month", "boolean")
MAX_PARTS: Final = 500
MAX_TEXT: Final = 4000
MAX_LITERAL: Final = 400

_TESTS: Final[Mapping[str, str]] = {
    "empty": "empty",
    "无值": "empty",
    "absent": "absent",
    "未出现": "absent",
    "filled": "filled",
    "有值": "filled",
}
_TRUTH: Final[Mapping[str, bool]] = {"true": True, "false": False, "是": True, "否": False}
_ANY: Final = ("", "-", "－", "—")
_BARE: Final = re.compile(r"[^\s,，\[\]()<>=\"“”']+")
_NOT: Final = re.compile(r"(?:not|非)(?=\s|[\[(<>=\"“])\s*", re.IGNORECASE)
_TOKEN: Final = re.compile(
    r"\s*(?:(<=|>=|<|>|=)|([\[(])|([\])])|([,，])|(\"(?:[^\"]|\"\")*\"|“[^”]*”)|([^\s,，\[\]()<>=\"“”']+))"
)


class CellInvalid(ValueError):
    """A cell cannot be read; `message` says why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Text(zh, en)


@dataclass(frozen=True, slots=True)
class Interval:
    """All values from `low` to `high`, None meaning without end; a single value is an interval of its own."""

    low: Value | None
    low_closed: bool
    high: Value | None
    high_closed: bool

    @property
    def single(self) -> bool:
        return self.low is not None and self.low == self.high

    def holds(self, value: Value) -> bool:
        """Whether a known value lies inside."""
        above = self.low is None or value > self.low or (self.low_closed and value == self.low)
        return above and (self.high is None or value < self.high or (self.high_closed and value == self.high))


@dataclass(frozen=True, slots=True)
class CodeRange:
    """The codes of a table from one to another: by length, then by sign."""

    first: str
    last: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Absence:
    """A question about being there: `empty` (no value), `absent` (not even a tag) or `filled`."""

    name: str


Part = Interval | CodeRange | Absence


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. Without parts it takes anything, what is missing included."""

    parts: tuple[Part, ...] = ()
    negated: bool = False

    @property
    def any(self) -> bool:
        return not self.parts

    def matches(self, value: Value | None, present: bool) -> bool:
        """Whether the cell takes a value (None: missing); `present` says whether the tag stands at all.

        Three-valued as the language is: a value compared with what is missing is unknown, and unknown does not match.
        """
        if not self.parts:
            return True
        found = any_of(_holds(part, value, present) for part in self.parts)
        return (negate(found) if self.negated else found) is True

    def texts(self) -> Iterator[str]:
        """The texts that the cell names."""
        for part in self.parts:
            if isinstance(part, CodeRange):
                yield from part.codes
            elif isinstance(part, Interval) and isinstance(part.low, str):
                yield part.low


ANY: Final = Cell()


def _holds(part: Part, value: Value | None, present: bool) -> bool | None:
    match part:
        case Absence(name="absent"):
            return not present
        case Absence(name=name):
            return (value is None) is (name == "empty")
        case _ if value is None:
            return None
        case CodeRange():
            return value in part.codes
        case _:
            return part.holds(value)


def point(value: Value) -> Interval:
    """The interval that holds one value."""
    return Interval(value, True, value, True)


def read_literal(text: str, type_: str) -> Value:
    """A value of a column's type from what is written for it. Raises CellInvalid."""
    if type_ in ("text", "code"):
        if text != text.strip() or not text:
            raise CellInvalid(
                "文本两端不能有空格，也不能为空", "a text must not be empty, nor begin or end with a blank"
            )
        if len(text) > MAX_LITERAL:
            raise CellInvalid(f"文本超过{MAX_LITERAL}个字符", f"a text may have at most {MAX_LITERAL} characters")
        return text
    if type_ == "boolean":
        if text.lower() in _TRUTH:
            return _TRUTH[text.lower()]
        raise CellInvalid(f"“{text}”不是true或false", f"“{text}” is neither true nor false")
    if type_ == "date":
        day = read_date(text)
        if day is None:
            raise CellInvalid(f"“{text}”不是日期，应写作2026-10-20", f"“{text}” is not a date; write 2026-10-20")
        return day
    if type_ == "month":
        month = read_month(text)
        if month is None:
            raise CellInvalid(f"“{text}”不是月份，应写作2026-10", f"“{text}” is not a month; write 2026-10")
        return month
    return _read_number(text, type_)


def _read_number(text: str, type_: str) -> Decimal | int:
    if not re.fullmatch(NUMBER_PATTERN, text):
        raise CellInvalid(
            f"“{text}”不是数字（至多{NUMBER_DIGITS}位整数、{NUMBER_SCALE}位小数）",
            f"“{text}” is not a number of at most {NUMBER_DIGITS} digits and {NUMBER_SCALE} decimals",
        )
    number = Decimal(text)
    if number == number.to_integral_value():
        return int(number)
    if type_ == "integer":
        raise CellInvalid(f"“{text}”不是整数", f"“{text}” is not a whole number")
    return number.normalize()


def show_literal(value: Value) -> str:
    """A value as a cell writes it: texts bare where nothing can be mistaken, else in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if not isinstance(value, str):
        return str(value)
    plain = _BARE.fullmatch(value) and ".." not in value and value.lower() not in ("not", "非", *_TESTS, *_ANY)
    return value if plain else '"' + value.replace('"', '""') + '"'


def show_cell(cell: Cell) -> str:
    """The cell in its one right notation; reading it gives the same cell."""
    if cell.any:
        return "-"
    return ("not " if cell.negated else "") + ", ".join(map(show_part, cell.parts))


def show_part(part: Part) -> str:
    """One part of a cell as it is written."""
    match part:
        case Absence(name=name):
            return name
        case CodeRange(first=first, last=last):
            return f"{show_literal(first)}..{show_literal(last)}"
        case Interval() if part.single:
            return show_literal(part.low)
        case Interval(low=None):
            return f"{'<=' if part.high_closed else '<'} {show_literal(part.high)}"
        case Interval(high=None):
            return f"{'>=' if part.low_closed else '>'} {show_literal(part.low)}"
        case _:
            left, right = "[" if part.low_closed else "(", "]" if part.high_closed else ")"
            return f"{left}{show_literal(part.low)}, {show_literal(part.high)}{right}"


def read_cell(text: str, type_: str, codes: frozenset[str] | None = None) -> Cell:
    """Read the notation of a cell under a column of a type; `codes` are those its table allows. Raises CellInvalid."""
    stripped = text.strip()
    if stripped in _ANY:
        return ANY
    if len(stripped) > MAX_TEXT:
        raise _too_long()
    denied = _NOT.match(stripped)
    reading = _Reading(stripped[denied.end() :] if denied else stripped, type_, codes)
    return made(reading.parts(), denied is not None)


def list_cell(values: Iterable[str], type_: str, codes: frozenset[str] | None = None) -> Cell:
    """The cell that takes each of the values. Raises CellInvalid."""
    return made([_known(point(read_literal(value, type_)), codes) for value in values], False)


def made(parts: Iterable[Part], negated: bool) -> Cell:
    """The cell of these parts, each of them once. Raises CellInvalid for none or too many."""
    unique = tuple(dict.fromkeys(parts))
    if not 0 < len(unique) <= MAX_PARTS:
        raise CellInvalid(f"单元格须有1至{MAX_PARTS}个值", f"a cell needs 1 to {MAX_PARTS} values")
    cell = Cell(unique, negated)
    if len(show_cell(cell)) > MAX_TEXT:
        raise _too_long()
    return cell


def _too_long() -> CellInvalid:
    return CellInvalid(f"单元格超过{MAX_TEXT}个字符", f"a cell may have at most {MAX_TEXT} characters")


def _known(part: Interval, codes: frozenset[str] | None) -> Interval:
    if codes is not None and part.low not in codes:
        raise CellInvalid(f"代码表中没有“{part.low}”", f"the code table has no “{part.low}”")
    return part


class _Reading:
    """Reads the parts of one cell from left to right."""

    def __init__(self, text: str, type_: str, codes: frozenset[str] | None) -> None:
        self.text, self.type, self.codes = text, type_, codes
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                rest = text[place:].strip()[:20]
                raise CellInvalid(f"“{rest}”无法读懂", f"“{rest}” cannot be read")
            kind = ("compare", "open", "close", "comma", "quoted", "word")[(found.lastindex or 1) - 1]
            self.tokens.append((kind, found.group(found.lastindex or 0)))
            place = found.end()
        self.at = 0

    def parts(self) -> list[Part]:
        parts = [self.part()]
        while self.at < len(self.tokens):
            if self.take()[0] != "comma":
                raise CellInvalid("值之间须用逗号分开；含空格或符号的文本请加引号",
                                  "values are separated by commas; put a text with blanks or signs in quotes")  # fmt: skip
            parts.append(self.part())
        return parts

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise CellInvalid("单元格没有写完", "the cell ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def part(self) -> Part:
        kind, word = self.take()
        if kind == "compare":
            return self.compared(word)
        if kind == "open":
            return self.bracketed(word)
        if kind == "word" and word.lower() in _TESTS:
            return Absence(_TESTS[word.lower()])
        if kind == "word" and ".." in word:
            first, _, last = word.partition("..")
            return self.ranged(first, last)
        if kind in ("word", "quoted"):
            return _known(point(self.literal(kind, word)), self.codes)
        raise CellInvalid(f"这里不应是“{word}”", f"“{word}” does not belong here")

    def literal(self, kind: str, word: str) -> Value:
        if kind == "quoted":
            word = word[1:-1].replace('""', '"') if word[0] == '"' else word[1:-1]
        elif kind != "word":
            raise CellInvalid(f"这里须是值，而不是“{word}”", f"a value is needed here, not “{word}”")
        return read_literal(word, self.type)

    def compared(self, sign: str) -> Interval:
        value = self.literal(*self.take())
        if sign == "=":
            return _known(point(value), self.codes)
        self.ordered()
        if sign[0] == "<":
            return Interval(None, False, value, sign == "<=")
        return Interval(value, sign == ">=", None, False)

    def bracketed(self, left: str) -> Interval:
        self.ordered()
        low = self.literal(*self.take())
        if self.take()[0] != "comma":
            raise CellInvalid("范围应写作[1, 5)", "write a range as [1, 5)")
        high = self.literal(*self.take())
        kind, right = self.take()
        if kind != "close":
            raise CellInvalid("范围应以]或)结束", "a range ends with ] or )")
        return self.filled(Interval(low, left == "[", high, right == "]"))

    def ranged(self, first: str, last: str) -> Part:
        if self.type == "code" and self.codes is not None:
            for code in (first, last):
                _known(point(code), self.codes)
            inside = frozenset(code for code in self.codes if _rank(first) <= _rank(code) <= _rank(last))
            if not inside:
                raise CellInvalid(f"“{first}..{last}”中没有代码", f"there is no code in “{first}..{last}”")
            return CodeRange(first, last, inside)
        self.ordered()
        low, high = read_literal(first, self.type), read_literal(last, self.type)
        return self.filled(Interval(low, True, high, True))

    def ordered(self) -> None:
        if self.type not in ORDERED:
            raise CellInvalid("只有数字、日期、月份可以写范围", "only numbers, dates and months have ranges")

    def filled(self, part: Interval) -> Interval:
        low: Any = part.low
        high: Any = part.high
        if high < low or (high == low and not (part.low_closed and part.high_closed)):
            raise CellInvalid("范围中没有任何值", "there is no value in the range")
        return part


def _rank(code: str) -> tuple[int, str]:
    return len(code), code

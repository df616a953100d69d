"""Cuts each column into regions in which no cell changes its mind, so that questions about a table become exact set algebra.

A region is a single bound, the values between two bounds, a text, all other codes, or what is missing. A set of regions is
an int, one bit each; a box is such a set for every column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from app.core.text import Text
from app.rules.tables.cells import ORDERED, Absence, Cell, CodeRange, Interval, Value, point, show_literal, show_part
from app.rules.tables.model import Input, Row

FIRST_DAY, LAST_DAY = date.min, date.max
Box = tuple[int, ...]

_NUMBER_STEP: Final = Decimal("0.0001")
_OTHER_TEXT: Final = "其他"


@dataclass(frozen=True, slots=True)
class Region:
    """Values that every cell of the column takes alike, with one of them as example.

    `bounds` are its values for an ordered column, `codes` those of a code column; `other` stands for every text that no
    cell names. A region of what is missing has no example.
    """

    example: Value | None
    present: bool = True
    bounds: Interval | None = None
    codes: frozenset[str] = frozenset()
    other: bool = False


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of a column, in order."""

    input: Input
    regions: tuple[Region, ...]

    @property
    def full(self) -> int:
        return (1 << len(self.regions)) - 1

    def mask(self, cell: Cell) -> int:
        """The regions that a cell takes."""
        if cell.any:
            return self.full
        bits = 0
        for place, region in enumerate(self.regions):
            if cell.matches(region.example, region.present):
                bits |= 1 << place
        return bits

    def chosen(self, mask: int) -> Iterator[Region]:
        """The regions of a set."""
        return (region for place, region in enumerate(self.regions) if mask >> place & 1)

    def example(self, mask: int) -> Region:
        """A region of a set, one with a value where there is one."""
        found = list(self.chosen(mask))
        return next((region for region in found if region.example is not None), found[0])

    def show(self, mask: int) -> Text:
        """The set in words."""
        parts = [self.worded(part) for part in _joined(list(self.chosen(mask)))]
        return Text("、".join(part.zh for part in parts), " or ".join(part.en for part in parts))

    def worded(self, region: Region) -> Text:
        """A region in words."""
        if region.bounds is not None:
            if region.bounds.low is None and region.bounds.high is None:
                return Text("任何值", "any value")
            return Text(show_part(region.bounds), show_part(region.bounds))
        if region.codes:
            shown_codes = [self.code(code) for code in sorted(region.codes)[:5]]
            more = Text("等", " …") if len(region.codes) > 5 else Text("", "")
            return Text("、".join(t.zh for t in shown_codes) + more.zh, ", ".join(t.en for t in shown_codes) + more.en)
        if region.example is not None:
            return Text("其他文本", "any other text") if region.other else self.code(region.example)
        return Text("无值", "no value") if region.present else Text("未出现", "absent")

    def code(self, value: Value) -> Text:
        """A value with its words."""
        shown, label = show_literal(value), self.input.labels.get(value) if isinstance(value, str) else None
        return Text(f"{shown}（{label.zh}）", f"{shown} ({label.en})") if label else Text(shown, shown)


def regions_of(input_: Input, cells: Sequence[Cell]) -> Regions:
    """Cut a column by all that its cells say."""
    if input_.type in ORDERED:
        values = list(_ordered(input_, cells))
    elif input_.type == "boolean":
        values = [Region(True), Region(False)]
    else:
        values = list(_texts(input_, cells))
    tests = {part.name for cell in cells for part in cell.parts if isinstance(part, Absence)}
    if input_.optional or tests:
        values.append(Region(None))
        if "absent" in tests:
            values.append(Region(None, present=False))
    return Regions(input_, tuple(values))


def everything(input_: Input) -> Input:
    """The column without any word on what is to be expected there, so that its regions hold whatever may stand in a fact."""
    wider = {"code": "text", "integer": "number"}.get(input_.type, input_.type)
    return replace(input_, type=wider, codes=None, range=None, optional=True)


def boxes_of(columns: Sequence[Regions], rows: Sequence[Row]) -> list[Box]:
    """The box that each row takes."""
    return [tuple(column.mask(cell) for column, cell in zip(columns, row.cells, strict=True)) for row in rows]


def meeting(columns: Sequence[Regions], boxes: Sequence[Box]) -> Iterator[int]:
    """For each box the boxes that it meets, itself among them, as bits: region by region, not pair by pair."""
    holding = [[0] * len(column.regions) for column in columns]
    for place, box in enumerate(boxes):
        for column, mask in enumerate(box):
            for region in bits(mask):
                holding[column][region] |= 1 << place
    everywhere = [_union(held, column.full) for held, column in zip(holding, columns, strict=True)]
    for box in boxes:
        found = (1 << len(boxes)) - 1
        for column, mask in enumerate(box):
            found &= everywhere[column] if mask == columns[column].full else _union(holding[column], mask)
        yield found


def bits(mask: int) -> Iterator[int]:
    """The places of the bits of a set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _union(holding: Sequence[int], mask: int) -> int:
    found = 0
    for region in bits(mask):
        found |= holding[region]
    return found


def _texts(input_: Input, cells: Sequence[Cell]) -> Iterator[Region]:
    named = {text for cell in cells for text in cell.texts()}
    if input_.codes is None:
        yield from (Region(text) for text in sorted(named))
        other = _OTHER_TEXT
        while other in named:
            other += "…"
        yield Region(other, other=True)
        return
    # Codes that the same parts name need no region each: one for every way in which the cells tell them apart.
    groups: dict[tuple[bool, ...], set[str]] = {}
    parts = list(dict.fromkeys(part for cell in cells for part in cell.parts))
    for code in input_.codes.values:
        groups.setdefault(tuple(_names(part, code) for part in parts), set()).add(code)
    yield from (Region(min(codes), codes=frozenset(codes)) for codes in sorted(groups.values(), key=min))


def _names(part: object, code: str) -> bool:
    return code in part.codes if isinstance(part, CodeRange) else isinstance(part, Interval) and part.low == code


def _ordered(input_: Input, cells: Sequence[Cell]) -> Iterator[Region]:
    wanted = input_.range or _all_of(input_.type)
    bounds = {
        bound
        for part in [wanted, *(part for cell in cells for part in cell.parts if isinstance(part, Interval))]
        for bound in (part.low, part.high)
        if bound is not None
    }
    before: Value | None = None
    for bound in sorted(bounds):
        yield from _between(input_.type, before, bound, wanted)
        if wanted.holds(bound):
            yield Region(bound, bounds=point(bound))
        before = bound
    yield from _between(input_.type, before, None, wanted)


def _all_of(type_: str) -> Interval:
    if type_ == "date":
        return Interval(FIRST_DAY, True, LAST_DAY, True)
    if type_ == "month":
        return Interval("0000-01", True, "9999-12", True)
    return Interval(None, False, None, False)


def _between(type_: str, low: Value | None, high: Value | None, wanted: Interval) -> Iterator[Region]:
    """The region strictly between two bounds, if there is any value in it that is to be expected."""
    example = _inside(type_, low, high)
    if example is not None and wanted.holds(example):
        yield Region(example, bounds=Interval(low, False, high, False))


def _inside(type_: str, low: Any, high: Any) -> Value | None:
    """A value strictly between two bounds, None where there is none."""
    if type_ in ("date", "month"):
        if low is None or high is None:
            return None
        after = _next(type_, low)
        return after if after is not None and after < high else None
    if low is None and high is None:
        return 0
    if high is None:
        return _whole_above(low)
    if low is None:
        return -_whole_above(-high)
    above = _whole_above(low)
    if above < high:
        return above
    if type_ == "integer":
        return None
    return low + _NUMBER_STEP if low + _NUMBER_STEP < high else Decimal(low + high) / 2


def _whole_above(number: Any) -> int:
    return int(Decimal(number).to_integral_value("ROUND_FLOOR")) + 1


def _next(type_: str, value: Any) -> Value | None:
    if type_ == "date":
        return value + timedelta(days=1) if value < LAST_DAY else None
    year, month = int(value[:4]), int(value[5:])
    year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return f"{year:04}-{month:02}" if year <= 9999 else None


def _joined(regions: Sequence[Region]) -> Iterator[Region]:
    """The regions with neighbours put together, as they are worded."""
    held: Region | None = None
    codes: frozenset[str] = frozenset()
    for region in regions:
        if region.codes:
            codes |= region.codes
            continue
        if held is not None and held.bounds and region.bounds and _touch(held.bounds, region.bounds):
            joint = Interval(held.bounds.low, held.bounds.low_closed, region.bounds.high, region.bounds.high_closed)
            held = Region(held.example, bounds=joint)
            continue
        if held is not None:
            yield held
        held = region
    if codes:
        yield Region(min(codes), codes=codes)
    if held is not None:
        yield held


def _touch(left: Interval, right: Interval) -> bool:
    return left.high is not None and left.high == right.low and (left.high_closed or right.low_closed)

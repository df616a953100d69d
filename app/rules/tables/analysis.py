"""What a table leaves open, decides twice or never reaches: exact, over boxes of regions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from app.core.text import Text
from app.rules.tables.cells import Value, point
from app.rules.tables.model import Table
from app.rules.tables.regions import Box, Region, Regions, bits, boxes_of, meeting, regions_of

MAX_BOXES: Final = 20_000
"""Pieces of what is not covered that are kept at once; a table that needs more is not analysed to the end."""

MAX_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing the analysis found.

    `kind` is gap, contradiction, doubled, unreachable, idle or overlap, or unfinished where the table is too wide to be
    analysed to the end. `rows` are ids, `columns` those that tell the place apart, `example` values by column: a fact with
    these shows it. `fault` says whether the table cannot be used so.
    """

    kind: str
    fault: bool
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    example: tuple[tuple[str, Value | None], ...]
    message: Text

    def as_data(self) -> dict[str, Any]:
        """The remark as plain values, fit for JSON."""
        return {
            "kind": self.kind,
            "fault": self.fault,
            "rows": list(self.rows),
            "columns": list(self.columns),
            "example": {name: None if value is None else str(value) for name, value in self.example},
            "message": {"zh": self.message.zh, "en": self.message.en},
        }


def analyse(table: Table) -> tuple[Remark, ...]:
    """All there is to say of a table: contradictions and overlaps, rows never reached, gaps."""
    return tuple(_Analysis(table).remarks())


class _TooWide(Exception):
    pass


class _Analysis:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns: list[Regions] = [
            regions_of(input_, [row.cells[place] for row in table.rows]) for place, input_ in enumerate(table.inputs)
        ]
        self.boxes: list[Box] = boxes_of(self.columns, table.rows)
        self.all: Box = tuple(column.full for column in self.columns)

    def remarks(self) -> Iterator[Remark]:
        impossible = {place for place, box in enumerate(self.boxes) if not all(box)}
        yield from (self.never(place) for place in sorted(impossible))
        yield from self.overlaps()
        if self.table.hit in ("first", "worst"):
            yield from self.shadowed(impossible)
        if self.table.complete:
            yield from self.gaps()

    # rows against rows

    def overlaps(self) -> Iterator[Remark]:
        """Pairs of rows that both match, each with an example."""
        told = 0
        for place, other in self.pairs():
            if self.table.hit == "worst" and not self.tied(place, other):
                continue
            yield self.overlap(place, other)
            told += 1
            if told == MAX_TOLD:
                more = Text("还有更多重叠的行，未一一列出", "there are more overlapping rows than are listed")
                yield Remark("overlap", False, (), (), (), more)
                return

    def pairs(self) -> Iterator[tuple[int, int]]:
        """The pairs of rows whose boxes meet, by the earlier one."""
        for place, found in enumerate(meeting(self.columns, self.boxes)):
            yield from ((place, other) for other in bits(found >> (place + 1) << (place + 1)))

    def tied(self, place: int, other: int) -> bool:
        """Whether the order alone chooses between two rows that are equally bad, and it matters."""
        first, second = self.table.rows[place].answers, self.table.rows[other].answers
        return first[0] == second[0] and first != second

    def meet(self, place: int, other: int) -> Box:
        return tuple(a & b for a, b in zip(self.boxes[place], self.boxes[other], strict=True))

    def overlap(self, place: int, other: int) -> Remark:
        first, second = self.table.rows[place], self.table.rows[other]
        box = self.meet(place, other)
        shown = self.example_words(box)
        same = first.answers == second.answers
        unique = self.table.hit == "unique"
        if unique and not same:
            kind = "contradiction"
            text = Text(f"{first.id}与{second.id}矛盾：{shown.zh}时两行都符合，结论却不同",
                        f"{first.id} and {second.id} contradict each other: both match {shown.en}, with different answers")  # fmt: skip
        elif unique:
            kind = "doubled"
            text = Text(f"{first.id}与{second.id}重叠：{shown.zh}时两行都符合，只应有一行",
                        f"{first.id} and {second.id} overlap: both match {shown.en}, where one row alone may")  # fmt: skip
        else:
            kind = "overlap"
            text = Text(
                f"{first.id}与{second.id}重叠，例如{shown.zh}", f"{first.id} and {second.id} overlap: {shown.en}"
            )
        return Remark(kind, unique, (first.id, second.id), self.telling(box), self.example(box), text)

    def shadowed(self, impossible: set[int]) -> Iterator[Remark]:
        """Rows that never decide, since others that go before take all that they match."""
        order = self.table.deciding_order()
        for position, place in enumerate(order):
            before = [other for other in order[:position] if all(self.meet(place, other))]
            if place in impossible or not before:
                continue
            row = self.table.rows[place]
            try:
                left = self.uncovered(self.boxes[place], before)
            except _TooWide:
                yield self.unfinished((row.id,))
                continue
            if not left:
                taken = self.takers(place, before)
                by = ", ".join(taken)
                kind = "unreachable" if self.table.hit == "first" else "idle"
                text = Text(f"{row.id}永远轮不到：它的情形都已由{by}先行决定",
                            f"{row.id} is never reached: {by} decide before it wherever it matches")  # fmt: skip
                yield Remark(kind, True, (row.id, *taken), (), self.example(self.boxes[place]), text)

    def takers(self, place: int, before: Sequence[int]) -> tuple[str, ...]:
        """The rows that take what the row matches: those that are needed for it, in their order."""
        left, takers = [self.boxes[place]], []
        for other in before:
            after = [piece for box in left for piece in _minus(box, self.boxes[other])]
            if after != left:
                takers.append(self.table.rows[other].id)
            left = after
        return tuple(takers)

    def never(self, place: int) -> Remark:
        row = self.table.rows[place]
        columns = tuple(
            input_.id for input_, mask in zip(self.table.inputs, self.boxes[place], strict=True) if not mask
        )
        named = ", ".join(columns)
        text = Text(
            f"{row.id}的{named}列没有任何可能的值", f"{row.id}: no value that can occur fits the column {named}"
        )
        return Remark("unreachable", True, (row.id,), columns, (), text)

    # what no row takes

    def gaps(self) -> Iterator[Remark]:
        """Combinations that no row covers, put together to as few as can be told."""
        try:
            boxes = _merged(self.uncovered(self.all, range(len(self.boxes))))
        except _TooWide:
            yield self.unfinished(())
            return
        for box in boxes[:MAX_TOLD]:
            where, shown = self.words(box), self.example_words(box)
            yield Remark("gap", True, (), self.telling(box), self.example(box), Text(
                f"没有行覆盖：{where.zh}；例如{shown.zh}", f"no row covers {where.en}; for example {shown.en}"))  # fmt: skip
        if len(boxes) > MAX_TOLD:
            more = len(boxes) - MAX_TOLD
            yield Remark("gap", True, (), (), (), Text(f"另有{more}处没有行覆盖", f"{more} more places have no row"))

    def unfinished(self, rows: tuple[str, ...]) -> Remark:
        text = Text("组合太多，是否有遗漏没有查完；请减少列或合并行",
                    "too many combinations to look at all; use fewer columns or put rows together")  # fmt: skip
        return Remark("unfinished", False, rows, (), (), text)

    def uncovered(self, box: Box, rows: Sequence[int]) -> list[Box]:
        """What of a box no row covers, in pieces that do not meet. Raises _TooWide."""
        left = [box] if all(box) else []
        for place in rows:
            left = [piece for held in left for piece in _minus(held, self.boxes[place])]
            if len(left) > MAX_BOXES:
                raise _TooWide
        return left

    # words

    def telling(self, box: Box) -> tuple[str, ...]:
        """The columns in which the box is not everything."""
        return tuple(i.id for i, mask, full in zip(self.table.inputs, box, self.all, strict=True) if mask != full)

    def example(self, box: Box) -> tuple[tuple[str, Value | None], ...]:
        return tuple(
            (input_.id, column.example(mask).example if mask else None)
            for input_, column, mask in zip(self.table.inputs, self.columns, box, strict=True)
        )

    def example_words(self, box: Box) -> Text:
        pairs = [
            (column.input.title, column.worded(_single(column, mask)))
            for column, mask in zip(self.columns, box, strict=True)
        ]
        return _listed([(title, value) for title, value in pairs], "为", "is")

    def words(self, box: Box) -> Text:
        pairs = [
            (column.input.title, column.show(mask))
            for column, mask, full in zip(self.columns, box, self.all, strict=True)
            if mask != full
        ]
        return _listed(pairs, "为", "is") if pairs else Text("任何情形", "anything")


def _single(column: Regions, mask: int) -> Region:
    region = column.example(mask)
    if region.bounds is not None:
        return replace(region, bounds=point(region.example))
    return replace(region, codes=frozenset({str(region.example)})) if region.codes else region


def _listed(pairs: Sequence[tuple[Text, Text]], zh: str, en: str) -> Text:
    return Text(
        "、".join(f"{title.zh}{zh}{value.zh}" for title, value in pairs),
        ", ".join(f"{title.en} {en} {value.en}" for title, value in pairs),
    )


def _minus(box: Box, other: Box) -> Iterator[Box]:
    """The box without the other, in pieces that do not meet."""
    if not all(a & b for a, b in zip(box, other, strict=True)):
        yield box
        return
    rest = list(box)
    for place, mask in enumerate(other):
        outside = rest[place] & ~mask
        if outside:
            yield (*rest[:place], outside, *rest[place + 1 :])
        rest[place] &= mask


def _merged(boxes: Sequence[Box]) -> list[Box]:
    """The boxes with those put together that differ in one column."""
    found = list(boxes)
    changed = True
    while changed:
        changed = False
        for column in range(len(found[0]) if found else 0):
            together: dict[Box, int] = {}
            for box in found:
                rest = (*box[:column], *box[column + 1 :])
                together[rest] = together.get(rest, 0) | box[column]
            if len(together) < len(found):
                changed = True
                found = [(*rest[:column], mask, *rest[column:]) for rest, mask in together.items()]
    return found

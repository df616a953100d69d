"""The notation of cells: what it means, that it reads back as it is shown, and what is refused with which words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import COLUMNS, LETTERS, LITERALS, Maker

from app.rules.tables.cells import ANY, CellInvalid, list_cell, read_cell, show_cell

CODES = LETTERS.values


@pytest.mark.parametrize(
    ("text", "type_", "taken", "left"),
    [
        ("5", "number", [5, Decimal("5.0")], [4, None]),
        ("< 30", "number", [29, Decimal("-1.5")], [30, None]),
        (">= 90", "integer", [90, 91], [89, None]),
        ("[1, 5)", "number", [1, Decimal("4.9999")], [5, Decimal("0.9")]),
        ("(1, 5]", "number", [5, Decimal("1.1")], [1]),
        ("1..3", "integer", [1, 2, 3], [0, 4]),
        ("not 3, 4", "number", [5], [3, 4, None]),
        ("非 3", "number", [5], [3, None]),
        ("empty", "number", [None], [5]),
        ("not empty", "number", [5], [None]),
        ("无值, 0", "number", [None, 0], [1]),
        ("A, B", "text", ["A", "B"], ["C", None]),
        ('"a, b"', "text", ["a, b"], ["a", None]),
        ("“张 三”", "text", ["张 三"], ["张"]),
        ("A..C", "code", ["A", "B", "C"], ["D", "10", None]),
        ("> 2026-01-31", "date", [date(2026, 2, 1)], [date(2026, 1, 31), None]),
        ("[2026-01, 2026-03)", "month", ["2026-01", "2026-02"], ["2026-03", None]),
        ("是", "boolean", [True], [False, None]),
        ("-", "number", [None, 5], []),
        ("", "text", [None, "x"], []),
        ("> 5，1", "number", [6, 1], [5]),
    ],
)
def test_what_a_cell_takes(text: str, type_: str, taken: list[Any], left: list[Any]) -> None:
    cell = read_cell(text, type_, CODES if type_ == "code" else None)

    assert [value for value in taken if not cell.matches(value, True)] == []
    assert [value for value in left if cell.matches(value, True)] == []


def test_absent_is_more_than_empty() -> None:
    absent, empty = read_cell("absent", "text"), read_cell("empty", "text")

    assert (absent.matches(None, False), absent.matches(None, True)) == (True, False)
    assert (empty.matches(None, False), empty.matches(None, True)) == (True, True)


@pytest.mark.parametrize(
    ("text", "type_", "says"),
    [
        ("[5, 1]", "number", "no value in the range"),
        ("(5, 5)", "number", "no value in the range"),
        ("> A", "text", "only numbers, dates and months"),
        ("1 2", "number", "separated by commas"),
        ("[1, 2", "number", "ends too early"),
        ("1,", "number", "ends too early"),
        ("abc", "number", "not a number"),
        ("1.23456", "number", "4 decimals"),
        ("1.5", "integer", "not a whole number"),
        ("2026-13-01", "date", "not a date"),
        ("2026-13", "month", "not a month"),
        ("maybe", "boolean", "neither true nor false"),
        ("Z", "code", "no “Z”"),
        ("A..Z", "code", "no “Z”"),
        ("D..A", "code", "no code in"),
        ("'x'", "text", "cannot be read"),
        ("=", "number", "ends too early"),
        ("not", "number", "not a number"),
        ('""', "text", "must not be empty"),
        ('" a"', "text", "begin or end with a blank"),
        ("x" * 401, "text", "at most 400"),
        ("1," * 3000, "number", "at most 4000"),
        (",".join(map(str, range(600))), "number", "1 to 500"),
        ("__import__('os').system('x')", "text", "cannot be read"),
    ],
)
def test_what_is_refused(text: str, type_: str, says: str) -> None:
    with pytest.raises(CellInvalid) as refused:
        read_cell(text, type_, CODES if type_ == "code" else None)

    assert says in refused.value.message.en
    assert refused.value.message.zh


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), type_=st.sampled_from(list(COLUMNS)))
def test_a_cell_reads_back_as_it_is_shown(seed: int, type_: str) -> None:
    codes = CODES if type_ == "code" else None
    written = Maker(seed).cell(type_, item=True)
    cell = list_cell(written, type_, codes) if isinstance(written, list) else read_cell(written, type_, codes)

    assert read_cell(show_cell(cell), type_, codes) == cell
    assert cell == ANY or cell.parts


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=30), type_=st.sampled_from(list(LITERALS)))
def test_any_text_is_a_cell_or_refused_in_words(text: str, type_: str) -> None:
    said: CellInvalid | None = None
    cell = ANY
    try:
        cell = read_cell(text, type_, CODES if type_ == "code" else None)
    except CellInvalid as refused:
        said = refused

    assert said is None or (said.message.zh and said.message.en)
    assert cell.matches(None, True) in (True, False)

"""File names and headers: fixed positions, all faults at once, each with its place."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.standard.catalogue import current
from app.standard.files import FeedbackHeader, FileHeader, FileName

LAYOUTS = current().layouts["common"]
NAME = LAYOUTS["file_naming"]["example"]
HEADER = LAYOUTS["header"]["example"]
FEEDBACK = "A0722.0.0A111111111111120240131210000132.0.020240201080000" + "0000009" + "0000001"


def test_published_examples_come_back() -> None:
    name = FileName.parse(NAME)
    assert name == FileName("A1111111111111", date(2024, 1, 31), "210", "001")
    assert name.text == NAME.removesuffix(".txt")
    assert name.original == name.text[:29]
    header = FileHeader.parse(HEADER)
    assert header == FileHeader("210", "A1111111111111", datetime(2024, 1, 31, 20, 15), 1)
    assert header.text == HEADER
    feedback = FeedbackHeader.parse(FEEDBACK)
    assert (feedback.original, feedback.feedback_flag) == (name.original, "3")
    assert (feedback.accepted, feedback.rejected) == (9, 1)
    assert feedback.text == FEEDBACK


def test_lengths_are_those_of_the_edition() -> None:
    assert len(HEADER) == LAYOUTS["header"]["length"] == 50
    assert len(FEEDBACK) == LAYOUTS["feedback"]["header"]["length"] == 72
    assert len(FileName.parse(NAME).text) == LAYOUTS["file_naming"]["prefix_length"] == 30


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("", [1, 15, 23, 26, 27, 30]),
        ("A11111111111112024013121000010x.txt", []),
        ("A1111-11111111" + "20240131" + "210" + "0" + "001" + "0", [1]),
        ("A1111111111111" + "20240230" + "210" + "0" + "001" + "0", [15]),
        ("A1111111111111" + "２0240131" + "210" + "0" + "001" + "0", [15]),
        ("A1111111111111" + "20240131" + "999" + "0" + "001" + "0", [23]),
        ("A1111111111111" + "20240131" + "210" + "1" + "0 1" + "3", [26, 27, 30]),
    ],
)
def test_bad_names(text: str, positions: list[int]) -> None:
    name, findings = FileName.check(text)
    assert name is None
    assert {found.code for found in findings} == {"ABN003"}
    assert sorted(found.position for found in findings if found.position) == positions


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        (HEADER[:-1], [44]),
        (HEADER + " ", []),
        ("B" + HEADER[1:], [1]),
        ("A051" + HEADER[4:], [2]),
        (HEADER.replace("2.0.0", "2.0,0"), [8]),
        (HEADER.replace("  ", " 1"), [13]),
        (HEADER.replace("20240131201500", "20240131201560"), [29]),
        (HEADER[:42] + "1" + HEADER[43:], [43]),
        (HEADER[:4] + "999" + HEADER[7:43] + "000000x", [5, 44]),
    ],
)
def test_bad_headers(text: str, positions: list[int]) -> None:
    header, findings = FileHeader.check(text)
    assert header is None
    assert {(found.code, found.line) for found in findings} == {("ABH005", 1)}
    assert sorted(found.position for found in findings if found.position) == positions
    with pytest.raises(Invalid) as caught:
        FileHeader.parse(text)
    assert caught.value.code == "standard.file_header"


def test_bad_feedback_header_names_its_places() -> None:
    header, findings = FeedbackHeader.check("A072" + "2.0.0" + "x" * 29 + "0" + FEEDBACK[39:])
    assert header is None
    assert sorted(found.position for found in findings if found.position) == [10, 39]


def test_a_value_that_does_not_fit_its_place_is_not_written() -> None:
    with pytest.raises(Invalid):
        _ = FileHeader("210", "A1111111111111", datetime(2024, 1, 31), 10_000_000).text
    with pytest.raises(Invalid):
        _ = FileName("short", date(2024, 1, 31), "210", "001").text


@given(st.text(max_size=80))
def test_no_text_makes_the_checks_fail(text: str) -> None:
    for check in (FileName.check, FileHeader.check, FeedbackHeader.check):
        parsed, findings = check(text)
        assert (parsed is None) == bool(findings)


@given(
    st.text("0123456789ABCxyz", min_size=14, max_size=14),
    st.datetimes(datetime(1901, 1, 1), datetime(2099, 12, 31)),
    st.sampled_from(sorted(current().records)),
    st.integers(0, 9_999_999),
    st.sampled_from(["10", "90", "  "]),
)
def test_headers_come_back(provider: str, created: datetime, code: str, count: int, template: str) -> None:
    header = FileHeader(code, provider, created.replace(microsecond=0), count, template=template)
    assert FileHeader.parse(header.text) == header
    name = FileName(provider, created.date(), code, f"{count % 1000:03}")
    assert FileName.parse(name.text) == name

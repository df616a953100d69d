"""Feedback files: what the centre says comes back whole, and garbled feedback is told apart."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.standard.files import (
    ALL_ACCEPTED,
    FILE_REFUSED,
    SOME_REFUSED,
    FeedbackError,
    FeedbackFile,
    FeedbackHeader,
    FeedbackItem,
    read_feedback,
    write_feedback,
)

ORIGINAL = "A1111111111111202401312100001"
NAME = f"{ORIGINAL}3.txt"
ITEMS = [
    FeedbackItem((FeedbackError("BLE001", "CloseDate"),), 3, "<Document>张三</Document>"),
    FeedbackItem((FeedbackError("ABE001", "Name"), FeedbackError("ABR000", "0000")), 17, "x"),
]


def header(flag: str = SOME_REFUSED, accepted: int = 5, rejected: int = 2) -> FeedbackHeader:
    return FeedbackHeader(ORIGINAL, flag, datetime(2024, 2, 1, 8), accepted, rejected)


def written(head: FeedbackHeader, items: list[FeedbackItem]) -> bytes:
    target = io.BytesIO()
    write_feedback(target, head, items)
    return target.getvalue()


GOOD = written(header(), ITEMS)


def feedback(raw: bytes, name: str = NAME) -> FeedbackFile:
    return read_feedback(io.BytesIO(raw), name)


def test_some_records_refused(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(GOOD)
    file = read_feedback(path)
    assert [line.item for line in file] == ITEMS
    assert file.findings == ()
    assert file.header == header()


def test_the_published_line_is_understood() -> None:
    line = (
        "<Document><FbInf><ErrRecId>3</ErrRecId><FbErrNum>1</FbErrNum><ErrInf><FbCode>BLE001</FbCode>"
        "<FbMsg>CloseDate</FbMsg></ErrInf><ErrRec>eA==</ErrRec></FbInf></Document>"
    )
    file = feedback(f"{header(rejected=1).text}\r\n{line}\r\n".encode())
    assert [entry.item for entry in file] == [FeedbackItem((FeedbackError("BLE001", "CloseDate"),), 3, "x")]
    assert file.findings == ()


def test_all_accepted_and_file_refused() -> None:
    accepted = feedback(written(header(ALL_ACCEPTED, 7, 0), []), f"{ORIGINAL}1.txt")
    assert list(accepted) == []
    assert accepted.findings == ()
    whole = [FeedbackItem((FeedbackError("ABH005", "0000"),))]
    refused = feedback(written(header(FILE_REFUSED, 0, 7), whole), f"{ORIGINAL}2.txt")
    assert [line.item for line in refused] == whole
    assert refused.findings == ()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"A072", b"A050", "ABH005"),
        (b"0000002", b"0000009", "ABH005"),
        (b"\r\n", b"\n", "ABF010"),
        (b"BLE001", b"oops", "ABR006"),
        (b"<FbErrNum>1", b"<FbErrNum>2", "ABR006"),
        (b"<ErrRecId>3", b"<ErrRecId>0", "ABR006"),
        (b"<ErrRecId>3", b"<ErrRecId>three", "ABR006"),
        (b"<ErrRec>", b"<ErrRec>*", "ABR006"),
        (b"<ErrRec>", b"<ErrRec>/w==", "ABR006"),
        (b"<FbInf>", b"<FbInf><Strange></Strange>", "ABR000"),
        (b"<FbInf>", b"<Other>", "ABR000"),
        (b"<FbInf>", b'<!ENTITY a "b"><FbInf>', "ABR006"),
        (b"</FbInf>", b"", "ABR006"),
        (b"CloseDate", b"\xd6\xd0", "ABF011"),
        (ORIGINAL.encode(), b"B" + ORIGINAL[1:].encode(), "ABF007"),
    ],
)
def test_garbled_feedback_gives_findings(old: bytes, new: bytes, code: str) -> None:
    file = feedback(GOOD.replace(old, new, 1))
    of_lines = [found.code for line in file for found in line.findings]
    assert code in [*of_lines, *(found.code for found in file.findings)]


def test_a_garbled_line_does_not_spoil_the_others() -> None:
    lines = list(feedback(GOOD.replace(b"BLE001", b"oops")))
    assert [line.item for line in lines] == [None, ITEMS[1]]


def test_writing_counts_that_do_not_fit_is_noticed() -> None:
    with pytest.raises(Invalid):
        written(header(rejected=3), ITEMS)
    with pytest.raises(Invalid):
        written(header(ALL_ACCEPTED), ITEMS)


@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_bytes_make_the_reader_fail(raw: bytes, name: str) -> None:
    file = feedback(raw, name)
    assert all(line.item is None for line in file)
    assert file.findings


@given(st.data())
def test_no_damage_makes_the_reader_fail(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    upto = data.draw(st.integers(at, len(GOOD)))
    file = feedback(GOOD[:at] + data.draw(st.binary(max_size=8)) + GOOD[upto:])
    for line in file:
        assert line.item or line.findings

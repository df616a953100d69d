"""Report files: what is read from good ones, and how every kind of bad one is refused."""

from __future__ import annotations

import io
import tracemalloc
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.standard.catalogue import current
from app.standard.files import FileHeader, ReportFile, read_report, render_record, write_report

NAME = "A11111111111112024013121000010.txt"
HEADER = FileHeader("210", "A1111111111111", datetime(2024, 1, 31, 20, 15), 2)
LINES = [
    render_record(current().record("210"), {"B": {"InfRecType": "210", "Name": name}}) for name in ("张三", "Li & Co")
]
GOOD = "\r\n".join([HEADER.text, *LINES, ""]).encode()


def report(raw: bytes, name: str = NAME) -> ReportFile:
    return read_report(io.BytesIO(raw), name)


def codes(raw: bytes, name: str = NAME) -> list[tuple[int, str]]:
    """All findings of a file as (line, code)."""
    file = report(raw, name)
    of_lines = [(found.line, found.code) for line in file for found in line.findings]
    return [(found.line, found.code) for found in file.findings] + of_lines


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with path.open("wb") as target:
        write_report(target, HEADER, LINES)
    assert path.read_bytes() == GOOD
    file = read_report(path)
    lines = list(file)
    assert file.findings == ()
    assert file.header == HEADER
    assert file.record_type is current().record("210")
    assert [(line.number, line.record["B"]["Name"], line.findings) for line in lines if line.record] == [
        (2, "张三", ()),
        (3, "Li & Co", ()),
    ]
    assert [line.text for line in lines] == LINES
    assert list(file) == lines


def test_facts_of_a_good_file() -> None:
    file = report(GOOD)
    list(file)
    facts = file.facts()
    assert facts["name"] == {
        "prefix": NAME[:30],
        "length": 30,
        "provider": "A1111111111111",
        "date": "20240131",
        "record_type": "210",
        "reserved": "0",
        "serial": "001",
        "feedback_flag": "0",
    }
    assert facts["header"]["count"] == 2
    assert facts["header"]["created_date"] == "2024-01-31"
    assert facts["header"]["length"] == 50
    assert facts["header"]["template"] == "  "
    assert facts["file"] == {
        "utf8": True,
        "separators": True,
        "longest_line": max(map(len, LINES)),
        "records": 2,
        "parses": True,
    }


def test_facts_of_a_bad_file_say_what_stands_there() -> None:
    file = report(b"A05\xd6\xd0\r\n\r\nx\n", "short.txt")
    list(file)
    facts = file.facts()
    assert facts["name"]["prefix"] == "short"
    assert facts["name"]["length"] == 5
    assert "count" not in facts["header"]
    assert facts["file"]["utf8"] is False
    assert facts["file"]["separators"] is False
    assert facts["file"]["parses"] is False


BAD_FILES = [
    ("nothing", b"", [(1, "ABH005")]),
    ("header only, count wrong", GOOD[:52], [(1, "ABH005")]),
    ("utf-8 byte order mark", b"\xef\xbb\xbf" + GOOD, [(1, "ABF011")]),
    ("utf-16", GOOD.decode().encode("utf-16"), [(1, "ABF010"), (1, "ABF011")]),
    ("gbk", GOOD.decode().encode("gbk"), [(2, "ABF011")]),
    ("lf only", GOOD.replace(b"\r\n", b"\n"), [(1, "ABF010"), (2, "ABF010"), (3, "ABF010")]),
    ("cr only", GOOD.replace(b"\r\n", b"\r"), [(1, "ABF010")]),
    ("empty line", GOOD.replace(b"\r\n", b"\r\n\r\n", 1), [(1, "ABH005"), (2, "ABF010")]),
    ("empty line at the end", GOOD + b"\r\n", [(1, "ABH005"), (4, "ABF010")]),
    ("no line end at the end", GOOD[:-2], []),
    ("half a line end at the end", GOOD[:-1], [(3, "ABF010")]),
    ("cr inside a record", GOOD.replace(b"Li ", b"Li\r"), [(3, "ABF010")]),
    ("line break inside a record", GOOD.replace(b"Li ", b"Li\r\n"), [(1, "ABH005"), (3, "ABR006"), (4, "ABR006")]),
    ("cut off", GOOD[:-30], [(3, "ABR006")]),
    ("nul", GOOD.replace(b"Li ", b"Li\x00"), [(3, "ABR006")]),
    ("count", GOOD.replace(b"0000002", b"0000003"), [(1, "ABH005")]),
    ("other provider", GOOD.replace(b"A1111", b"B1111", 1), [(1, "ABF007")]),
    ("other day and type", GOOD.replace(b"20240131", b"20240201").replace(b"050210", b"050220"),
     [(1, "ABF007"), (1, "ABF007"), (2, "ABR000"), (3, "ABR000")]),
    ("too long a line", GOOD.replace(b"Li ", b"L" * 100_000), [(3, "ABF008")]),
    ("entity bomb", GOOD.replace(b"<Document>", b'<!DOCTYPE x [<!ENTITY a "&b;&b;">]><Document>', 1), [(2, "ABR006")]),
    ("header too long", b"A" * 5000 + b"\r\n", [(1, "ABF008")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw", "expected"), BAD_FILES, ids=[case[0] for case in BAD_FILES])
def test_bad_files(name: str, raw: bytes, expected: list[tuple[int, str]]) -> None:
    found = codes(raw)
    assert set(expected) <= set(found)
    if name not in ("utf-16", "cr only", "lf only"):
        assert sorted(found) == sorted(expected)


def test_all_findings_have_words_and_a_place() -> None:
    file = report(GOOD.decode().replace("张三", "\x01").replace("Li", "<b>").encode("utf-16"), "x.bin")
    findings = [*file.findings, *(found for line in file for found in line.findings)]
    assert findings
    for found in findings:
        assert found.message.zh
        assert found.message.en
        assert "{" not in found.message.zh + found.message.en


def test_a_bad_name_is_a_finding_at_line_zero() -> None:
    assert (0, "ABN003") in codes(GOOD, "upload.txt")


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        read_report(tmp_path / NAME)
    assert caught.value.code == "standard.file"
    with pytest.raises(Invalid):
        read_report(tmp_path)


def test_a_line_of_200_megabytes_is_refused_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with path.open("wb") as target:
        target.write(GOOD)
        target.truncate(200_000_000)
        target.seek(0, io.SEEK_END)
        target.write(b"\r\n" + LINES[0].encode() + b"\r\n")
    tracemalloc.start()
    file = read_report(path)
    lines = list(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
    assert [line.number for line in lines] == [2, 3, 4, 5]
    assert [found.code for found in lines[2].findings] == ["ABF008"]
    assert lines[2].record is None
    assert lines[3].record is not None
    assert file.facts()["file"]["longest_line"] == 200_000_000 - len(GOOD)


def test_a_header_of_200_megabytes_is_refused_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with path.open("wb") as target:
        target.truncate(200_000_000)
    tracemalloc.start()
    file = read_report(path)
    assert list(file) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
    assert file.header is None
    assert {found.code for found in file.findings} == {"ABF008", "ABF010"}


def test_a_multi_byte_character_across_two_reads_is_counted_once() -> None:
    long = render_record(current().record("210"), {"B": {"Name": "中" * 99_000}})
    raw = "\r\n".join([HEADER.text, long, long, ""]).encode()
    assert codes(raw) == []
    too_long = render_record(current().record("210"), {"B": {"Name": "中" * 150_000}})
    file = report("\r\n".join([HEADER.text, too_long, LINES[0], ""]).encode())
    lines = list(file)
    assert file.facts()["file"]["longest_line"] == len(too_long)
    assert lines[0].findings[0].code == "ABF008"
    assert lines[1].record is not None


def test_writing_a_wrong_count_is_noticed() -> None:
    with pytest.raises(Invalid):
        write_report(io.BytesIO(), HEADER, LINES[:1])


@given(st.binary(max_size=400), st.text(max_size=40))
def test_no_bytes_make_the_reader_fail(raw: bytes, name: str) -> None:
    file = report(raw, name)
    assert all(line.record is None for line in file)
    assert file.findings
    assert set(file.facts()) == {"name", "header", "file"}


@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_damage_makes_the_reader_fail(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    upto = data.draw(st.integers(at, len(GOOD)))
    raw = GOOD[:at] + data.draw(st.binary(max_size=8)) + GOOD[upto:]
    file = report(raw)
    assert [line.number for line in file] == list(range(2, raw.count(b"\n") + (not raw.endswith(b"\n")) + 1))

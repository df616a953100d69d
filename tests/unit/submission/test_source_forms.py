"""Every form of delivery, well made and hostile: fixed width in characters and bytes, JSON, GB18030, bombs, formulas, NULs."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.core.errors import CreditLinkError, Invalid
from app.lake.connection import Lake
from app.submission.mapping import FixedColumn, SourceMapping, SourceTable
from app.submission.sources import Base, Delivery, Landed, land, landing_name

PROVIDER = "A1111111111111"
DAY = date(2026, 10, 31)
LAYOUT = (FixedColumn("NO", 1, 3), FixedColumn("NAME", 4, 6), FixedColumn("SUM", 10, 5))


def source(kind: Any, location: str, **changes: Any) -> SourceMapping:
    table = {name: changes.pop(name) for name in ("layout", "bytewise") if name in changes}
    given: dict[str, Any] = {
        "source": f"s{abs(hash((kind, location, str(table), str(changes)))) % 10**6}",
        "kind": kind,
        "title": None,
        "encoding": "gb18030",
        "delimiter": ",",
        "control": None,
        "tables": {"T": SourceTable("T", location, ("NO",), **table)},
        "targets": (),
        "code_tables": {},
        "edition": "e",
    }
    return SourceMapping(**(given | changes))


def take(lake: Lake, mapping: SourceMapping, path: Path, base: Base | None = None) -> Landed:
    return land(lake, mapping, Delivery(PROVIDER, mapping.source, path), DAY, base=base)


def rows(lake: Lake, mapping: SourceMapping, columns: str) -> list[tuple[Any, ...]]:
    return lake.rows(f"SELECT {columns} FROM {landing_name(mapping.source, 'T')} ORDER BY NO")


def refused(lake: Lake, mapping: SourceMapping, path: Path) -> CreditLinkError:
    with pytest.raises(Invalid) as problem:
        take(lake, mapping, path)
    assert problem.value.message.zh
    return problem.value


def write(folder: Path, name: str, content: str | bytes, encoding: str = "gb18030") -> Path:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return folder


def test_positions_count_characters(memory: Lake, tmp_path: Path) -> None:
    mapping = source("fixed", "T.txt", layout=LAYOUT)
    write(tmp_path, "T.txt", "001拟子癸   12.50\n002ab    7\n")

    take(memory, mapping, tmp_path)

    assert rows(memory, mapping, "NO, NAME, SUM") == [("001", "拟子癸", "12.50"), ("002", "ab", "7")]


def test_positions_count_bytes_of_gbk_and_of_four_byte_characters(memory: Lake, tmp_path: Path) -> None:
    mapping = source("fixed", "T.txt", layout=LAYOUT, bytewise=True)
    write(tmp_path, "T.txt", "001拟子癸12.50\n002𠮷甲 3.00\n")

    take(memory, mapping, tmp_path)

    assert rows(memory, mapping, "NO, NAME, SUM") == [("001", "拟子癸", "12.50"), ("002", "𠮷甲", "3.00")]


@pytest.mark.parametrize(
    ("text", "words"),
    [("001ab癸子甲12.50\n01拟子癸甲 1\n", "begins within a character"), ("001abc\n", "shorter than its columns")],
)
def test_lines_that_do_not_fit_their_layout_are_refused(memory: Lake, tmp_path: Path, text: str, words: str) -> None:
    mapping = source("fixed", "T.txt", layout=LAYOUT, bytewise=True)

    assert words in refused(memory, mapping, write(tmp_path, "T.txt", text)).message.en


OBJECTS = [{"NO": 1, "NAME": "拟子癸", "SUM": 12.50}, {"NO": "2", "NAME": None, "MORE": {"a": [1]}}]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("\n".join(json.dumps(each, ensure_ascii=False) for each in OBJECTS), ""),
        (json.dumps(OBJECTS, ensure_ascii=False), ""),
        (json.dumps({"data": {"rows": OBJECTS}}, ensure_ascii=False, indent=2), "data.rows"),
    ],
    ids=["lines", "list", "inside"],
)
def test_json_in_each_of_its_ways(memory: Lake, tmp_path: Path, text: str, where: str) -> None:
    mapping = source("json", "T.json", rows=where)

    landed = take(memory, mapping, write(tmp_path, "T.json", text))

    assert landed.rows == {"T": 2}
    assert rows(memory, mapping, "NO, NAME, SUM, MORE") == [
        ("1", "拟子癸", "12.5", None),
        ("2", None, None, '{"a":[1]}'),
    ]


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"NO": 1}\n{"NO":', '"words"', '{"NO": 1}\n[]'])
def test_json_that_is_none_is_refused(memory: Lake, tmp_path: Path, text: str) -> None:
    assert (
        refused(memory, source("json", "T.json"), write(tmp_path, "T.json", text)).code == "submission.delivery_damaged"
    )


def test_gb18030_holds_what_gbk_cannot(memory: Lake, tmp_path: Path) -> None:
    mapping = source("csv", "T.csv", encoding="gbk")

    take(memory, mapping, write(tmp_path, "T.csv", "NO,NAME\n1,𠮷\n"))

    assert rows(memory, mapping, "NAME") == [("𠮷",)]


def test_a_mark_of_byte_order_is_no_part_of_a_name(memory: Lake, tmp_path: Path) -> None:
    mapping = source("csv", "T.csv", encoding="utf-8")

    take(memory, mapping, write(tmp_path, "T.csv", "NO,NAME\n1,甲\n", "utf-8-sig"))

    assert rows(memory, mapping, "NO") == [("1",)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"NO,NAME\n1,a\0b\n", "byte 11 is a NUL"),
        (b"NO,NAME,NAME\n1,a,b\n", "column names stand twice: NAME"),
        (b"NO,name,NAME\n1,a,b\n", "column names stand twice: NAME, name"),
        (b"NO,NAME\n1," + b"x" * 10_000_000 + b"\n", "cannot be read"),
        (b"x" * 2_000_000, "first line is too long"),
    ],
    ids=["NUL", "doubled", "doubled but for case", "line of 10 MB", "header of 2 MB"],
)
def test_hostile_text_is_refused_in_words(memory: Lake, tmp_path: Path, content: bytes, words: str) -> None:
    problem = refused(memory, source("csv", "T.csv"), write(tmp_path, "T.csv", content))

    assert words in problem.message.en
    assert len(problem.message.en) < 600


def book(path: Path, cells: list[list[Any]]) -> Path:
    made = openpyxl.Workbook()
    assert made.active is not None
    for row in cells:
        made.active.append(row)
    made.save(path)
    return path


def test_a_formula_without_a_result_is_told_with_its_cell(memory: Lake, tmp_path: Path) -> None:
    book(tmp_path / "b.xlsx", [["NO", "NAME"], [1, "=1+1"]])

    assert "formula in B2" in refused(memory, source("excel", "T"), tmp_path).message.en


def test_a_workbook_that_unfolds_to_far_more_is_not_opened(memory: Lake, tmp_path: Path) -> None:
    book(tmp_path / "b.xlsx", [["NO", "NAME"], [1, "甲"]])
    with zipfile.ZipFile(tmp_path / "b.xlsx", "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/media/bomb.bin", b"\0" * 30_000_000)

    assert "unfolds" in refused(memory, source("excel", "T"), tmp_path).message.en


def test_a_workbook_with_entities_of_its_own_is_not_opened(memory: Lake, tmp_path: Path) -> None:
    book(tmp_path / "b.xlsx", [["NO"], [1]])
    with zipfile.ZipFile(tmp_path / "b.xlsx", "a") as parts:
        parts.writestr("xl/evil.xml", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')

    assert "entities" in refused(memory, source("excel", "T"), tmp_path).message.en


def control(folder: Path, **tables: Any) -> Path:
    (folder / "control.json").write_text(json.dumps({"business_date": "2026-10-31", "tables": tables}))
    return folder


def test_totals_of_amounts_are_held_against_the_control_file(memory: Lake, tmp_path: Path) -> None:
    mapping = source("csv", "T.csv", control="control.json")
    write(tmp_path, "T.csv", "NO,SUM\n1,0.10\n2,0.20\n")

    landed = take(memory, mapping, control(tmp_path, T={"rows": 2, "totals": {"SUM": "0.3"}}))
    assert [(each.name, each.expected, each.found) for each in landed.figures] == [
        ("rows", "2", "2"),
        ("SUM", "0.3", "0.3"),
    ]

    problem = refused(memory, mapping, control(tmp_path, T={"rows": 2, "totals": {"SUM": 0.31}}))
    assert problem.code == "submission.delivery_short"
    assert "T.SUM 0.3/0.31" in problem.message.en
    assert len(rows(memory, mapping, "NO")) == 2


def test_a_table_that_lost_most_of_its_rows_is_taken_for_short(memory: Lake, tmp_path: Path) -> None:
    mapping = source("csv", "T.csv")
    write(tmp_path, "T.csv", "NO\n" + "".join(f"{number}\n" for number in range(49)))
    before = Base(date(2026, 10, 30), {}, {"T": 100})

    with pytest.raises(Invalid, match="T 49/100") as problem:
        take(memory, mapping, tmp_path, before)
    assert problem.value.code == "submission.delivery_shrunk"
    assert take(memory, mapping, tmp_path, Base(before.day, {}, {"T": 98})).rows == {"T": 49}


def test_drift_is_listed(memory: Lake, tmp_path: Path) -> None:
    mapping = source("csv", "T.csv")
    write(tmp_path, "T.csv", "NO,CUST_NAME,SUM,NEW\n1,甲,x,1\n")
    before = Base(date(2026, 10, 30), {"T": {"NO": "number", "CUSTNAME": "text", "SUM": "number", "GONE": "empty"}}, {})

    found = [(each.what, each.before, each.now) for each in take(memory, mapping, tmp_path, before).drift]

    assert found == [
        ("renamed", "CUSTNAME", "CUST_NAME"),
        ("renamed", "GONE", "NEW"),
        ("kind", "SUM: number", "text"),
    ]


def test_all_lacking_columns_are_named_with_their_likely_names(memory: Lake, tmp_path: Path) -> None:
    mapping = source("csv", "T.csv")

    problem = refused(memory, mapping, write(tmp_path, "T.csv", "N0,NAME\n1,甲\n"))

    assert problem.code == "submission.delivery_columns"
    assert "T lacks the columns NO" in problem.message.en

"""Deliveries into landing: GBK files, SQL databases, workbooks, Parquet; short, damaged and missing ones."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest

from app.core.config import override
from app.core.errors import CreditLinkError, Invalid, Unavailable
from app.lake.connection import Lake
from app.submission.mapping import Column, SourceMapping, SourceTable, Target
from app.submission.sources import Delivery, land, landing_name, listed_sources

PROVIDER = "A1111111111111"
DAY = date(2026, 10, 31)
NEXT = date(2026, 11, 1)


def mapping(kind: Any, name: str, location: str, control: str | None = None, encoding: str = "utf-8") -> SourceMapping:
    """One table T with key NO whose mapping reads NAME."""
    return SourceMapping(
        source=name,
        kind=kind,
        title=None,  # type: ignore[arg-type]
        encoding=encoding,
        delimiter=",",
        control=control,
        tables={"T": SourceTable("T", location, ("NO",))},
        targets=(Target("person", "T", {"Name": Column(("NAME",))}),),
        code_tables={},
        edition="e",
    )


def landed(lake: Lake, source: str) -> list[tuple[Any, ...]]:
    return lake.rows(
        f"SELECT NO, NAME, _load, _row, CAST(business_date AS VARCHAR) FROM {landing_name(source, 'T')} ORDER BY ALL"
    )


def csv(folder: Path, text: str, encoding: str = "gbk") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "T.csv").write_bytes(text.encode(encoding))
    return folder


def test_a_gbk_file_is_landed_as_it_is(lake: Lake, tmp_path: Path) -> None:
    folder = csv(tmp_path, 'NO,NAME\n001,"拟子癸,甲"\n2,\n')

    counts = land(lake, mapping("csv", "gbk", "T.csv", encoding="gbk"), Delivery(PROVIDER, "gbk", folder), DAY)

    assert counts.rows == {"T": 2}
    assert landed(lake, "gbk") == [
        ("001", "拟子癸,甲", "gbk-20261031", "001", "2026-10-31"),
        ("2", None, "gbk-20261031", "2", "2026-10-31"),
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_quotes_and_breaks_inside_values_stay(lake: Lake, tmp_path: Path, ending: str) -> None:
    folder = csv(tmp_path, ending.join(["NO,NAME", '1,"他说""好""\n第二行"', "2,it's", '3,""', "4,plain", ""]))

    land(lake, mapping("csv", "quotes", "T.csv", encoding="gbk"), Delivery(PROVIDER, "quotes", folder), DAY)

    assert [row[:2] for row in landed(lake, "quotes")][:2] == [("1", '他说"好"\n第二行'), ("2", "it's")]
    assert [row[1] or None for row in landed(lake, "quotes")][2:] == [None, "plain"]


def test_landing_again_replaces_the_day_and_keeps_the_others(lake: Lake, tmp_path: Path) -> None:
    here = mapping("csv", "again", "T.csv", encoding="gbk")
    land(lake, here, Delivery(PROVIDER, "again", csv(tmp_path / "a", "NO,NAME\n1,甲\n")), DAY)
    land(lake, here, Delivery(PROVIDER, "again", csv(tmp_path / "b", "NO,NAME,NEW\n1,甲,x\n2,乙,y\n")), NEXT)
    land(lake, here, Delivery(PROVIDER, "again", csv(tmp_path / "c", "NO,NAME\n3,丙\n")), DAY)

    assert [(row[0], row[4]) for row in landed(lake, "again")] == [
        ("1", "2026-11-01"),
        ("2", "2026-11-01"),
        ("3", "2026-10-31"),
    ]


def test_a_byte_of_another_encoding_is_named_with_its_place(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "T.csv").write_bytes("NO,NAME\n1,甲\n".encode("gbk") + b"\xff\xff\n")

    with pytest.raises(Invalid, match=r"T\.csv is not gbk near byte 13") as refused:
        land(lake, mapping("csv", "bytes", "T.csv", encoding="gbk"), Delivery(PROVIDER, "bytes", tmp_path), DAY)
    assert refused.value.code == "submission.delivery_encoding"


def test_a_short_delivery_is_refused_and_leaves_nothing(lake: Lake, tmp_path: Path) -> None:
    folder = csv(tmp_path, "NO,NAME\n1,甲\n")
    (folder / "control.json").write_text(json.dumps({"tables": {"T": {"rows": 2}}}))
    here = mapping("csv", "short", "T.csv", "control.json", "gbk")

    with pytest.raises(Invalid, match="T 1/2") as refused:
        land(lake, here, Delivery(PROVIDER, "short", folder), DAY)
    assert refused.value.code == "submission.delivery_short"

    csv(folder, "NO,NAME\n1,甲\n2,乙\n")
    assert land(lake, here, Delivery(PROVIDER, "short", folder), DAY).rows == {"T": 2}
    (folder / "control.json").write_text(json.dumps({"tables": {"T": {"rows": 9}}}))
    with pytest.raises(Invalid):
        land(lake, here, Delivery(PROVIDER, "short", csv(folder, "NO,NAME\n7,庚\n")), DAY)
    assert [row[0] for row in landed(lake, "short")] == ["1", "2"]


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"tables": {"T": {}}}', '{"tables": {"T": {"rows": "x"}}}'])
def test_a_control_file_that_cannot_be_read_refuses_the_delivery(lake: Lake, tmp_path: Path, text: str) -> None:
    folder = csv(tmp_path, "NO,NAME\n1,甲\n")
    (folder / "control.json").write_text(text)

    with pytest.raises(Invalid) as refused:
        land(
            lake, mapping("csv", "control", "T.csv", "control.json", "gbk"), Delivery(PROVIDER, "control", folder), DAY
        )
    assert refused.value.code == "submission.control"


def test_a_missing_control_file_refuses_the_delivery(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        land(
            lake,
            mapping("csv", "control", "T.csv", "control.json", "gbk"),
            Delivery(PROVIDER, "control", csv(tmp_path, "NO,NAME\n1,甲\n")),
            DAY,
        )
    assert refused.value.code == "submission.control"


def test_what_has_not_come_yet_may_still_come(lake: Lake, tmp_path: Path) -> None:
    here = mapping("csv", "late", "T.csv", encoding="gbk")
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "nowhere", tmp_path / "empty"):
        with pytest.raises(Unavailable) as refused:
            land(lake, here, Delivery(PROVIDER, "late", place), DAY)
        assert refused.value.code == "submission.delivery_missing"


def test_a_lacking_column_is_named(lake: Lake, tmp_path: Path) -> None:
    here = mapping("csv", "lacking", "T.csv", encoding="gbk")
    land(lake, here, Delivery(PROVIDER, "lacking", csv(tmp_path / "a", "NO,NAME\n1,甲\n")), DAY)

    for text, names in (("A,B\n1,2\n", "NAME, NO"), ("NO,NAMES\n1,甲\n", "NAME")):
        with pytest.raises(Invalid, match=f"T lacks the columns {names}") as refused:
            land(lake, here, Delivery(PROVIDER, "lacking", csv(tmp_path / "b", text)), NEXT)
        assert refused.value.code == "submission.delivery_columns"
    assert len(landed(lake, "lacking")) == 1


def database(path: Path) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t_cust (NO INTEGER, NAME TEXT, AMOUNT REAL)")
        connection.execute("INSERT INTO t_cust VALUES (1, '甲', 12.5), (2, NULL, NULL)")
    connection.close()
    return path


def test_a_database_is_landed_as_text(lake: Lake, tmp_path: Path) -> None:
    land(lake, mapping("sql", "core", "t_cust"), Delivery(PROVIDER, "core", database(tmp_path / "core.sqlite")), DAY)

    assert [row[:2] for row in landed(lake, "core")] == [("1", "甲"), ("2", None)]


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_sheet_is_landed_as_text_with_dates_and_whole_numbers(lake: Lake, tmp_path: Path) -> None:
    rows = [["NO", None, "NAME", "WHEN"], [1, "beside", "甲", date(2026, 1, 2)], [2.0, None, 3.5, None]]
    path = workbook(tmp_path / "extract.xlsx", {"其他": [["X"]], "客户": rows})

    land(lake, mapping("excel", "book", "客户"), Delivery(PROVIDER, "book", tmp_path), DAY)

    found = lake.rows(f'SELECT NO, NAME, "WHEN" FROM {landing_name("book", "T")} ORDER BY 1')
    assert found == [("1", "甲", "2026-01-02"), ("2", "3.5", None)]
    assert path.exists()


def test_a_workbook_without_the_sheet_is_refused(lake: Lake, tmp_path: Path) -> None:
    workbook(tmp_path / "extract.xlsx", {"甲": [["NO", "NAME"]], "乙": [["NO", "NAME"]]})

    with pytest.raises(Invalid) as refused:
        land(lake, mapping("excel", "sheetless", "客户"), Delivery(PROVIDER, "sheetless", tmp_path), DAY)
    assert refused.value.code == "submission.delivery_damaged"


def test_parquet_is_landed_as_text(lake: Lake, tmp_path: Path) -> None:
    table = pa.table({"NO": [1, 2], "NAME": ["甲", None], "WHEN": [date(2026, 1, 2), None]})
    pyarrow.parquet.write_table(table, tmp_path / "客户.parquet")

    land(lake, mapping("excel", "columns", "客户"), Delivery(PROVIDER, "columns", tmp_path), DAY)

    assert [row[:2] for row in landed(lake, "columns")] == [("1", "甲"), ("2", None)]


def spoil(path: Path, keep: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)] + b"\0" * 40)


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.7, 0.97])
def test_damaged_deliveries_are_refused_in_words(lake: Lake, tmp_path: Path, keep: float) -> None:
    sources = {
        "dsql": (mapping("sql", "dsql", "t_cust"), database(tmp_path / "core.sqlite")),
        "dxlsx": (
            mapping("excel", "dxlsx", "客户"),
            workbook(tmp_path / "e.xlsx", {"客户": [["NO", "NAME"], [1, "甲"]]}),
        ),
        "dparquet": (mapping("excel", "dparquet", "客户"), tmp_path / "客户.parquet"),
    }
    pyarrow.parquet.write_table(pa.table({"NO": [1], "NAME": ["甲"]}), tmp_path / "客户.parquet")

    for name, (here, path) in sources.items():
        spoil(path, keep)
        refused = refusal(lake, here, Delivery(PROVIDER, name, path))
        if refused is None:
            assert len(landed(lake, name)) <= 2
        else:
            assert refused.code.startswith("submission.delivery_"), refused
            assert "\n" not in refused.message.en


def refusal(lake: Lake, here: SourceMapping, delivery: Delivery) -> CreditLinkError | None:
    try:
        land(lake, here, delivery, DAY)
    except CreditLinkError as refused:
        return refused
    return None


def test_a_ragged_csv_is_refused_without_quoting_its_data(lake: Lake, tmp_path: Path) -> None:
    folder = csv(tmp_path, "NO,NAME\n" + "1,甲\n" * 5 + "2,某人的名字,多余,多余\n")

    with pytest.raises(Invalid) as refused:
        land(lake, mapping("csv", "ragged", "T.csv", encoding="gbk"), Delivery(PROVIDER, "ragged", folder), DAY)
    assert refused.value.code == "submission.delivery_damaged"
    assert "某人的名字" not in refused.value.message.zh


@pytest.mark.parametrize("text", ["", "NO,NO\n1,2\n", '"NO,NAME\n1,2\n'])
def test_a_csv_without_usable_header_is_refused(lake: Lake, tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        land(
            lake,
            mapping("csv", "headless", "T.csv", encoding="gbk"),
            Delivery(PROVIDER, "headless", csv(tmp_path, text)),
            DAY,
        )
    assert refused.value.code == "submission.delivery_damaged"


def test_the_list_of_sources(tmp_path: Path) -> None:
    listed = tmp_path / "sources.yaml"
    listed.write_text("sources:\n  core: {path: '/data/{date:%Y%m%d}/core'}\n  card: {path: /data/card}\n")

    found = listed_sources(listed, PROVIDER)

    assert {name: each.address(DAY) for name, each in found.items()} == {
        "core": "/data/20261031/core",
        "card": "/data/card",
    }


@pytest.mark.parametrize(
    "text", [None, "", "[]", "sources: 3", "sources: {a: {}}", "sources: {a: {path: '{'}}", "sources: {a: 1}", "a: ["]
)
def test_a_list_of_sources_that_cannot_be_read(tmp_path: Path, text: str | None) -> None:
    listed = tmp_path / "sources.yaml"
    if text is not None:
        listed.write_text(text)
    with override(sources_file=listed), pytest.raises(Invalid) as refused:
        listed_sources(listed, PROVIDER)
    assert refused.value.code == "submission.sources"

"""Tables in Excel: they come back as they went, faults name their cell, and files made to harm are refused."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_tables import VOCABULARY, Maker, made_table, ruleset_of
from openpyxl import Workbook, load_workbook

from app.rules.loading import load_ruleset
from app.rules.model import RulesetInvalid
from app.rules.rule_reading import About
from app.rules.tables import layout
from app.rules.tables.exchange import import_workbook
from app.rules.tables.model import HITS, Table
from app.rules.tables.reading import read_table
from app.rules.tables.workbook_in import read_workbook
from app.rules.tables.workbook_out import write_workbook
from app.rules.tables.writing import table_data

ROOT = Path(__file__).parents[3] / "rulesets"
SHIPPED = ROOT / "risk" / "overdue_to_five_level"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED, tmp_path / "rulesets" / "risk" / "overdue_to_five_level")
    return tmp_path / "rulesets"


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    ruleset = load_ruleset(SHIPPED)
    assert ruleset.table is not None
    path = tmp_path / "table.xlsx"
    path.write_bytes(write_workbook(ruleset, ruleset.table))
    return path


@pytest.fixture
def edit(workbook: Path) -> Callable[[Callable[[Any], object]], Path]:
    def edited(change: Callable[[Any], object]) -> Path:
        book = load_workbook(workbook)
        change(book)
        book.save(workbook)
        return workbook

    return edited


def told(path: Path, root: Path) -> list[tuple[str, str]]:
    with pytest.raises(RulesetInvalid) as refused:
        import_workbook(path, root)
    assert all(fault.message.zh for fault in refused.value.faults)
    return [(fault.file.removeprefix("table.xlsx").strip(), fault.message.en) for fault in refused.value.faults]


def unplaced(table: Table) -> Table:
    return replace(table, rows=tuple(replace(row, line=1) for row in table.rows))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(seed=st.integers(0, 2**32), hit=st.sampled_from([hit for hit in HITS if hit != "unique"]))
def test_a_table_comes_back_from_excel_as_it_went(tmp_path: Path, seed: int, hit: str) -> None:
    table = replace(made_table(Maker(seed), "collect"), hit=hit)
    ruleset = ruleset_of(table)
    path = tmp_path / "made.xlsx"
    path.write_bytes(write_workbook(ruleset, table))

    content = read_workbook(path)
    assert content.faults == []
    data: Any = content.data
    again = read_table(content, About(VOCABULARY, None))

    remarks = [fault.message.en for fault in content.faults if "never reached" not in fault.message.en]
    assert remarks == []
    assert again is not None
    assert unplaced(again) == unplaced(table)
    head = table_data(ruleset, table)
    assert {name: data[name] for name in ("ruleset", "title", "effective", "facts", "hit", "complete")} == {
        name: head[name] for name in ("ruleset", "title", "effective", "facts", "hit", "complete")
    }


def test_the_shipped_table_comes_back_with_its_edition(workbook: Path, root: Path) -> None:
    imported = import_workbook(workbook, root)

    assert imported.ruleset.edition == load_ruleset(SHIPPED).edition
    assert imported.same
    imported.save()
    assert load_ruleset(imported.path.parent).edition == imported.ruleset.edition
    assert imported.path.read_text("utf-8").startswith("# 逾期天数、担保方式")


def test_the_sheet_is_made_for_people(workbook: Path) -> None:
    sheet = load_workbook(workbook)[layout.TABLE]

    assert sheet.freeze_panes == "B10"
    assert [sheet.cell(row, 3).value for row in range(1, 8)] == [
        "输入 input", "guarantee", "担保方式", "security", "C.GuarMode", "code", "EntGuarMode",
    ]  # fmt: skip
    assert "任何值" in sheet["B2"].comment.text
    lists = {str(rule.sqref): (rule.formula1, rule.showErrorMessage) for rule in sheet.data_validations.dataValidation}
    assert lists["C10:C220"] == ("'代码_Codes'!$A$2:$A$6", False)
    assert lists["E10:E220"] == ('"1,2,3,4,5"', True)
    assert sheet.column_dimensions["B"].number_format == "@"
    assert all(cell.number_format == "@" for row in sheet.iter_rows(min_row=10, max_col=8) for cell in row)


def test_changed_rows_are_named_and_written(edit: Callable[..., Path], root: Path) -> None:
    def change(book: Any) -> None:
        sheet = book[layout.TABLE]
        sheet["B17"] = "> 100"
        sheet["B15"] = "1..100"
        sheet["B13"] = "[31, 100]"
        sheet["A20"], sheet["B20"], sheet["E20"], sheet["G20"], sheet["H20"] = "Z11", 999, "5", "封顶", "the end"
        book.move_sheet(layout.HELP, -2)

    faults = told(edit(change), root)
    assert faults == [("决策表_Table!A20", "Z11 is never reached: Z10 decide before it wherever it matches")]

    def lift(book: Any) -> None:
        book[layout.TABLE].delete_rows(20)

    imported = import_workbook(edit(lift), root)
    assert (imported.added, imported.changed, imported.removed) == ((), ("Z04", "Z06", "Z08"), ())
    imported.save()
    table = load_ruleset(imported.path.parent).table
    assert table is not None
    assert table_data(load_ruleset(imported.path.parent), table)["rows"][5]["when"] == {"overdue": "[1, 100]"}


def test_numbers_dates_and_truths_of_excel_are_taken_as_written(edit: Callable[..., Path], root: Path) -> None:
    def change(book: Any) -> None:
        sheet = book[layout.TABLE]
        sheet["B10"], sheet["F10"] = 0.0, False
        book[layout.ABOUT]["B5"] = datetime(2023, 7, 1)

    assert import_workbook(edit(change), root).same


def test_everything_wrong_is_told_at_once_by_cell(edit: Callable[..., Path], root: Path) -> None:
    def change(book: Any) -> None:
        sheet = book[layout.TABLE]
        sheet["B10"] = "=1+1"
        sheet["C11"] = "Z"
        sheet["B12"] = "[5, 1]"
        sheet["E13"] = "9"
        sheet["A14"] = "Z04"
        sheet["B5"] = "H.OverdDays"
        sheet["D6"] = "colour"
        sheet["G16"] = None
        sheet.merge_cells("G18:H18")
        sheet.row_dimensions[17].hidden = True
        sheet.column_dimensions["D"].hidden = True
        book[layout.ABOUT]["B6"] = "record.999"
        book[layout.SCALES]["A2"] = "klass"
        book.create_sheet("extra")

    faults = told(edit(change), root)

    places = {place for place, _ in faults}
    assert places >= {
        "", "决策表_Table!B10", "决策表_Table!A17", "决策表_Table!D1", "决策表_Table!G18", "说明_About!B6",
        "等级_Scales!B2",
    }  # fmt: skip
    assert ("决策表_Table!B10", "this is a formula; paste it as a value") in faults

    def mend(book: Any) -> None:
        book[layout.ABOUT]["B6"] = "record.410"
        book[layout.SCALES]["A2"] = "class"

    places = {place for place, _ in told(edit(mend), root)}
    assert places >= {"决策表_Table!B5", "决策表_Table!D6"}

    def mend_columns(book: Any) -> None:
        book[layout.TABLE]["B5"], book[layout.TABLE]["D6"] = "H.OverdDy", "code"

    faults = told(edit(mend_columns), root)
    places = {place for place, _ in faults}
    assert places >= {
        "决策表_Table!C11", "决策表_Table!B12", "决策表_Table!E13", "决策表_Table!A14", "决策表_Table!G16",
    }  # fmt: skip
    assert len([place for place, _ in faults if place == "决策表_Table!B10"]) == 1


def test_a_table_does_not_replace_rules(edit: Callable[..., Path], root: Path) -> None:
    shutil.copytree(ROOT / "submission" / "corporate_report_file", root / "submission" / "corporate_report_file")

    def change(name: str) -> Callable[[Any], None]:
        return lambda book: book[layout.ABOUT].__setitem__("B1", name)

    assert (
        "说明_About!B1",
        "“submission.corporate_report_file” is written in rules; a table cannot replace it",
    ) in told(edit(change("submission.corporate_report_file")), root)
    for name in ("../../etc.x", "risk", "risk./tmp/x", "risk.a.b"):
        assert told(edit(change(name)), root)[0][0] == "说明_About!B1"


# files made to harm


def repacked(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    change(parts)
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    path.write_bytes(into.getvalue())
    return path


def with_part(name: str, part: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda parts: parts.__setitem__(name, part)


def in_part(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new, 1)

    return change


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (with_part("xl/vbaProject.bin", b"x"), "macros"),
        (with_part("xl/externalLinks/externalLink1.xml", b"<x/>"), "links to other files"),
        (with_part("xl/embeddings/oleObject1.bin", b"x"), "embedded"),
        (with_part("xl/connections.xml", b"<x/>"), "outside data"),
        (in_part("[Content_Types].xml", b"spreadsheetml.sheet.main+xml", b"sheet.macroEnabled.main+xml"), "macros"),
        (with_part("xl/bomb.bin", b"\0" * 40_000_000), "unpacks to too much"),
        (
            with_part(
                "xl/worksheets/sheet9.xml", b"".join(b"<row r='%d' x='%d'/>" % (n, n * n) for n in range(100_000))
            ),
            "more than 8000 rows",
        ),
        (with_part("xl/x.xml", ENTITY + b"<x>&a;</x>"), "XML entities"),
        (with_part("xl/x.xml", "<x/>".encode("utf-16")), "not UTF-8"),
        (in_part(SHEET, b"<sheetData>", b"<sheetData"), "broken"),
        (lambda parts: parts.pop("xl/workbook.xml"), "broken"),
        (lambda parts: parts.update({f"xl/p{n}.bin": b"" for n in range(400)}), "too many parts"),
    ],
)
def test_files_made_to_harm_are_refused(
    workbook: Path, root: Path, change: Callable[[dict[str, bytes]], None], says: str
) -> None:
    faults = told(repacked(workbook, change), root)

    assert len(faults) == 1
    assert says in faults[0][1]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "not an .xlsx file"),
        (b"a,b\n1,2\n", "not an .xlsx file"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old or encrypted"),
        (b"PK\x03\x04" + b"\0" * 600, "broken"),
        (b"PK\x03\x04" + b"\0" * 8_000_001, "larger than 8 MB"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, root: Path, raw: bytes, says: str) -> None:
    path = tmp_path / "table.xlsx"
    path.write_bytes(raw)

    assert says in told(path, root)[0][1]
    assert "cannot be opened" in told(tmp_path / "table.xlsx" / "no", root)[0][1]


def test_a_workbook_with_other_sheets_is_refused(tmp_path: Path, root: Path) -> None:
    Workbook().save(tmp_path / "table.xlsx")

    assert [text for _, text in told(tmp_path / "table.xlsx", root)] == [
        "the sheet “决策表_Table” is missing",
        "the sheet “说明_About” is missing",
        "there is a sheet too many: “Sheet”",
    ]


def test_a_cell_far_away_is_refused_without_reading_all_between(edit: Callable[..., Path], root: Path) -> None:
    faults = told(edit(lambda book: book[layout.TABLE].__setitem__("XFD1048576", "x")), root)

    assert faults[0][0] == "决策表_Table!XFD1048576"


def test_any_cut_of_a_workbook_is_refused_in_words(workbook: Path, root: Path) -> None:
    whole = workbook.read_bytes()
    for part in (5, 100, len(whole) // 2, len(whole) - 30):
        workbook.write_bytes(whole[:part])
        assert told(workbook, root)

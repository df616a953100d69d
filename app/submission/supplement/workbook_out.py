"""Writes workbooks of supplements: the empty template with its drop-downs and notes, and what was handed in with its faults marked."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from app.core.text import Text
from app.standard.catalogue import CodeTable
from app.submission.supplement.entry import EntryForm, entry_form
from app.submission.supplement.given import form_text, tables_of
from app.submission.supplement.sheets import (
    CODES,
    EMPTIED,
    ENTRIES,
    FAULTS,
    FIRST,
    HEAD_ROWS,
    LAST,
    NOTES,
    TAG_ROW,
    SheetColumn,
    columns,
)

ROWS_WITH_LISTS: Final = 5_000
_KEY: Final = PatternFill("solid", start_color="DCE6F1")
_ITEM: Final = PatternFill("solid", start_color="E2EFDA")
_BESIDE: Final = PatternFill("solid", start_color="F2F2F2")
_WRONG: Final = PatternFill("solid", start_color="F8CBAD")
_WRAPPED: Final = Alignment(wrap_text=True, vertical="top")

Fault = Sequence[Any]
"""[sheet, row, column, zh, en]"""


def template(form: EntryForm) -> bytes:
    """The empty workbook of a form."""
    return _saved(_book(form, {}))


def with_faults(form_name: str, texts: Mapping[tuple[int, int], str], faults: Sequence[Fault]) -> bytes:
    """What was handed in, as text, with every fault at its cell and listed on a sheet of its own."""
    form = entry_form(form_name)
    book = _book(form, texts)
    sheet = book[ENTRIES]
    listed = book.create_sheet(FAULTS, 0)
    for column, (title, width) in enumerate(
        (("行 Row", 10), ("列 Column", 12), ("问题 Fault", 60), ("Fault (English)", 60)), 1
    ):
        _put(listed, 1, column, title).font = Font(bold=True)
        listed.column_dimensions[get_column_letter(column)].width = width
    said: dict[tuple[int, str], list[str]] = {}
    for number, (_, row, column, zh, en) in enumerate(faults, 2):
        for place, value in enumerate((row or "", column, zh, en), 1):
            _put(listed, number, place, value)
        if row and column:
            said.setdefault((int(row), str(column)), []).append(f"{zh} / {en}")
    for (row, letter), words in said.items():
        cell = sheet[f"{letter}{row}"]
        cell.fill = _WRONG
        cell.comment = Comment("\n".join(words)[:1_000], "CreditLink")
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    into = io.BytesIO()
    book.save(into)
    return into.getvalue()


def _book(form: EntryForm, texts: Mapping[tuple[int, int], str]) -> Workbook:
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has one sheet
    sheet.title = ENTRIES
    known = columns(form)
    lists = _code_lists(book, form, known)
    for place, column in enumerate(known, 1):
        _head(sheet, place, column, form)
        source = lists.get(column.name)
        if source:
            choice = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=False)
            letter = get_column_letter(place)
            choice.add(f"{letter}{HEAD_ROWS + 1}:{letter}{HEAD_ROWS + ROWS_WITH_LISTS}")
            sheet.add_data_validation(choice)
    for (row, place), text in texts.items():
        if row > HEAD_ROWS:
            _put(sheet, row, place, text)
    sheet.freeze_panes = f"A{HEAD_ROWS + 1}"
    _notes(book, form)
    return book


def _put(sheet: Any, row: int, column: int, value: object) -> Any:
    """A cell that holds text, whatever it looks like: never a formula, a number or a date."""
    cell = sheet.cell(row, column)
    if value is not None and value != "":
        cell.value = str(value)
        cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = _WRAPPED
    return cell


def _head(sheet: Any, place: int, column: SheetColumn, form: EntryForm) -> None:
    field = column.field
    fill = _BESIDE if field is None else _KEY if field.in_key else _ITEM
    note = Text("", "") if field is None else form_text(field.item)
    if column.name in (FIRST, LAST):
        note = Text("日期，如 2026-11-30", "a date like 2026-11-30")
    written = (column.title.zh, column.title.en, column.name, f"{note.zh}\n{note.en}".strip())
    for row, text in enumerate(written, 1):
        cell = _put(sheet, row, place, text)
        cell.fill, cell.font = fill, Font(bold=row <= 2, color="808080" if row == TAG_ROW else None)
    if field is not None and field.item.note:
        sheet.cell(1, place).comment = Comment(field.item.note[:500], "CreditLink")
    dimension = sheet.column_dimensions[get_column_letter(place)]
    dimension.width = 20
    dimension.number_format = "@"  # or a spreadsheet makes a date or a number of what is typed


def _code_lists(book: Workbook, form: EntryForm, known: Sequence[SheetColumn]) -> dict[str, str]:
    """A column of the sheet of codes for each set of values that a field may come from; where each field's stand."""
    sheet = book.create_sheet(CODES)
    places: dict[tuple[str, ...], str] = {}
    found = {}
    for column in known:
        tables = tables_of(form, column.field) if column.field else ()
        if not tables:
            continue
        names = tuple(table.name for table in tables)
        if names not in places:
            places[names] = _code_column(sheet, len(places) + 1, tables)
        found[column.name] = places[names]
    return found


def _code_column(sheet: Any, place: int, tables: Sequence[CodeTable]) -> str:
    _put(sheet, 1, place, " / ".join(table.title.zh for table in tables)).font = Font(bold=True)
    values = {code: title for table in tables for code, title in table.values.items()}
    for row, (code, title) in enumerate(values.items(), 2):
        _put(sheet, row, place, f"{code} {title.zh}")
    letter = get_column_letter(place)
    sheet.column_dimensions[letter].width = 30
    return f"'{CODES}'!${letter}$2:${letter}${len(values) + 1}"


def _notes(book: Workbook, form: EntryForm) -> None:
    sheet = book.create_sheet(NOTES)
    lines = (
        Text(f"补录表单：{form.title.zh}", f"Entry form: {form.title.en}"),
        Text("每行一条补录，从第 5 行填起；前 4 行不要改。", "One entry a row, from row 5 on; leave the first 4 rows as they are."),
        Text("蓝色列是业务标识，必填；来源系统有这一行时，绿色列只填要补录的数据项。",
             "Blue columns are the key and must be filled. Where a source has the row, fill only the green columns that you supplement."),
        Text(f"空白单元格表示沿用来源值；要把来源值改为空，填“{EMPTIED[0]}”。",
             f"A blank cell keeps the source's value; to make it empty write {EMPTIED[2]}."),
        Text("代码可从下拉列表选择，也可只填代码；金额为整数元。", "Codes are chosen from lists or typed alone; amounts are whole yuan."),
        Text("公式不会被计算，请粘贴为值；不接受宏、外部链接、隐藏内容。",
             "Formulas are never evaluated, paste values; macros, links to other files and hidden content are refused."),
    )  # fmt: skip
    for row, line in enumerate(lines, 1):
        _put(sheet, row, 1, line.zh)
        _put(sheet, row, 2, line.en)
    for letter in "AB":
        sheet.column_dimensions[letter].width = 80

"""Reads a workbook of supplements: every fault by sheet, row and column, all at once; a formula is a fault and never evaluated."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from openpyxl.utils import get_column_letter
from sqlalchemy import select

from app.core.db import current_session
from app.core.text import Text
from app.rules.tables.workbook_guard import MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, WorkbookRefused, open_workbook
from app.submission.supplement.entry import EntryForm
from app.submission.supplement.given import tables_of
from app.submission.supplement.models import Supplement
from app.submission.supplement.nearby import nearby_all
from app.submission.supplement.sheets import BESIDE, EMPTIED, ENTRIES, FIRST, HEAD_ROWS, LAST, REASON, TAG_ROW, columns
from app.submission.supplement.writing import Look, Wish, cleaned, key_print, look

_CHUNK: Final = 500
_WHOLE_FLOAT: Final = 1e15


@dataclass
class Sheet:
    """What a workbook says: texts by row and column, the columns by name, and what is wrong with it so far."""

    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    faults: list[list[Any]] = field(default_factory=list)
    readable: bool = True

    def wrong(self, message: Text, row: int = 0, column: int = 0) -> None:
        letter = get_column_letter(column) if column else ""
        self.faults.append([ENTRIES, row, letter, message.zh, message.en])

    @property
    def rows(self) -> list[int]:
        """The rows that hold an entry."""
        return sorted({row for row, _ in self.texts if row > HEAD_ROWS})


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One entry of a workbook: what was wished, what it amounts to, and whether it is free of faults."""

    row: int
    wish: Wish
    look: Look
    good: bool


def read_sheet(form: EntryForm, content: bytes) -> Sheet:
    """The texts of a workbook. Never raises for what stands in it: what is wrong is in `faults`."""
    sheet = Sheet()
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        try:
            book = open_workbook(Path(file.name))
        except WorkbookRefused as refused:
            sheet.wrong(refused.message)
            sheet.readable = False
            return sheet
        if ENTRIES not in book.sheetnames or not hasattr(book[ENTRIES], "merged_cells"):
            sheet.wrong(
                Text(f"缺少工作表“{ENTRIES}”，请用下载的模板", f"the sheet “{ENTRIES}” is missing; use the template")
            )
            sheet.readable = False
            return sheet
        _take(sheet, book[ENTRIES])
    _place(sheet, form)
    return sheet


def _take(sheet: Sheet, cells: Any) -> None:
    if cells.max_row > MAX_SHEET_ROWS or cells.max_column > MAX_SHEET_COLUMNS:
        sheet.wrong(Text(f"内容超出 {MAX_SHEET_ROWS} 行、{MAX_SHEET_COLUMNS} 列",
                         f"there is more than {MAX_SHEET_ROWS} rows and {MAX_SHEET_COLUMNS} columns"))  # fmt: skip
        sheet.readable = False
        return
    for merged in cells.merged_cells.ranges:
        sheet.wrong(Text(f"单元格 {merged.coord} 已合并，请取消合并", f"the cells {merged.coord} are merged; take them apart"),
                    merged.min_row, merged.min_col)  # fmt: skip
    for line in cells.iter_rows():
        for cell in line:
            if cell.value is None:
                continue
            text = _text(sheet, cell)
            if text:
                sheet.texts[cell.row, cell.column] = text


def _text(sheet: Sheet, cell: Any) -> str:
    value = cell.value
    if cell.data_type == "f":
        sheet.wrong(Text("这里是公式，请粘贴为值", "this is a formula; paste it as a value"), cell.row, cell.column)
        return ""
    if cell.data_type == "e":
        sheet.wrong(Text("这里是 Excel 错误值", "this is an error of Excel"), cell.row, cell.column)
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _WHOLE_FLOAT else f"{Decimal(repr(value)):f}"
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, bool) or not isinstance(value, str | int):
        sheet.wrong(Text("只接受文本、数字、日期", "only texts, numbers and dates are taken"), cell.row, cell.column)
        return ""
    return str(value).strip()


def _place(sheet: Sheet, form: EntryForm) -> None:
    """Find the columns by the tags in their heads."""
    known = {column.name for column in columns(form)}
    width = max((column for _, column in sheet.texts), default=0)
    for column in range(1, width + 1):
        name = sheet.texts.get((TAG_ROW, column), "")
        if name in known and name not in sheet.places:
            sheet.places[name] = column
        elif name in sheet.places:
            sheet.wrong(Text(f"列“{name}”重复", f"the column “{name}” stands twice"), TAG_ROW, column)
        elif name or any((row, column) in sheet.texts for row in sheet.rows):
            sheet.wrong(
                Text(f"没有名为“{name[:40]}”的数据项", f"there is no item named “{name[:40]}”"), TAG_ROW, column
            )
    for name in (*form.key, *BESIDE):
        if name not in sheet.places:
            sheet.wrong(Text(f"缺少列“{name}”", f"the column “{name}” is missing"), TAG_ROW)
            sheet.readable = False
    if not sheet.rows and sheet.readable:
        sheet.wrong(Text("第 5 行起没有任何内容", "there is nothing from row 5 on"))
        sheet.readable = False


def read_rows(provider: str, form: EntryForm, sheet: Sheet) -> list[ReadRow]:
    """The entries of a legal entity's sheet, each read against its source, in a few queries for all; faults are noted by cell."""
    if not sheet.readable:
        return []
    spoiled = {row for _, row, *_ in sheet.faults}
    wishes = [(row, _wish(provider, form, sheet, row)) for row in sheet.rows]
    open_already, seen_keys = _open_marks(form, [wish for _, wish in wishes]), dict[str, int]()
    found = []
    for start in range(0, len(wishes), _CHUNK):
        chunk = wishes[start : start + _CHUNK]
        subjects = {form.subject_of(cleaned(form, wish.values)) for _, wish in chunk}
        near = nearby_all(provider, form.record, sorted(subjects))
        for row, wish in chunk:
            seen = look(wish, near)
            before = len(sheet.faults)
            for name, message in _row_faults(seen, form, seen_keys, open_already, row):
                sheet.wrong(message, row, sheet.places.get(name, sheet.places[form.key[0]]))
            found.append(ReadRow(row, wish, seen, len(sheet.faults) == before and row not in spoiled))
    return found


def _row_faults(
    seen: Look, form: EntryForm, seen_keys: dict[str, int], open_already: set[str], row: int
) -> Iterator[tuple[str, Text]]:
    names = {"reason": REASON, "valid_from": FIRST, "valid_until": LAST, "items": form.key[0]}
    yield from ((names.get(name, name), message) for name, message in seen.errors.items())
    first = seen_keys.setdefault(seen.key, row)
    if first != row:
        yield form.key[0], Text(f"与第 {first} 行是同一行数据", f"it is about the same row as row {first}")
    if key_print(seen.provider, form.name, seen.key) in open_already:
        yield form.key[0], Text("这一行已有未办结的补录", "a supplement about it is being written or reviewed")


def _wish(provider: str, form: EntryForm, sheet: Sheet, row: int) -> Wish:
    values: dict[str, str] = {}
    emptied = set()
    for column in columns(form):
        if column.field is None or column.name not in sheet.places:
            continue
        text = sheet.texts.get((row, sheet.places[column.name]), "")
        if text in EMPTIED:
            emptied.add(column.name)
        elif text:
            tables = tables_of(form, column.field)
            code = text.split(" ", 1)[0]
            known = any(text in table.values for table in tables)
            values[column.name] = code if tables and not known and any(code in t.values for t in tables) else text
    beside = {name: sheet.texts.get((row, sheet.places[name]), "") for name in BESIDE}
    return Wish(
        provider, form.name, values, frozenset(emptied), beside[REASON], _day(beside[FIRST]), _day(beside[LAST])
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _open_marks(form: EntryForm, wishes: Sequence[Wish]) -> set[str]:
    """The fingerprints of those rows about which somebody is writing already."""
    marks = [key_print(wish.provider, form.name, form.key_of(cleaned(form, wish.values))) for wish in wishes]
    found: set[str] = set()
    for start in range(0, len(marks), _CHUNK):
        query = select(Supplement.open_mark).where(Supplement.open_mark.in_(marks[start : start + _CHUNK]))
        found |= {mark for mark in current_session().scalars(query) if mark}
    return found

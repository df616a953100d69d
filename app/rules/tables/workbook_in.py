"""Reads a workbook back as the content of a ruleset; everything that is wrong is told by its cell, all at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from openpyxl.utils import get_column_letter

from app.core.text import Text
from app.rules.model import Fault
from app.rules.reading import Content, Key
from app.rules.tables import layout
from app.rules.tables.layout import place
from app.rules.tables.workbook_guard import MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, WorkbookRefused, open_workbook

_NOTE_IDS: Final = tuple(name for name, _, _ in layout.NOTES)
_WHOLE_FLOAT: Final = 1e15


@dataclass
class SheetContent(Content):
    """Content that was read from a workbook: a fault names the cell (决策表_Table!C7) instead of a line of a file.

    Of a cell that could not be read, one of `spoiled`, nothing more is told.
    """

    places: dict[Key, str] = field(default_factory=dict)
    spoiled: set[str] = field(default_factory=set)

    def wrong(self, message: Text, *key: str | int, rule: str = "", offset: int = 0) -> None:
        while key and key not in self.places:
            key = key[:-1]
        address = self.places.get(key, place(layout.TABLE, "A", 1))
        if address not in self.spoiled:
            self.told(message, address, rule)

    def told(self, message: Text, address: str, rule: str = "") -> None:
        """Note a fault at a cell."""
        row = "".join(sign for sign in address.rpartition("!")[2] if sign.isdigit())
        found = Fault(f"{self.file} {address}", int(row or 1), rule, message)
        if found not in self.faults:
            self.faults.append(found)


def read_workbook(path: Path) -> SheetContent:
    """What a workbook holds, as the content of a ruleset. What is wrong with the file or its cells is in `faults`."""
    content = SheetContent(path.name, None)
    try:
        book = open_workbook(path)
    except WorkbookRefused as refused:
        content.faults.append(Fault(path.name, 1, "", refused.message))
        return content
    sheets = _Sheets(content, book)
    if sheets.sound():
        content.data = {**_about(content, sheets), **_table(content, sheets)}
    return content


class _Sheets:
    """The texts of the sheets by row and column, with what may not stand in them noted by cell."""

    def __init__(self, content: SheetContent, book: Any) -> None:
        self.content, self.book = content, book
        self.texts: dict[str, dict[tuple[int, int], str]] = {}

    def sound(self) -> bool:
        """Whether the sheets are there and can be read at all; single cells that are wrong do not count."""
        known = self.book.sheetnames
        missing = [name for name in (layout.TABLE, layout.ABOUT) if name not in known]
        for name in missing:
            self.refuse(Text(f"缺少工作表“{name}”", f"the sheet “{name}” is missing"))
        for name in known:
            if name not in layout.SHEETS:
                self.refuse(Text(f"多余的工作表“{name[:60]}”", f"there is a sheet too many: “{name[:60]}”"))
        if missing:
            return False
        taken = [self.take(name) for name in (layout.TABLE, layout.ABOUT, layout.SCALES) if name in known]
        return all(taken)

    def refuse(self, message: Text) -> None:
        self.content.faults.append(Fault(self.content.file, 1, "", message))

    def take(self, name: str) -> bool:
        sheet = self.book[name]
        if not hasattr(sheet, "merged_cells"):
            self.refuse(Text(f"“{name}”不是工作表", f"“{name}” is not a sheet of cells"))
            return False
        if sheet.max_row > MAX_SHEET_ROWS or sheet.max_column > MAX_SHEET_COLUMNS:
            far = place(name, get_column_letter(sheet.max_column), sheet.max_row)
            self.content.told(Text(f"内容超出{MAX_SHEET_ROWS}行、{MAX_SHEET_COLUMNS}列，请删除多余的行列",
                                   f"there is something beyond {MAX_SHEET_ROWS} rows and {MAX_SHEET_COLUMNS} columns; "
                                   "delete the rows and columns that are not needed"), far)  # fmt: skip
            return False
        self.hidden(name, sheet)
        for merged in sheet.merged_cells.ranges:
            self.content.told(Text(f"单元格{merged.coord}已合并，请取消合并", f"the cells {merged.coord} are merged; take them apart"),
                              place(name, get_column_letter(merged.min_col), merged.min_row))  # fmt: skip
        texts = self.texts[name] = {}
        for line in sheet.iter_rows():
            for cell in line:
                text = self.text(name, cell)
                if text:
                    texts[cell.row, cell.column] = text
        return True

    def hidden(self, name: str, sheet: Any) -> None:
        if sheet.sheet_state != "visible":
            self.refuse(Text(f"工作表“{name}”被隐藏", f"the sheet “{name}” is hidden"))
        for number, row in sheet.row_dimensions.items():
            if row.hidden or row.height == 0:
                self.content.told(Text(f"第{number}行被隐藏，请先取消隐藏", f"row {number} is hidden; show it first"),
                                  place(name, "A", number))  # fmt: skip
        for letter, column in sheet.column_dimensions.items():
            if column.hidden or column.width == 0:
                self.content.told(Text(f"{letter}列被隐藏，请先取消隐藏", f"column {letter} is hidden; show it first"),
                                  place(name, letter, 1))  # fmt: skip

    def text(self, name: str, cell: Any) -> str:
        """What a cell says as text; a formula or an error of Excel is a fault, never a value."""
        value, address = cell.value, place(name, cell.column_letter if cell.value is not None else "A", cell.row)
        if value is None:
            return ""
        if cell.data_type == "f":
            self.spoil(Text("这里是公式，请粘贴为值", "this is a formula; paste it as a value"), address)
            return ""
        if cell.data_type == "e":
            self.spoil(Text(f"这里是Excel错误{value}", f"this is an Excel error, {value}"), address)
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float):
            return str(int(value)) if value.is_integer() and abs(value) < _WHOLE_FLOAT else f"{Decimal(repr(value)):f}"
        if isinstance(value, datetime) and value.time() == datetime.min.time():
            return value.date().isoformat()
        if isinstance(value, str | int):
            return str(value).replace("\r\n", "\n").strip()
        self.spoil(
            Text("只接受文本、数字、日期、是否", "only texts, numbers, dates and true or false are taken"), address
        )
        return ""

    def spoil(self, message: Text, address: str) -> None:
        self.content.told(message, address)
        self.content.spoiled.add(address)

    def get(self, name: str, row: int, column: int) -> str:
        return self.texts.get(name, {}).get((row, column), "")

    def rows(self, name: str, first: int) -> Iterator[int]:
        """The rows from `first` on that hold anything."""
        return iter(sorted({row for row, _ in self.texts.get(name, {}) if row >= first}))


def _about(content: SheetContent, sheets: _Sheets) -> dict[str, Any]:
    keys = {label: key for key, label in layout.ABOUT_KEYS}
    found: dict[str, Any] = {"kind": "table", "facts": {}}
    basis: list[Any] = []
    for row in sheets.rows(layout.ABOUT, 1):
        label, zh, en = (sheets.get(layout.ABOUT, row, column) for column in (1, 2, 3))
        key, address = keys.get(label), place(layout.ABOUT, "B", row)
        if key is None:
            content.told(Text(f"没有“{label}”这一项", f"there is no line “{label}”"), place(layout.ABOUT, "A", row))
        elif not zh and not en:
            continue
        elif key == "basis":
            content.places["basis", len(basis)] = address
            basis.append({"zh": zh, "en": en} if en else zh)
        elif key in ("record", "subject", "file"):
            found["facts"][key] = zh
            content.places[("facts",)] = address
        else:
            if key in found:
                content.told(Text(f"“{label}”重复", f"“{label}” stands twice"), place(layout.ABOUT, "A", row))
            found[key] = {"zh": zh, "en": en} if key == "title" else {"from": zh} if key == "effective" else zh
            content.places[(key,)] = address
    if basis:
        found["basis"] = basis
    if "complete" in found:
        found["complete"] = {"true": True, "false": False}.get(found["complete"].lower(), found["complete"])
    return found


def _table(content: SheetContent, sheets: _Sheets) -> dict[str, Any]:
    columns = {name: number for number, (name, _) in enumerate(layout.HEAD, 1)}
    last = max((column for _, column in sheets.texts[layout.TABLE]), default=1)
    parts: dict[int, tuple[str, str]] = {}
    data: dict[str, Any] = {"inputs": [], "outputs": [], "rows": []}
    scales = _scales(content, sheets)
    for column in range(2, last + 1):
        head = {name: sheets.get(layout.TABLE, row, column) for name, row in columns.items()}
        letter = get_column_letter(column)
        kind = head["part"].rpartition(" ")[2]
        if kind == "note" and head["id"] in _NOTE_IDS:
            parts[column] = ("note", head["id"])
        elif kind in ("input", "output"):
            parts[column] = (kind, head["id"])
            listed = data[f"{kind}s"]
            _place_column(content, (f"{kind}s", len(listed)), letter, columns)
            listed.append(_column(kind, head, scales))
        else:
            content.told(Text("这一列没有写明是输入、输出还是备注", "it is not said whether this column is an input, an output or a note"),
                         place(layout.TABLE, letter, columns["part"]))  # fmt: skip
    for number, output in enumerate(data["outputs"]):
        for step, (_, address) in enumerate(scales.get(output["id"], ())):
            content.places["outputs", number, "scale", step] = address
    for output in scales.keys() - {output["id"] for output in data["outputs"]}:
        content.told(Text(f"没有输出列“{output}”", f"there is no output column “{output}”"), scales[output][0][1])
    content.places[("rows",)] = place(layout.TABLE, "A", layout.FIRST_ROW)
    for row in sheets.rows(layout.TABLE, layout.FIRST_ROW):
        data["rows"].append(_row(content, sheets, row, parts, len(data["rows"])))
    return data


def _place_column(content: SheetContent, key: Key, letter: str, rows: dict[str, int]) -> None:
    content.places[key] = place(layout.TABLE, letter, rows["id"])
    content.places[*key, "title"] = place(layout.TABLE, letter, rows["zh"])
    for name in ("id", "value", "type", "codes", "range", "optional"):
        content.places[*key, name] = place(layout.TABLE, letter, rows[name])


def _column(kind: str, head: dict[str, str], scales: dict[str, list[tuple[Any, str]]]) -> dict[str, Any]:
    column: dict[str, Any] = {"id": head["id"], "title": {"zh": head["zh"], "en": head["en"]}}
    column |= {name: head[name] for name in ("value", "type", "codes", "range") if head[name]}
    if head["optional"]:
        column["optional"] = {"true": True, "false": False, "是": True, "否": False}.get(
            head["optional"].lower(), head["optional"]
        )
    if kind == "output" and head["id"] in scales:
        column["scale"] = [step for step, _ in scales[head["id"]]]
    return column


def _scales(content: SheetContent, sheets: _Sheets) -> dict[str, list[tuple[Any, str]]]:
    """The steps of each output column's scale, with the cell of each."""
    found: dict[str, list[tuple[Any, str]]] = {}
    for row in sheets.rows(layout.SCALES, 2):
        output, value, zh, en = (sheets.get(layout.SCALES, row, column) for column in (1, 2, 3, 4))
        step = {"value": value, **({"zh": zh, "en": en} if zh or en else {})}
        found.setdefault(output, []).append((step, place(layout.SCALES, "B", row)))
    return found


def _row(
    content: SheetContent, sheets: _Sheets, row: int, parts: dict[int, tuple[str, str]], number: int
) -> dict[str, Any]:
    data: dict[str, Any] = {"id": sheets.get(layout.TABLE, row, 1), "when": {}, "then": {}}
    key: Key = ("rows", number)
    content.places[key] = place(layout.TABLE, "A", row)
    note: dict[str, str] = {}
    for column, (kind, name) in parts.items():
        text, address = sheets.get(layout.TABLE, row, column), place(layout.TABLE, get_column_letter(column), row)
        if kind == "note":
            part = "basis" if name == "basis" else "note"
            if not text or (*key, part) not in content.places:
                content.places[*key, part] = address
            if text and name == "basis":
                data["basis"] = text
            elif text:
                note[name.removeprefix("note_")] = text
            continue
        part = "when" if kind == "input" else "then"
        content.places[*key, part, name] = address
        if text:
            data[part][name] = text
    if note:
        data["note"] = {"zh": note.get("zh", ""), "en": note.get("en", "")}
    return data

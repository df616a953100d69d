"""Writes a decision table as a workbook that people fill in: headed, frozen, with drop-downs and notes; text throughout."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from app.core.text import Text
from app.language import CodeList
from app.rules.model import Ruleset
from app.rules.tables import layout
from app.rules.tables.model import HITS, Input, Output, Table
from app.rules.tables.writing import table_data

SPARE_ROWS: Final = 200
"""Rows below the last one that have drop-downs too."""

_FILLS: Final = {
    layout.INPUT: PatternFill("solid", start_color="DCE6F1"),
    layout.OUTPUT: PatternFill("solid", start_color="E2EFDA"),
    layout.NOTE: PatternFill("solid", start_color="F2F2F2"),
}
_LABEL: Final = PatternFill("solid", start_color="D9D9D9")
_THIN: Final = Side(style="thin", color="BFBFBF")
_EDGE: Final = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_WRAPPED: Final = Alignment(wrap_text=True, vertical="top")


def write_workbook(ruleset: Ruleset, table: Table) -> bytes:
    """The workbook of a table; `read_workbook` gives the same ruleset back."""
    data = table_data(ruleset, table)
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101  a new workbook has one sheet
    sheet.title = layout.TABLE
    lists = _code_lists(book, table)
    _table_sheet(sheet, data, table, lists)
    _about_sheet(book.create_sheet(layout.ABOUT, 1), data)
    _scales_sheet(book.create_sheet(layout.SCALES, 2), data)
    _help_sheet(book.create_sheet(layout.HELP, 3))
    into = io.BytesIO()
    book.save(into)
    return into.getvalue()


def _put(sheet: Worksheet, row: int, column: int, value: object) -> Any:
    """A cell that holds text, whatever it looks like: never a formula, a number or a date."""
    cell = sheet.cell(row, column)
    if value is not None and value != "":
        cell.value = str(value)
        cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = _WRAPPED
    cell.border = _EDGE
    return cell


def _table_sheet(sheet: Worksheet, data: Mapping[str, Any], table: Table, lists: Mapping[str, str]) -> None:
    columns = [
        *((layout.INPUT, column) for column in data["inputs"]),
        *((layout.OUTPUT, column) for column in data["outputs"]),
        *((layout.NOTE, {"id": name, "title": {"zh": zh, "en": en}}) for name, zh, en in layout.NOTES),
    ]
    for row, (_, label) in enumerate(layout.HEAD, 1):
        cell = _put(sheet, row, 1, label)
        cell.fill, cell.font = _LABEL, Font(bold=True)
    for place, (part, column) in enumerate(columns, 2):
        _head(sheet, place, part, column)
    for number, row_data in enumerate(data["rows"], layout.FIRST_ROW):
        _row(sheet, number, row_data, data)
    last = layout.FIRST_ROW + len(data["rows"]) + SPARE_ROWS
    for place, input_ in enumerate(table.inputs, 2):
        source = '"-,true,false"' if input_.type == "boolean" else lists.get(_named(input_.codes), "")
        _drop_down(sheet, place, last, source, strict=False)
    for place, output in enumerate(table.outputs, 2 + len(table.inputs)):
        _drop_down(sheet, place, last, _answers(output, lists), strict=True)
    sheet.freeze_panes = f"B{layout.FIRST_ROW}"
    sheet.column_dimensions["A"].width = 26
    for place, (part, _) in enumerate(columns, 2):
        column = sheet.column_dimensions[get_column_letter(place)]
        column.width = 36 if part == layout.NOTE else 20
        column.number_format = "@"  # or Excel makes a date of what is typed into a new row
    sheet.print_title_rows = f"1:{layout.FIRST_ROW - 1}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _head(sheet: Worksheet, place: int, part: str, column: Mapping[str, Any]) -> None:
    values = {
        "part": part,
        "id": column["id"],
        "zh": column["title"]["zh"],
        "en": column["title"]["en"],
        **{name: column.get(name) for name in ("value", "type", "codes", "range")},
        "optional": "true" if column.get("optional") else None,
    }
    for row, (name, _) in enumerate(layout.HEAD, 1):
        cell = _put(sheet, row, place, values[name])
        cell.fill = _FILLS[part]
        cell.font = Font(bold=name in ("zh", "en"))
    said = "\n".join(f"{cell}：{zh} {en}" for cell, zh, en in layout.HELP_LINES[1:]) if part == layout.INPUT else ""
    if said:
        note = Comment(said, "CreditLink")
        note.width, note.height = 460, 300
        sheet.cell(2, place).comment = note


def _row(sheet: Worksheet, number: int, row: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    note = row.get("note", {})
    values = [
        row["id"],
        *(row["when"].get(column["id"], "-") for column in data["inputs"]),
        *(_answer(row["then"].get(column["id"])) for column in data["outputs"]),
        note.get("zh"),
        note.get("en"),
        row.get("basis"),
    ]
    for place, value in enumerate(values, 1):
        _put(sheet, number, place, value)
    sheet.cell(number, 1).font = Font(bold=True)


def _answer(value: object) -> object:
    return ("true" if value else "false") if isinstance(value, bool) else value


def _answers(output: Output, lists: Mapping[str, str]) -> str:
    if output.type == "boolean":
        return '"true,false"'
    if output.scale:
        inline = ",".join(step.value for step in output.scale)
        plain = len(inline) < 250 and not any(sign in step.value for step in output.scale for sign in '",')
        return f'"{inline}"' if plain else ""
    return lists.get(_named(output.codes), "")


def _named(codes: CodeList | None) -> str:
    return codes.name if codes else ""


def _drop_down(sheet: Worksheet, place: int, last: int, source: str, *, strict: bool) -> None:
    """The choices of a column. A condition may be written otherwise (a list, a range), an answer may not."""
    if not source:
        return
    rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=strict)
    rule.errorTitle, rule.error = "CreditLink", "请从列表中选择 Choose from the list"
    letter = get_column_letter(place)
    rule.add(f"{letter}{layout.FIRST_ROW}:{letter}{last}")
    sheet.add_data_validation(rule)


def _code_lists(book: Workbook, table: Table) -> dict[str, str]:
    """A sheet with the codes of every table in use, with their words; gives where each list stands."""
    sheet = book.create_sheet(layout.CODES)
    found: dict[str, tuple[CodeList, Mapping[str, Text]]] = {}
    columns: list[Input | Output] = [*table.inputs, *table.outputs]
    for column in columns:
        if column.codes is not None:
            found.setdefault(column.codes.name, (column.codes, column.labels))
    places: dict[str, str] = {}
    for number, (name, (codes, labels)) in enumerate(found.items()):
        column_ = 1 + 2 * number
        _put(sheet, 1, column_, name).font = Font(bold=True)
        _put(sheet, 1, column_ + 1, f"{codes.label.zh} {codes.label.en}").font = Font(bold=True)
        listed = sorted(codes.values, key=lambda code: (len(code), code))
        for row, code in enumerate(listed, 2):
            label = labels.get(code)
            _put(sheet, row, column_, code)
            _put(sheet, row, column_ + 1, f"{label.zh} {label.en}" if label else "")
        letter = get_column_letter(column_)
        sheet.column_dimensions[get_column_letter(column_ + 1)].width = 36
        places[name] = f"'{layout.CODES}'!${letter}$2:${letter}${len(listed) + 1}"
    return places


def _about_sheet(sheet: Worksheet, data: Mapping[str, Any]) -> None:
    facts = data["facts"]
    values: dict[str, Iterable[tuple[object, object]]] = {
        "ruleset": [(data["ruleset"], None)],
        "title": [(data["title"]["zh"], data["title"]["en"])],
        "basis": [(e["zh"], e["en"]) if isinstance(e, dict) else (e, None) for e in data.get("basis", [])],
        "effective": [(data["effective"]["from"], None)],
        **{name: [(facts[name], None)] for name in ("record", "subject", "file") if name in facts},
        "hit": [(data["hit"], None)],
        "complete": [(_answer(data["complete"]), None)],
    }
    row = 1
    for key, label in layout.ABOUT_KEYS:
        for zh, en in values.get(key, [(None, None)]):
            cell = _put(sheet, row, 1, label)
            cell.fill, cell.font = _LABEL, Font(bold=True)
            _put(sheet, row, 2, zh)
            _put(sheet, row, 3, en)
            if key == "hit":
                _choice(sheet, row, f'"{",".join(HITS)}"')
            if key == "complete":
                _choice(sheet, row, '"true,false"')
            row += 1
    for letter, width in zip("ABC", (28, 70, 70), strict=True):
        sheet.column_dimensions[letter].width = width


def _choice(sheet: Worksheet, row: int, source: str) -> None:
    rule = DataValidation(type="list", formula1=source, allow_blank=False, showErrorMessage=True)
    rule.add(f"B{row}")
    sheet.add_data_validation(rule)


def _scales_sheet(sheet: Worksheet, data: Mapping[str, Any]) -> None:
    heads = ("输出列 Output", "取值（从好到坏） Value, best first", "中文 Chinese", "英文 English")
    for place, head in enumerate(heads, 1):
        cell = _put(sheet, 1, place, head)
        cell.fill, cell.font = _LABEL, Font(bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = 30
    row = 2
    for output in data["outputs"]:
        for step in output.get("scale", []):
            for place, value in enumerate((output["id"], step["value"], step.get("zh"), step.get("en")), 1):
                _put(sheet, row, place, value)
            row += 1
    sheet.freeze_panes = "A2"


def _help_sheet(sheet: Worksheet) -> None:
    for row, line in enumerate(layout.HELP_LINES, 1):
        for place, text in enumerate(line, 1):
            cell = _put(sheet, row, place, text)
            if row == 1:
                cell.fill, cell.font = _LABEL, Font(bold=True)
    for letter, width in zip("ABC", (28, 44, 56), strict=True):
        sheet.column_dimensions[letter].width = width

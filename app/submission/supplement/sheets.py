"""How a workbook of supplements is laid out: one row an entry, one column an item, the same for writing and for reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.core.text import Text
from app.submission.supplement.entry import EntryForm, Field, fields

ENTRIES: Final = "补录_Entries"
CODES: Final = "代码_Codes"
NOTES: Final = "说明_Notes"
FAULTS: Final = "错误_Faults"
HEAD_ROWS: Final = 4
"""Titles in Chinese and in English, the tag by which a column is known, and what may stand in it."""
TAG_ROW: Final = 3
EMPTIED: Final = ("(空)", "（空）", "(empty)")
"""What a cell says where an item is to be empty: a blank cell leaves the source's value."""
REASON, FIRST, LAST = "_reason", "_from", "_until"
BESIDE: Final = {
    REASON: Text("补录理由", "Reason"),
    FIRST: Text("起始业务日", "First business day"),
    LAST: Text("截止业务日", "Last business day"),
}


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column: of an item, or (`field` None) of what every entry has beside its items."""

    name: str
    title: Text
    field: Field | None


def columns(form: EntryForm) -> tuple[SheetColumn, ...]:
    """The columns of a form's sheet, the key first."""
    known = sorted(fields(form), key=lambda each: not each.in_key)
    items = [SheetColumn(each.tag, each.item.title, each) for each in known]
    return (*items, *(SheetColumn(name, title, None) for name, title in BESIDE.items()))

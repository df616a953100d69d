"""Opens a workbook that a stranger may have made: what could run, burst or hide is refused before it is read."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any, Final

from openpyxl import load_workbook

from app.core.text import Text

MAX_BYTES: Final = 8_000_000
MAX_UNPACKED: Final = 60_000_000
MAX_RATIO: Final = 200
MAX_ENTRIES: Final = 300
MAX_SHEET_ROWS: Final = 8_000
MAX_SHEET_COLUMNS: Final = 100
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_ACTIVE: Final = (
    ("vbaproject", Text("含有宏", "it holds macros")),
    ("vbadata", Text("含有宏", "it holds macros")),
    ("macrosheets/", Text("含有宏工作表", "it holds macro sheets")),
    ("activex", Text("含有控件", "it holds controls")),
    ("embeddings/", Text("嵌有其他文件", "it holds embedded files")),
    ("externallinks/", Text("链接到其他文件", "it links to other files")),
    ("connections.xml", Text("连接外部数据", "it connects to outside data")),
    ("querytables/", Text("连接外部数据", "it connects to outside data")),
)
_ROW: Final = re.compile(rb"<(?:[A-Za-z0-9_]+:)?row[\s>/]")
_MACRO_TYPE: Final = re.compile(rb"macroEnabled", re.IGNORECASE)
_DECLARATION: Final = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


class WorkbookRefused(ValueError):
    """A file that is not opened; `message` says why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Text(zh, en)


def open_workbook(path: Path) -> Any:
    """The openpyxl workbook of a file. Raises WorkbookRefused for anything but a plain, sound, bounded .xlsx."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise WorkbookRefused(
            f"文件无法打开：{problem.strerror}", f"the file cannot be opened: {problem.strerror}"
        ) from None
    if len(raw) > MAX_BYTES:
        raise WorkbookRefused(
            f"文件超过{MAX_BYTES // 1_000_000}MB", f"the file is larger than {MAX_BYTES // 1_000_000} MB"
        )
    if raw.startswith(_OLE):
        raise WorkbookRefused("这是旧版或加密的Excel文件，请另存为不加密的.xlsx",
                              "this is an old or encrypted Excel file; save it as an .xlsx without a password")  # fmt: skip
    if not raw.startswith(_ZIP):
        raise WorkbookRefused("这不是.xlsx文件", "this is not an .xlsx file")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            _inspect(packed)
        # openpyxl raises whatever the zip, XML and number readers below it raise.
        return load_workbook(io.BytesIO(raw), data_only=False, keep_links=False, keep_vba=False)
    except WorkbookRefused:
        raise
    except Exception:
        raise WorkbookRefused("文件已损坏或不是标准的.xlsx", "the file is broken, or no proper .xlsx") from None


def _inspect(packed: zipfile.ZipFile) -> None:
    """Refuse what is too much or alive, from the table of contents alone before anything is unpacked."""
    entries = packed.infolist()
    if len(entries) > MAX_ENTRIES:
        raise WorkbookRefused("文件内部的部件过多", "the file has too many parts")
    unpacked = sum(entry.file_size for entry in entries)
    squeezed = any(
        entry.file_size > 1_000_000 and entry.file_size > MAX_RATIO * entry.compress_size for entry in entries
    )
    if unpacked > MAX_UNPACKED or squeezed:
        raise WorkbookRefused("解压后过大，疑似压缩炸弹", "it unpacks to too much (a zip bomb?)")
    for entry in entries:
        name = entry.filename.lower().replace("\\", "/")
        for mark, what in _ACTIVE:
            if mark in name:
                raise WorkbookRefused(f"不接受：文件{what.zh}", f"refused: {what.en}")
        if name.endswith((".xml", ".rels")):
            _inspect_part(name, packed.read(entry))


def _inspect_part(name: str, part: bytes) -> None:
    if b"\x00" in part[:200]:
        raise WorkbookRefused("文件内部不是UTF-8编码", "a part of the file is not UTF-8")
    if _DECLARATION.search(part):
        raise WorkbookRefused("不接受：文件含有XML实体声明", "refused: it declares XML entities")
    if name == "[content_types].xml" and _MACRO_TYPE.search(part):
        raise WorkbookRefused("不接受：文件含有宏", "refused: it holds macros")
    if "worksheets/" in name and sum(1 for _ in _ROW.finditer(part)) > MAX_SHEET_ROWS:
        raise WorkbookRefused(f"工作表超过{MAX_SHEET_ROWS}行", f"a sheet has more than {MAX_SHEET_ROWS} rows")

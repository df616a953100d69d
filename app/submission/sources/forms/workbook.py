"""Excel workbooks. They are zips of XML made by anybody: what they unfold to is measured before they are opened."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.core.errors import CreditLinkError
from app.submission.mapping import SourceMapping, SourceTable
from app.submission.sources.forms.columnar import as_text
from app.submission.sources.forms.form import check_header, damaged, text, worded
from app.submission.sources.places.place import missing_file

_BATCH = 50_000
_UNFOLDED = 1 << 30
_RATIO = 400
_SMALL = 10 << 20
_WIDEST = 2_000
_ENTITY = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


@contextmanager
def relations(mapping: SourceMapping, path: Path) -> Iterator[dict[SourceTable, str]]:
    """What may stand after FROM by table: the sheet of a workbook, which is opened once for all of them, or the Parquet file
    that a large table comes as instead."""
    files = {table: _file(path, table, mapping.workbook) for table in mapping.tables.values()}
    found = {table: as_text(file) for table, file in files.items() if file.suffix == ".parquet"}
    with TemporaryDirectory() as folder:
        spools = {table: Path(folder) / f"{number}.parquet" for number, table in enumerate(files) if table not in found}
        for book in dict.fromkeys(files[table] for table in spools):
            _spool(book, {table: spool for table, spool in spools.items() if files[table] == book})
        yield found | {table: f"read_parquet({text(str(spool))})" for table, spool in spools.items()}


def _file(path: Path, table: SourceTable, workbook: str) -> Path:
    if path.is_file():
        return path
    stem = Path(table.location).stem
    named = [path / workbook] if workbook else []
    for candidate in (*named, path / table.location, path / f"{stem}.parquet", path / f"{stem}.xlsx"):
        if candidate.is_file():
            return candidate
    books = sorted(path.glob("*.xlsx"))
    if len(books) == 1:
        return books[0]
    raise missing_file(table.location)


def _spool(file: Path, targets: Mapping[SourceTable, Path]) -> None:
    """Worksheets as text columns in Parquet; the first row names them. A workbook of one sheet needs no sheet of that name."""
    import openpyxl

    _measure(file)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            names = {table: _sheet(file, table, book.sheetnames) for table in targets}
            for table, target in targets.items():
                _write(book[names[table]].iter_rows(values_only=True), file.name, target)
        finally:
            book.close()
        if _has_formula(file):
            for name in dict.fromkeys(names.values()):
                _refuse_uncalculated(file, name)
    except CreditLinkError:
        raise
    except Exception as problem:
        # openpyxl raises whatever the zip, XML and number readers below it raise.
        raise damaged(file.name, type(problem).__name__) from problem


def _sheet(file: Path, table: SourceTable, names: Sequence[str]) -> str:
    if table.location in names:
        return table.location
    if len(names) > 1:
        raise damaged(file.name, table.location)
    return names[0]


def _measure(file: Path) -> None:
    """Refuse a workbook that unfolds to many times its size, or whose XML defines entities of its own."""
    try:
        with zipfile.ZipFile(file) as parts:
            entries = parts.infolist()
            unfolded = sum(entry.file_size for entry in entries)
            if unfolded > _UNFOLDED or (unfolded > _SMALL and unfolded > _RATIO * file.stat().st_size):
                raise worded(file.name, "解压后过大", "it unfolds to far more than its size")
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    with parts.open(entry) as part:
                        if _ENTITY.search(part.read(4096)):
                            raise worded(file.name, "含有实体定义", "it defines entities")
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as problem:
        raise damaged(file.name, type(problem).__name__) from problem


def _refuse_uncalculated(file: Path, sheet: str) -> None:
    """A formula that was never calculated has no value: to take it as empty would be a guess."""
    import openpyxl

    formulas = openpyxl.load_workbook(file, read_only=True)
    values = openpyxl.load_workbook(file, read_only=True, data_only=True)
    try:
        for row, given in zip(formulas[sheet].iter_rows(), values[sheet].iter_rows(values_only=True), strict=False):
            for cell, value in zip(row, given, strict=False):
                if value is None and cell.data_type == "f":
                    where = cell.coordinate
                    raise worded(file.name, f"{where} 的公式没有计算结果", f"the formula in {where} has no result")
    finally:
        formulas.close()
        values.close()


def _has_formula(file: Path) -> bool:
    with zipfile.ZipFile(file) as parts:
        for entry in parts.namelist():
            if not entry.startswith("xl/worksheets/"):
                continue
            with parts.open(entry) as part:
                before = b""
                while block := part.read(1 << 20):
                    if b"<f>" in before + block or b"<f " in before + block:
                        return True
                    before = block[-3:]
    return False


def _write(rows: Iterator[tuple[Any, ...]], name: str, target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    first = next(rows, ())
    places = {place: str(value) for place, value in enumerate(first) if value is not None}
    if len(places) > _WIDEST:
        raise worded(name, "列过多", "it has too many columns")
    names = check_header(name, list(places.values()))
    schema = pa.schema([(each, pa.string()) for each in names])
    # Read once and thrown away: nothing is won by packing it.
    plain: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    with pa.parquet.ParquetWriter(target, schema, **plain) as writer:
        while part := [row for _, row in zip(range(_BATCH), rows, strict=False)]:
            filled = list(zip_longest(*(row for row in part if any(value is not None for value in row))))
            columns = [pa.array(_texts(filled[place] if place < len(filled) else ()), pa.string()) for place in places]
            length = max(map(len, columns), default=0)
            full = [column if len(column) == length else pa.nulls(length, pa.string()) for column in columns]
            writer.write_batch(pa.record_batch(full, names=names))


def _texts(values: Sequence[Any]) -> list[str | None]:
    """Most cells are texts already: only the others are asked what they are."""
    return [value if value is None or type(value) is str else _written(value) for value in values]


def _written(value: Any) -> str:
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d"))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

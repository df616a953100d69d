"""Files whose columns are separated by a character, with a header line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from app.submission.mapping import SourceMapping, SourceTable
from app.submission.sources.forms.form import check_header, damaged, file_of, text, worded
from app.submission.sources.forms.transcode import transcode

_LONGEST_HEADER = 1 << 20


@contextmanager
def relation(mapping: SourceMapping, table: SourceTable, path: Path) -> Iterator[str]:
    """What may stand after FROM, while the block lasts."""
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.csv"
        transcode(file_of(path, table.location), plain, mapping.encoding)
        # The shape is said, not guessed from the data: a guess may skip lines that are damaged.
        names = _header(plain, table, mapping.delimiter)
        columns = ", ".join(f"{text(name)}: 'VARCHAR'" for name in names)
        yield (
            f"read_csv({text(str(plain))}, auto_detect = false, columns = {{{columns}}}, header = true,"
            f" delim = {text(mapping.delimiter)}, quote = '\"', escape = '\"', strict_mode = true)"
        )


def _header(plain: Path, table: SourceTable, delimiter: str) -> list[str]:
    """The column names in the first line of a delimited file. Raises Invalid where there are none."""
    with plain.open(encoding="utf-8", newline="") as file:
        first = file.readline(_LONGEST_HEADER)
        if len(first) >= _LONGEST_HEADER:
            raise worded(table.location, "第一行过长", "the first line is too long")
        try:
            names = next(csv.reader([first], delimiter=delimiter, strict=True), [])
        except csv.Error as problem:
            raise damaged(table.location, problem) from problem
    return check_header(table.location, names)

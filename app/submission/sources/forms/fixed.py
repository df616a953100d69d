"""Fixed-width files, positions counted in characters or, as mainframes do, in bytes of the file's own encoding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from app.submission.mapping import SourceMapping, SourceTable
from app.submission.sources.forms.form import FILLER, file_of, quoted, text
from app.submission.sources.forms.transcode import transcode


@contextmanager
def relation(mapping: SourceMapping, table: SourceTable, path: Path) -> Iterator[str]:
    """What may stand after FROM, while the block lasts. Values are trimmed; blanks at the end of a line may be missing.

    A line that ends before its last column begins, or a column that begins within a character, refuses the delivery.
    """
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.txt"
        transcode(file_of(path, table.location), plain, mapping.encoding, bytewise=table.bytewise)
        lines = (
            f"(SELECT line FROM read_csv({text(str(plain))}, auto_detect = false, columns = {{'line': 'VARCHAR'}},"
            " header = false, delim = '\x1f', quote = '', escape = '', strict_mode = true) WHERE line <> '')"
        )
        last = max(column.start for column in table.layout)
        short = f"CASE WHEN length(line) < {last} THEN error('line shorter than its columns') END"
        values = ", ".join(
            f"{_value(column.start, column.length, bytewise=table.bytewise)} AS {quoted(column.name)}"
            for column in table.layout
        )
        yield f"(SELECT {values} FROM {lines} WHERE {short} IS NULL)"


def _value(start: int, length: int, *, bytewise: bool) -> str:
    part = f"substring(line, {start}, {length})"
    if not bytewise:
        return f"trim({part})"
    filler = text(FILLER)
    cut = f"starts_with({part}, {filler}) OR substring(line, {start + length}, 1) = {filler}"
    return (
        f"CASE WHEN {cut} THEN error('a column begins within a character') ELSE trim(replace({part}, {filler}, '')) END"
    )

"""Parquet files, and SQLite databases that lie as a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.submission.mapping import SourceMapping, SourceTable
from app.submission.sources.forms.form import damaged, file_of, text


@contextmanager
def parquet(mapping: SourceMapping, table: SourceTable, path: Path) -> Iterator[str]:
    """What may stand after FROM. Values become text as the engine writes them: ISO dates, plain decimals."""
    name = table.location if (path / table.location).is_file() else f"{Path(table.location).stem}.parquet"
    yield as_text(file_of(path, name))


@contextmanager
def database(mapping: SourceMapping, table: SourceTable, path: Path) -> Iterator[str]:
    """A table of a SQLite file, or, where a database has been read from afar, the Parquet file that it was spooled to."""
    if (path / f"{table.name}.parquet").is_file():
        yield as_text(path / f"{table.name}.parquet")
        return
    file = file_of(path, f"{mapping.source}.sqlite") if path.is_dir() else path
    with file.open("rb") as opened:
        if not opened.read(16).startswith(b"SQLite format 3\0"):
            raise damaged(file.name, "SQLite")
    yield f"sqlite_scan({text(str(file))}, {text(table.location)})"


def as_text(file: Path) -> str:
    """A Parquet file as a relation of text columns."""
    return f"(SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet({text(str(file))}))"

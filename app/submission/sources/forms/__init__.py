"""The forms in which tables are delivered: each gives a relation of text columns over files on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from app.submission.mapping import SourceKind, SourceMapping, SourceTable
from app.submission.sources.forms import columnar, delimited, fixed, jsons, workbook

Form = Callable[[SourceMapping, SourceTable, Path], AbstractContextManager[str]]

FORMS: Final[Mapping[SourceKind, Form]] = {
    "sql": columnar.database,
    "csv": delimited.relation,
    "fixed": fixed.relation,
    "excel": workbook.relation,
    "parquet": columnar.parquet,
    "json": jsons.relation,
}
"""By kind of source: what may stand after FROM for a table, while the block lasts."""

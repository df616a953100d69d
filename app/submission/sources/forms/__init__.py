"""The forms in which tables are delivered: each gives relations of text columns over files on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final

from app.submission.mapping import SourceKind, SourceMapping, SourceTable
from app.submission.sources.forms import columnar, delimited, fixed, jsons, workbook

Form = Callable[[SourceMapping, Path], AbstractContextManager[Mapping[SourceTable, str]]]


def _table_by_table(one: Callable[[SourceMapping, SourceTable, Path], AbstractContextManager[str]]) -> Form:
    """A form whose tables have nothing to do with each other."""

    @contextmanager
    def relations(mapping: SourceMapping, path: Path) -> Iterator[Mapping[SourceTable, str]]:
        with ExitStack() as stack:
            yield {table: stack.enter_context(one(mapping, table, path)) for table in mapping.tables.values()}

    return relations


FORMS: Final[Mapping[SourceKind, Form]] = {
    "sql": _table_by_table(columnar.database),
    "csv": _table_by_table(delimited.relation),
    "fixed": _table_by_table(fixed.relation),
    "excel": workbook.relations,
    "parquet": _table_by_table(columnar.parquet),
    "json": _table_by_table(jsons.relation),
}
"""By kind of source: what may stand after FROM for each table of a delivery, while the block lasts."""

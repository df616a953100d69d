"""Text columns as byte streams: a file is written straight from column buffers, without a Python object per row.

Arrow is imported where a column is written: it takes long to load, and few processes write files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.lake.connection import Connection

if TYPE_CHECKING:
    import pyarrow as pa


def text_chunks(connection: Connection, sql: str, rows: int = 2_048) -> Iterator[memoryview]:
    """The single text column of `sql`, concatenated, in row order, as UTF-8 chunks of about `rows` rows each."""
    reader = connection.execute(sql).to_arrow_reader(rows)
    for batch in reader:
        column = batch.column(0)
        if column.null_count:
            raise ValueError("a line rendered to nothing")
        if len(column):
            yield _joined(column)


def _joined(column: pa.Array) -> memoryview:
    import pyarrow as pa

    if not pa.types.is_large_string(column.type):
        column = column.cast(pa.large_string())
    _, offsets, data = column.buffers()
    positions = memoryview(offsets).cast("q")
    start, end = positions[column.offset], positions[column.offset + len(column)]
    return memoryview(data)[start:end]

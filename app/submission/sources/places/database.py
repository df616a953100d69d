"""A source's own database, by any SQLAlchemy address: its tables are read in one transaction and spooled as Parquet.

PostgreSQL is read through ADBC and MySQL, SQL Server and Oracle through connectorx where these are installed, both straight
into Arrow; everything else by SQLAlchemy in batches. What has been spooled can be read as often as the lake asks for it, while
the source has been let go.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from app.core.errors import Invalid
from app.core.text import Text
from app.submission.sources.credentials import Credential
from app.submission.sources.places.place import Brought, Place, Wanted, missing, too_large, unreachable

if TYPE_CHECKING:
    import pyarrow as pa

    from app.submission.mapping import SourceTable

Batches = Iterator["pa.RecordBatch"]
Ask = Callable[[str], Batches]

_BATCH = 50_000
_BY_CONNECTORX = frozenset({"mysql", "mssql", "oracle"})
_MARK = re.compile(r"[0-9A-Za-z :.+\-]{1,64}")


@dataclass(frozen=True)
class DatabasePlace(Place):
    """`url` names no password: user and password are the credential's. `where` may hold `{date:…}` and narrows every table."""

    url: str
    credential: Credential | None = None
    where: str = ""
    reader: str = ""
    limit_bytes: int = Place.limit_bytes
    kind = "database"

    def bring(self, wanted: Wanted, into: Path) -> Brought:
        url = self._url()
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise missing(wanted.mapping.source)
        marks: dict[str, str] = {}
        left = self.limit_bytes
        try:
            with _READERS[self._reader(url)](url) as ask:
                for table in wanted.mapping.tables.values():
                    target = into / f"{table.name}.parquet"
                    statement = self._select(url, table, wanted)
                    mark = _spool(ask(statement), target, table.load.column if table.load else "", left)
                    marks[table.name] = mark or wanted.watermarks.get(table.name, "")
                    left -= target.stat().st_size
        except Invalid:
            raise
        except Exception as problem:
            # Three libraries with errors of their own, none of which may be quoted: they repeat address and statement.
            raise unreachable(wanted.mapping.source, _reason(problem)) from problem
        return Brought(into, watermarks={name: mark for name, mark in marks.items() if mark})

    def _url(self) -> URL:
        url = make_url(self.url)
        if self.credential is None:
            return url
        return url.set(username=self.credential.user or url.username, password=self.credential.secret)

    def _reader(self, url: URL) -> str:
        if self.reader:
            return self.reader
        backend = url.get_backend_name()
        if backend == "postgresql" and importlib.util.find_spec("adbc_driver_postgresql"):
            return "adbc"
        return "connectorx" if backend in _BY_CONNECTORX and importlib.util.find_spec("connectorx") else "sqlalchemy"

    def _select(self, url: URL, table: SourceTable, wanted: Wanted) -> str:
        quote = url.get_dialect()().identifier_preparer.quote_identifier
        name = ".".join(quote(part) for part in table.location.split("."))
        conditions = [f"({self.where.format(date=wanted.business_date)})"] if self.where else []
        mark = wanted.watermarks.get(table.name, "")
        if table.load and table.load.kind == "watermark" and mark:
            if not _MARK.fullmatch(mark):
                raise Invalid(
                    "submission.watermark",
                    Text("{table} 的水位值不可用", "The watermark of {table} cannot be used").format(table=table.name),
                )
            # From the mark itself on: rows of the same moment may have come after it was read, and a row twice does no harm.
            conditions.append(f"{quote(table.load.column)} >= '{mark}'")
        return f"SELECT * FROM {name}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")

    def address(self, business_date: date) -> str:
        return make_url(self.url).render_as_string(hide_password=True)


def _spool(batches: Batches, target: Path, mark_column: str, limit: int) -> str:
    """Write a table as Parquet, batch by batch; the greatest value of the mark column, as text."""
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.parquet

    greatest: Any = None
    writer: pa.parquet.ParquetWriter | None = None
    try:
        for batch in batches:
            if writer is None:
                writer = pa.parquet.ParquetWriter(target, batch.schema)
            writer.write_batch(batch)
            if target.stat().st_size > limit:
                raise too_large(target.name, limit)
            if mark_column and batch.num_rows:
                found = pa.compute.max(batch.column(mark_column)).as_py()
                greatest = found if greatest is None or (found is not None and found > greatest) else greatest
    finally:
        if writer is not None:
            writer.close()
    return "" if greatest is None else str(greatest)


@contextmanager
def _adbc(url: URL) -> Iterator[Ask]:
    from adbc_driver_postgresql import dbapi

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with dbapi.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

        def ask(statement: str) -> Batches:
            cursor.execute(statement)
            reader = cursor.fetch_record_batch()
            empty = True
            for batch in reader:
                empty = False
                yield batch
            if empty:
                yield _no_rows(reader.schema)

        yield ask


@contextmanager
def _connectorx(url: URL) -> Iterator[Ask]:
    import connectorx

    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)

    def ask(statement: str) -> Batches:
        reader = connectorx.read_sql(address, statement, return_type="arrow_stream", batch_size=_BATCH)
        empty = True
        for batch in reader:
            empty = False
            yield _plain_decimals(batch)
        if empty:
            yield _plain_decimals(_no_rows(reader.schema))

    yield ask


@contextmanager
def _sqlalchemy(url: URL) -> Iterator[Ask]:
    engine = create_engine(url)
    try:
        isolation = "REPEATABLE READ" if url.get_backend_name() in ("postgresql", "mysql") else None
        with engine.connect() as plain:
            connection = plain.execution_options(isolation_level=isolation) if isolation else plain

            def ask(statement: str) -> Batches:
                result = connection.execution_options(stream_results=True).execute(text(statement.replace(":", r"\:")))
                names = list(result.keys())
                yield _texts(names, ())
                for rows in result.partitions(_BATCH):
                    yield _texts(names, rows)

            yield ask
    finally:
        engine.dispose()


def _texts(names: list[str], rows: Any) -> pa.RecordBatch:
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    made = [
        pa.array([None if value is None else _written(value) for value in column], pa.string()) for column in columns
    ]
    return pa.record_batch(made, names=names)


def _written(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([], schema=schema)


def _plain_decimals(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Decimals as text without the zeros that connectorx fills them up with, to ten places whatever the column has."""
    import pyarrow as pa
    import pyarrow.compute

    columns = []
    for column in batch.columns:
        if pa.types.is_decimal(column.type):
            written = pa.compute.cast(column, pa.string())
            columns.append(pa.compute.utf8_rtrim(pa.compute.utf8_rtrim(written, "0"), "."))
        else:
            columns.append(column)
    return pa.record_batch(columns, names=batch.schema.names)


def _reason(problem: Exception) -> str:
    origin = getattr(problem, "orig", None) if isinstance(problem, SQLAlchemyError) else problem
    return type(origin or problem).__name__


_READERS = {"adbc": _adbc, "connectorx": _connectorx, "sqlalchemy": _sqlalchemy}
READERS = frozenset(_READERS)

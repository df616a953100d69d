"""Opening the lake: one DuckDB process-wide, one attached DuckLake catalogue, encrypted data files.

Writers of a SQLite catalogue exclude each other, so a write is a function that can be run again: `Lake.write` retries it
whole when another process held the catalogue.
"""

from __future__ import annotations

import itertools
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb
import duckdb_extensions

from app.core.errors import Unavailable
from app.core.text import Text
from app.lake.catalogue import METADATA, keep_bounds_out, note_empty_tables, tables

T = TypeVar("T")
Connection = duckdb.DuckDBPyConnection
EngineError = duckdb.Error
"""What the engine raises when a statement fails, such as over a file that it cannot read."""

_NO_ROOM = ("No space left", "quota exceeded", "disk is full", "Read-only file system")
_AWAY = ("connection", "Connection")
_QUOTING = (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.ParserException, duckdb.BinderException)


def is_ours(problem: EngineError) -> bool:
    """Whether a statement failed for want of room or in the lake's catalogue, and not over what it was given to read."""
    if isinstance(problem, _QUOTING):  # what these say may be words of the data
        return False
    return isinstance(problem, duckdb.TransactionException) or any(mark in str(problem) for mark in (*_NO_ROOM, *_AWAY))


_EXTENSIONS = ("httpfs", "ducklake", "sqlite_scanner")
_POSTGRES = "postgres_scanner"
"""Loaded where the catalogue is in PostgreSQL; a quarter of a second that the others need not wait."""
LAKE_BUSY: Final = "lake.busy"
_BUSY = ("database is locked", "conflict", "Failed to commit", "deadlock", "could not serialize")
_installed = threading.Lock()


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """How to speak to the S3 service that holds the lake's files; an empty `endpoint` is Amazon's."""

    endpoint: str
    region: str
    key: str
    secret: str = field(repr=False)

    @property
    def statement(self) -> str:
        """SQL that makes this known to the engine, for this process only."""
        given = {"KEY_ID": self.key, "SECRET": self.secret, "REGION": self.region}
        if self.endpoint:
            scheme, _, host = self.endpoint.partition("://")
            given |= {"ENDPOINT": host, "URL_STYLE": "path", "USE_SSL": str(scheme == "https").lower()}
        options = ", ".join(f"{name} {_quoted(value)}" for name, value in given.items())
        return f"CREATE OR REPLACE SECRET lake_files (TYPE s3, {options})"


@dataclass(frozen=True, slots=True)
class LakeConfig:
    """Where the lake lives and how much of the machine it may use.

    `catalogue` is written as DuckLake does (`sqlite:FILE` or `postgres:dbname=… host=…`); `data_path` a folder or an `s3://` address;
    `memory_limit` in DuckDB's notation ("1500MB").
    """

    catalogue: str
    data_path: str
    temporary: Path
    threads: int = 2
    memory_limit: str = "1500MB"
    store: ObjectStore | None = None

    @property
    def catalogue_file(self) -> Path | None:
        """The file of a catalogue in SQLite; None where it is in a database server."""
        kind, _, place = self.catalogue.partition(":")
        return Path(place) if kind == "sqlite" else None


class Lake:
    """An attached lake. Threads get cursors of one shared DuckDB instance."""

    def __init__(self, config: LakeConfig) -> None:
        self.config = config
        config.temporary.mkdir(parents=True, exist_ok=True)
        self._writing = threading.Lock()
        self._sharing = threading.Lock()
        self._shared = 0
        self._root = duckdb.connect()
        _load_extensions(
            self._root, (*_EXTENSIONS, _POSTGRES) if config.catalogue.startswith("postgres:") else _EXTENSIONS
        )
        self._root.execute(f"SET threads = {int(config.threads)}")
        self._root.execute("SET memory_limit = " + _quoted(config.memory_limit))
        self._root.execute("SET temp_directory = " + _quoted(str(config.temporary)))
        self._root.execute("SET enable_progress_bar = false")
        self._root.execute("SET preserve_insertion_order = false")
        self._root.execute("SET TimeZone = 'Asia/Shanghai'")
        self._root.execute("SET ducklake_max_retry_count = 20")
        if not config.data_path.startswith("s3://"):
            Path(config.data_path).mkdir(parents=True, exist_ok=True)
        elif config.store is not None:
            self._root.execute(config.store.statement)
        self._attach()

    def _attach(self) -> None:
        if (file := self.config.catalogue_file) is not None:
            _keep_readers_going(file)
        source = f"ducklake:{self.config.catalogue}"
        # Few rows would be kept in the catalogue itself otherwise, in the open, and a table be made there for each of ours.
        options = f"DATA_PATH {_quoted(self.config.data_path)}, ENCRYPTED, DATA_INLINING_ROW_LIMIT 0"
        self._retry(lambda: self._root.execute(f"ATTACH {_quoted(source)} AS lake ({options})"))
        # Row groups are what a scan is shared out by; the default would leave a day's records to one core.
        self._retry(lambda: self._root.execute("CALL lake.set_option('parquet_row_group_size', '32768')"))
        self._retry(lambda: self._root.execute("CALL lake.set_option('parquet_version', '2')"))
        self._move_out_of_catalogue()
        self._retry(lambda: keep_bounds_out(self._root, self.config.catalogue_file))

    def _move_out_of_catalogue(self) -> None:
        """Rows that an earlier release left in the catalogue go into encrypted files, their past included."""
        inlined = self._root.execute(f"SELECT table_name FROM {METADATA}.ducklake_inlined_data_tables").fetchall()
        held = [
            name
            for (name,) in inlined
            if self._root.execute(f'FROM {METADATA}."{name}" LIMIT 1').fetchone() is not None
        ]
        if held:
            self._retry(lambda: self._root.execute("CALL ducklake_flush_inlined_data('lake')"))
            if (file := self.config.catalogue_file) is not None:
                _overwrite_deleted(file)

    @contextmanager
    def shared_out(self) -> Iterator[None]:
        """Within the block as many callers as there are threads ask side by side, and each statement is done by its caller.

        Otherwise the engine's own threads do a part of every statement, and a caller whose work they have taken over waits
        for it by asking again and again, which keeps a core busy that the others need.
        """
        with self._sharing:
            self._shared += 1
            self._root.execute(f"SET external_threads = {int(self.config.threads)}")
        try:
            yield
        finally:
            with self._sharing:
                self._shared -= 1
                if not self._shared:
                    self._root.execute("SET external_threads = 1")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A cursor for reading; every statement sees the newest committed snapshot."""
        cursor = self._root.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, all or nothing; it is run again when another writer was in the way.

        `work` must therefore have no effect outside the lake. Writers wait for each other. Raises Unavailable when the lake
        stays busy.
        """
        with self.read() as cursor:

            def attempt() -> T:
                with self._writing:
                    cursor.execute("BEGIN")
                    try:
                        result = work(cursor)
                        cursor.execute("COMMIT")
                    except BaseException:
                        _rollback(cursor)
                        raise
                    return result

            return self._retry(attempt)

    def write_part(self, work: Callable[[Connection, bool], T], again: bool) -> T:
        """As `write`, for work that need not look for rows of its own when it runs for the first time.

        It is told whether it may have run before: `again` is what the caller knows, and from the second attempt on it may,
        since a commit can have come to pass whose answer was lost.
        """
        attempts = itertools.chain([again], itertools.repeat(True))
        return self.write(lambda connection: work(connection, next(attempts)))

    def _retry(self, attempt: Callable[[], T]) -> T:
        for turn in range(30):
            try:
                return attempt()
            except duckdb.Error as problem:
                if not any(mark in str(problem) for mark in _BUSY) or any(mark in str(problem) for mark in _NO_ROOM):
                    raise
                time.sleep(min(2.0, 0.05 * 2**turn) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
        raise Unavailable(LAKE_BUSY, Text("数据湖正忙，请稍后重试", "The lake is busy; try again in a moment"))

    def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """All rows of a small result."""
        with self.read() as cursor:
            return cursor.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Any = None) -> Any:
        """The first column of the first row, or None."""
        with self.read() as cursor:
            row = cursor.execute(sql, parameters).fetchone()
            return row[0] if row else None

    def records(self, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
        """All rows of a small result as dictionaries by column name."""
        with self.read() as cursor:
            result = cursor.execute(sql, parameters)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def tables(self, connection: Connection) -> set[tuple[str, str]]:
        """Layer and name of every table."""
        return tables(connection)

    def note_empty_tables(self) -> None:
        """As the catalogue's function of this name, for tables that have been made or filled just now."""
        self.write(note_empty_tables)

    def snapshot(self) -> int:
        """The number of the newest committed snapshot, for reading this state again later."""
        return int(self.value("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')") or 0)

    def close(self) -> None:
        self._root.close()


@contextmanager
def unoptimised(connection: Connection) -> Iterator[None]:
    """Within the block statements run as they are written.

    For statements of many hundred conditions over one relation: there is nothing to reorder in them, and DuckDB 1.5.5's
    optimiser turns half a second into half a minute.
    """
    connection.execute("PRAGMA disable_optimizer")
    try:
        yield
    finally:
        connection.execute("PRAGMA enable_optimizer")


@contextmanager
def scratch(*, few: bool = False) -> Iterator[Connection]:
    """An engine of its own in memory, for judging what is in no lake.

    For `few` facts at a time, where reading the statement is nearly all the work, it has one thread and no optimiser: half
    the processor time.
    """
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'Asia/Shanghai'")
        if few:
            connection.execute("SET threads = 1")
            connection.execute("PRAGMA disable_optimizer")
        yield connection
    finally:
        connection.close()


def _overwrite_deleted(catalogue: Path) -> None:
    """Write the catalogue anew, without what has been deleted from it; left to the next start where it is in use."""
    with closing(sqlite3.connect(catalogue, timeout=5)) as connection, suppress(sqlite3.OperationalError):
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _load_extensions(connection: Connection, names: Iterable[str]) -> None:
    with _installed:
        for name in names:
            try:
                connection.execute(f"LOAD {name}")
            except duckdb.Error:
                duckdb_extensions.import_extension(name)
                connection.execute(f"LOAD {name}")


def _keep_readers_going(catalogue: Path) -> None:
    """Give the catalogue file its write-ahead log: without it every reader fails while another process writes."""
    catalogue.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(catalogue, timeout=30)) as file:
        file.execute("PRAGMA journal_mode = WAL")


def _rollback(cursor: Connection) -> None:
    try:
        cursor.execute("ROLLBACK")
    except duckdb.Error:
        pass  # the engine has rolled back by itself; the first error is the one to tell


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

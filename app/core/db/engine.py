"""One engine an address, set up so that both databases keep the same promises."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Interval,
    bindparam,
    create_engine,
    event,
    func,
    literal,
    make_url,
    select,
    type_coerce,
)
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.config import settings
from app.core.db.types import UtcDateTime
from app.core.errors import Invalid
from app.core.text import Text

READING: Final = "creditlink_reading"
_BUSY_SECONDS: Final = 30
_FRESH_SECONDS: Final = 2.0
_OLDEST_SECONDS: Final = 3600
"""So long a connection of SQLite is kept: it plans by the statistics that stood when it was opened."""


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _on_sqlite_connect(connection: Any, _record: object) -> None:
    # The driver's own idea of when a transaction starts is too late for us; see _on_sqlite_begin.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=FULL",
        f"busy_timeout={_BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_sqlite_begin(connection: Connection) -> None:
    # A reader that later wants to write would fail at once when another has written since; so a writer says so first.
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _on_checkin(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
    # A connection that has lain idle may have been cut; asking one that has just been used would only cost time.
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < _FRESH_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error


def moment(has_clock: bool, earlier: timedelta = timedelta()) -> ColumnElement[datetime]:
    """The present moment in a statement that is made once and run often: the database's own, or the parameter `now`.

    One `earlier` is, without a clock of the database, the parameter `earlier`.
    """
    if not has_clock:
        return bindparam("earlier" if earlier else "now", type_=UtcDateTime())
    return type_coerce(func.statement_timestamp() - literal(earlier, Interval()), UtcDateTime())


class Database:
    """The operational database at one address."""

    @property
    def one_writer(self) -> bool:
        """Whether writers exclude each other, so that whoever may not have to write had better look first."""
        return self.kind == "sqlite"

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.kind = parsed.get_backend_name()
        self.url = parsed
        if self.kind == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise Invalid(
                    "core.database_url",
                    Text("SQLite 数据库必须是文件", "a SQLite database must be a file: other processes share it"),
                )
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(
                parsed, json_serializer=_dump, pool_size=20, max_overflow=20, pool_recycle=_OLDEST_SECONDS
            )
            event.listen(self.engine, "connect", _on_sqlite_connect)
            event.listen(self.engine, "begin", _on_sqlite_begin)
        elif self.kind == "postgresql":
            self.engine = create_engine(
                parsed,
                json_serializer=_dump,
                pool_size=10,
                max_overflow=20,
                connect_args={"application_name": "creditlink", "connect_timeout": 10},
            )
            event.listen(self.engine, "checkin", _on_checkin)
            event.listen(self.engine, "checkout", _on_checkout)
        else:
            raise Invalid(
                "core.database_url",
                Text("只支持 SQLite 与 PostgreSQL", "only SQLite and PostgreSQL are supported"),
            )

    def session(self, *, reading: bool = False) -> Session:
        """A session outside of any unit of work; most code wants `unit_of_work` instead."""
        engine: Engine = self.engine
        if reading:
            engine = engine.execution_options(**{READING: True, "postgresql_readonly": True})
        return Session(engine, expire_on_commit=False)

    def now(self, session: Session) -> datetime:
        """The present moment by the database's clock where it has one, so that hosts need not agree on theirs."""
        if self.has_clock:
            moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
            return moment.astimezone(UTC)
        return clock.now()

    @property
    def has_clock(self) -> bool:
        """Whether the database tells the time by itself now; otherwise statements are given it."""
        return self.kind == "postgresql" and not clock.is_frozen()

    def moment(self, earlier: timedelta = timedelta()) -> datetime | ColumnElement[datetime]:
        """The present moment, or one `earlier`, for a statement to write down or to compare with."""
        return moment(True, earlier) if self.has_clock else clock.now() - earlier

    @property
    def now_given(self) -> dict[str, datetime]:
        """What a statement made with the function `moment` is to be given."""
        return {} if self.has_clock else {"now": clock.now()}

    def gather_statistics(self) -> None:
        """Have the database count anew what its planner estimates by; the next connections plan by that."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
        self.dispose()

    def dispose(self) -> None:
        self.engine.dispose()


_databases: dict[str, Database] = {}
_lock = threading.Lock()


def database() -> Database:
    """The database of the settings in force; raises Invalid (`core.database_url`) for an unusable address."""
    url = settings().database_url
    with _lock:
        if url not in _databases:
            _databases[url] = Database(url)
        return _databases[url]


def _forget_in_child() -> None:
    # Connections must not be shared with the parent, nor closed under it.
    for each in _databases.values():
        each.engine.dispose(close=False)
    _databases.clear()


os.register_at_fork(after_in_child=_forget_in_child)

"""Single rows written at once, past the session's bookkeeping: for the few places that write thousands a minute.

What has been written stands in the object as if it had been read so. All else may be changed by way of the session.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Table, Update, bindparam, insert, inspect, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from app.core.db.types import Base
from app.core.db.unit import current_session


def insert_row(row: Base) -> None:
    """Insert a row that no session knows, with what has been set of it; columns that have none get their default.

    The object stays outside of the session.
    """
    values = {name: value for name, value in row.__dict__.items() if not name.startswith("_sa_")}
    if lock := _lock_of(type(row)):
        values[lock] = 1
        set_committed_value(row, lock, 1)
    current_session().execute(_insert(type(row), tuple(values)), values)


def update_row(row: Base, **values: Any) -> None:
    """Write these columns of a row and count the change where it is counted. A row that another has changed meanwhile
    ends the unit of work with Conflict (`core.stale`)."""
    current_session().flush()  # what has been changed the other way counts too
    lock = _lock_of(type(row))
    (key,) = inspect(type(row)).primary_key
    given = {f"to_{name}": value for name, value in values.items()} | {"key": getattr(row, key.name)}
    if lock:
        given["seen"] = getattr(row, lock)
        values[lock] = given["seen"] + 1
    done = current_session().execute(_update(type(row), tuple(name for name in values if name != lock)), given)
    if done.rowcount != 1:  # type: ignore[attr-defined] # an UPDATE always has one
        raise StaleDataError(f"{type(row).__name__} {given['key']} was changed by another")
    for name, value in values.items():
        set_committed_value(row, name, value)


def inserting_if_new(kind: str, into: Table | type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT for that kind of database that leaves a row alone whose key is there already."""
    if kind == "postgresql":
        return postgresql.insert(into).on_conflict_do_nothing()
    return sqlite.insert(into).on_conflict_do_nothing()


@cache
def _lock_of(model: type[Base]) -> str:
    column = inspect(model).version_id_col
    return "" if column is None else str(column.name)


@cache
def _insert(model: type[Base], names: tuple[str, ...]) -> Insert:
    return insert(cast(Table, model.__table__)).values({name: bindparam(name) for name in names})


@cache
def _update(model: type[Base], names: tuple[str, ...]) -> Update:
    table, lock = cast(Table, model.__table__), _lock_of(model)
    (key,) = table.primary_key.columns
    values: dict[str, Any] = {name: bindparam(f"to_{name}") for name in names}
    statement = update(table).where(key == bindparam("key"))
    if lock:
        values[lock] = table.c[lock] + 1
        statement = statement.where(table.c[lock] == bindparam("seen"))
    return statement.values(values)

"""The unit of work: all or nothing, committed once, at the edge (a request, a job, a step, a command).

Services take `current_session()`, add and flush. What they publish or hang on the commit belongs to the same unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.core.db.engine import Database, database
from app.core.errors import Conflict, CreditLinkError, Unavailable
from app.core.text import Text


@dataclass(slots=True)
class Unit:
    """One running unit of work."""

    session: Session
    reading: bool
    pending: list[object] = field(default_factory=list)
    before_commit: list[Callable[[Unit], None]] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)


_running: ContextVar[Unit | None] = ContextVar("unit_of_work", default=None)


def running_unit() -> Unit:
    """The unit in which the caller runs; raises RuntimeError outside of any, which is a fault of ours."""
    unit = _running.get()
    if unit is None:
        raise RuntimeError("there is no unit of work here; the edge must open one")
    return unit


def in_unit_of_work() -> bool:
    return _running.get() is not None


def current_session() -> Session:
    """The session of the running unit of work. Flush it, never commit it."""
    return running_unit().session


def on_commit(action: Callable[[], None]) -> None:
    """Do `action` once the running unit has been committed; it is dropped when the unit is rolled back."""
    running_unit().after_commit.append(action)


@contextmanager
def unit_of_work(*, reading: bool = False, on: Database | None = None) -> Iterator[Session]:
    """Run the block as one unit: committed when it ends, rolled back when it raises.

    A block inside another joins it: it is committed with the outer one, and alone rolled back (to a savepoint) when
    it raises. With `reading` nothing can be written and no writer is kept waiting. Raises Conflict (`core.stale`) when
    a versioned row was changed by another, and Unavailable (`core.database`) when the database cannot be had.
    """
    outer = _running.get()
    if outer is not None:
        with _joined(outer, reading) as session:
            yield session
        return
    unit = Unit((on or database()).session(reading=reading), reading)
    token = _running.set(unit)
    try:
        with unit.session as session:
            yield session
            for hook in unit.before_commit:
                hook(unit)
            session.commit()
    except (StaleDataError, OperationalError) as error:
        raise _told(error) from error
    finally:
        _running.reset(token)
    for action in unit.after_commit:
        action()


@contextmanager
def _joined(outer: Unit, reading: bool) -> Iterator[Session]:
    if outer.reading and not reading:
        raise RuntimeError("a unit of work that only reads cannot hold one that writes")
    if reading:
        yield outer.session
        return
    marks = [(kept, len(kept)) for kept in (outer.pending, outer.before_commit, outer.after_commit)]
    try:
        with outer.session.begin_nested():
            yield outer.session
    except BaseException:
        for kept, length in marks:
            del kept[length:]
        raise


def _told(error: StaleDataError | OperationalError) -> CreditLinkError | Exception:
    """The error in the user's words where it is the world's doing, else the error itself."""
    if isinstance(error, StaleDataError):
        return Conflict(
            "core.stale", Text("数据已被他人修改，请刷新后重试", "someone else has changed this; look again and retry")
        )
    words = str(error.orig)
    lost = error.connection_invalidated or "connection" in words or "database is locked" in words
    if not lost:
        return error
    return Unavailable(
        "core.database", Text("数据库暂不可用，请稍后再试", "the database cannot be reached now; try again")
    )

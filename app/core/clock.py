"""The only place that reads the time, so that tests and replays can stop it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
_frozen: ContextVar[datetime | None] = ContextVar("frozen_now", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def local_now() -> datetime:
    """The present moment on a Chinese wall clock (the credit centre's time)."""
    return now().astimezone(CHINA)


def today() -> date:
    """The present date in China."""
    return local_now().date()


def is_frozen() -> bool:
    """Whether the time stands still here."""
    return _frozen.get() is not None


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Within the block the time stands at `moment` (aware)."""
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)

"""The only place that reads the time, so that tests and replays can stop it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
SLACK = timedelta(seconds=5)
"""Less than this is no setting of a clock: hosts agree on the time to within it."""
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


class Watch:
    """Notices that a clock has been set, or that the machine has slept, by a count of seconds that nobody sets."""

    def __init__(self) -> None:
        self._seen: tuple[datetime, float] | None = None

    def moved(self, moment: datetime) -> timedelta | None:
        """By how much the clock, which now shows `moment`, has been set since it was last asked; zero where it was not.

        None at the first time: nobody knows what was before.
        """
        seconds = time.monotonic()
        before, self._seen = self._seen, (moment, seconds)
        if before is None:
            return None
        by = (moment - before[0]) - timedelta(seconds=seconds - before[1])
        return by if abs(by) >= SLACK else timedelta()

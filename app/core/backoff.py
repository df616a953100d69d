"""How long to wait before trying again: twice as long each time, within bounds."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

FIRST: Final = timedelta(seconds=2)
LONGEST: Final = timedelta(minutes=30)


def delay(failures: int, first: timedelta = FIRST) -> timedelta:
    """The wait after the `failures`-th failure in a row (1 or more), at most half an hour."""
    return min(LONGEST, first * (1 << min(failures - 1, 20)))

"""How long a worker may be silent before its task is another's: judged by a clock only while nobody sets it.

A clock that jumps ahead makes every worker look silent at once. So after a jump, and after the start, when nobody knows what
the clock has done before, silence is not judged until every living worker has given a sign of life by the clock as it is now.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Final

import structlog

from app.core.clock import Watch
from app.core.db import database, unit_of_work

log = structlog.get_logger(__name__)

FOR_EVER: Final = timedelta(days=36_500)
SIGNS_MISSED: Final = 6


class Silence:
    """Judges by the clock with which the signs of life are written down, which is the database's where it has one."""

    def __init__(self, heartbeat: float) -> None:
        self._heartbeat = heartbeat
        self._patience = timedelta(seconds=heartbeat * SIGNS_MISSED)
        self._watch = Watch()
        self._lock = threading.Lock()
        self._look_again = self._trusted_from = 0.0

    def patience(self) -> timedelta:
        """How long silence is borne just now: for ever, save once a heartbeat, right after the clock was found unmoved."""
        with self._lock:
            seconds = time.monotonic()
            if seconds < self._look_again:
                return FOR_EVER
            self._look_again = seconds + self._heartbeat
            with unit_of_work(reading=True) as session:
                moved = self._watch.moved(database().now(session))
            if moved != timedelta():
                self._trusted_from = seconds + self._patience.total_seconds()
            if moved:
                log.warning("clock_was_set", by=str(moved))
            return self._patience if seconds >= self._trusted_from else FOR_EVER

"""Writing feedback: sealed for the lender, named after the report file, and on demand late, twice or garbled.

What is to be written when is planned as steps in the transaction of the judgement; a step is done again if the
centre was killed before it was noted, so that feedback is never lost.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from app.core import packaging
from app.core.crypto import Suite
from app.simulator.centre.control import Control
from app.simulator.centre.store import Arrival, Store
from app.standard.files.feedback import FeedbackError, FeedbackItem, feedback_line
from app.standard.files.names import FeedbackHeader

MOST_ERRORS = 5
RIGHT, GARBLED = "right", "garbled"
_ORIGINAL = 29


def plan_feedback(control: Control, now: float) -> list[tuple[str, float]]:
    """The steps by which feedback appears, with their times (seconds of the system clock)."""
    due = now + control.feedback_delay
    steps = []
    if control.garble:
        steps.append((GARBLED, due))
        due += control.repair_after
    steps.append((RIGHT, due))
    if control.feedback_twice:
        steps.append((RIGHT, due + control.repeat_after))
    return steps


def feedback_prefix(arrival: Arrival) -> str:
    """The name of the feedback: the first 29 characters of the report file's and the flag."""
    return f"{arrival.prefix[:_ORIGINAL].ljust(_ORIGINAL, '0')}{arrival.flag}"


def write_step(store: Store, arrival: Arrival, outbox: Path, work: Path, suite: Suite, public: bytes) -> None:
    """Do the next step of an arrival's feedback, drafted in `work`. The file appears whole, in place of one of that name."""
    kind, _ = arrival.plan[arrival.done]
    prefix = feedback_prefix(arrival)
    draft = work / f"{secrets.token_hex(8)}.enc"
    try:
        packaging.pack(prefix, _chunks(store, arrival, prefix), draft, suite, public)
        if kind == GARBLED:
            _garble(draft)
        os.replace(draft, outbox / f"{prefix}.enc")
    finally:
        draft.unlink(missing_ok=True)


def _garble(path: Path) -> None:
    """Turn the second half of a file to noise, so that its seal no longer holds."""
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(size // 2)
        file.write(secrets.token_bytes(size - size // 2))


def _chunks(store: Store, arrival: Arrival, prefix: str) -> Iterator[bytes]:
    """The plain feedback file in pieces."""
    header = FeedbackHeader(
        original=prefix[:_ORIGINAL],
        feedback_flag=str(arrival.flag),
        created=datetime.fromisoformat(str(arrival.judged_at)),
        accepted=arrival.accepted,
        rejected=arrival.rejected,
        original_version=str(arrival.version),
    )
    buffer = io.BytesIO()
    buffer.write(f"{header.text}\r\n".encode())
    for line, faults, text in store.refusals(arrival.id):
        errors = tuple(FeedbackError(code, tag) for code, tag in faults[:MOST_ERRORS])
        item = FeedbackItem(errors) if line == 0 else FeedbackItem(errors, line, text)
        buffer.write(f"{feedback_line(item)}\r\n".encode())
        if buffer.tell() > 1 << 20:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()

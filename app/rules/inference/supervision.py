"""Keeps the engine's process: starts it, asks it, and when it dies, hangs or errs begins anew with a fresh one.

An answer is used only when it came whole; nothing the process held is needed again. So a crash costs a retry, never a result.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from app.core.errors import Unavailable
from app.core.text import Text
from app.rules.inference.wire import receive, send

log = structlog.get_logger(__name__)

SECONDS: Final = 60
"""An answer that takes longer is a hang."""
TRIES: Final = 3
LIFETIME: Final = 100_000
MOST_KNOWN: Final = 60
"""After so many facts or sets of rules the process is replaced, lest what it leaks adds up: it dies of hundreds of sets."""
_ROOT: Final = Path(__file__).resolve().parents[3]


class EngineFailed(Unavailable):
    """The engine's process has failed at the same request as often as it may."""

    def __init__(self, why: str) -> None:
        message = Text(f"推理进程连续{TRIES}次失败：{why}", f"the inference process failed {TRIES} times: {why}")
        super().__init__("rules.engine_failed", message)


class _Lost(Exception):
    """The process is of no use any more."""


@dataclass
class _Process:
    """One process and what it knows."""

    child: subprocess.Popen[bytes]
    channel: socket.socket
    known: set[str] = field(default_factory=set)
    facts: int = 0

    def end(self) -> None:
        self.channel.close()
        self.child.kill()
        self.child.wait()


class Engine:
    """The supervised engine. One request at a time; may be used by several threads. `seconds` bounds every request."""

    def __init__(self, seconds: int = SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self.restarts = 0

    def match(
        self, name: str, rules: Sequence[Mapping[str, Any]], cases: Sequence[Sequence[Mapping[str, Any]]], most: int
    ) -> list[list[list[Any]] | None]:
        """The matches of each case, None for one with more than `most`. Raises EngineFailed."""
        answers: list[list[list[Any]] | None] = []
        with self._lock:
            while len(answers) < len(cases):
                answers += self._asked(name, rules, cases[len(answers) :], most)
        return answers

    def _asked(
        self, name: str, rules: Sequence[Mapping[str, Any]], cases: Sequence[Sequence[Mapping[str, Any]]], most: int
    ) -> list[list[list[Any]] | None]:
        """The answers of the first cases: of all, or up to one that matches too often and wears the process out."""
        why = ""
        for _ in range(TRIES):
            process = self._process or self._start()
            try:
                answer = self._exchange(process, name, rules, cases, most)
            except _Lost as lost:
                why = str(lost)
                log.warning("inference_process_lost", why=why)
                self._end()
                continue
            process.facts += sum(map(len, cases))
            if answer["worn"] or process.facts > LIFETIME or len(process.known) > MOST_KNOWN:
                self._end()
            found: list[list[list[Any]] | None] = answer["matches"]
            return found
        raise EngineFailed(why)

    def _exchange(
        self,
        process: _Process,
        name: str,
        rules: Sequence[Mapping[str, Any]],
        cases: Sequence[Sequence[Mapping[str, Any]]],
        most: int,
    ) -> dict[str, Any]:
        request: dict[str, Any] = {"name": name, "cases": cases, "most": most}
        if name not in process.known:
            request["rules"] = rules
        try:
            send(process.channel, request)
            answer = receive(process.channel)
        except TimeoutError:
            raise _Lost(f"no answer within {self._seconds} s") from None
        except (OSError, ValueError) as error:
            raise _Lost(f"it ended: {error}") from None
        if not isinstance(answer, dict):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.child.wait(1)
            raise _Lost(f"it ended with {process.child.returncode}")
        if "error" in answer:
            raise _Lost(str(answer["error"]))
        process.known.add(name)
        return answer

    def _start(self) -> _Process:
        ours, theirs = socket.socketpair()
        ours.settimeout(self._seconds)
        with theirs:
            child = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "app.rules.inference.host", str(theirs.fileno()), str(self._seconds)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
            )
        self.restarts += 1
        self._process = _Process(child, ours)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None

    def close(self) -> None:
        """End the process; the next request starts another."""
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        """The number of the process that runs now."""
        process = self._process
        return process.child.pid if process else None


_engine = Engine()


def engine() -> Engine:
    """The engine of this process."""
    return _engine

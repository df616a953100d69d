"""The centre at work: takes files from the inbox, opens and judges them, answers. Everything here runs in one
thread, one file at a time."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.core import clock, packaging
from app.core.crypto import KeyRing, Suite, suite
from app.core.errors import CreditLinkError, Invalid
from app.simulator.centre import feedback
from app.simulator.centre.control import control_in_force
from app.simulator.centre.inspection import Inspection, Inspector
from app.simulator.centre.judge.values import WHOLE, Fault
from app.simulator.centre.ledger import Ledger
from app.simulator.centre.registry import load_registry
from app.simulator.centre.report import Line
from app.simulator.centre.store import Arrival, Store

SETTLED_SECONDS = 1.0
"""How long a file written directly under its final name must stay unchanged before it is taken."""
CENTRE_KEY, LENDER_KEY = "centre", "lender"
SECTION_LENGTH = 14
"""Characters of the section code that the name of a file begins with."""
_LIMIT_BYTES = 4 << 30
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Folders:
    """The state folder and what lies in it."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "sftp" / "inbox"

    @property
    def outbox(self) -> Path:
        return self.root / "sftp" / "outbox"

    def doors(self) -> list[Path]:
        """Where files come in and feedback lies: the common place, and that of every lender who has one of its own."""
        own = sorted(path.parent for path in (self.root / "sftp").glob("*/inbox"))
        return [self.root / "sftp", *own]

    def door(self, section: str) -> Path:
        """The place of a lender, by its section code."""
        own = self.root / "sftp" / section
        return own if section.isalnum() and (own / "inbox").is_dir() else self.root / "sftp"

    def give_door(self, section: str) -> None:
        """Give a lender a place of its own, which no other lender sees."""
        for name in ("inbox", "outbox"):
            (self.root / "sftp" / section / name).mkdir(parents=True, exist_ok=True)

    def lender_key(self, section: str) -> str:
        """The name of the public key that a lender's feedback is sealed for."""
        return LENDER_KEY if self.door(section) == self.root / "sftp" else own_key(section)

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    def make(self) -> None:
        for folder in (self.inbox, self.outbox, self.work):
            folder.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)


def own_key(section: str) -> str:
    """The name of the public key of a lender that has a place of its own."""
    return f"{LENDER_KEY}-{section.lower()}"


def centre_keys(folders: Folders) -> KeyRing:
    """The centre's key ring; its secret is made on first use."""
    folders.root.mkdir(parents=True, exist_ok=True)
    path = folders.root / "secret"
    if not path.exists():
        draft = path.with_name(f".secret.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32), encoding="ascii")
        os.replace(draft, path)
    return KeyRing(folders.keys, path.read_text(encoding="ascii"))


class Office:
    """One centre. `busy(name)` tells whether a client still has that inbox file open."""

    def __init__(self, root: Path, suite_name: str, busy: Callable[[str], bool] = lambda name: False) -> None:
        self.folders = Folders(root)
        self.folders.make()
        self.suite: Suite = suite(suite_name)
        self.keys = centre_keys(self.folders)
        self.store = Store(root)
        load_registry(root)
        self._pair = self.keys.key_pair(CENTRE_KEY, self.suite)
        self._busy = busy
        self._complete: set[str] = set()
        self._sweep_work()

    def announce(self, name: str) -> None:
        """An inbox file was renamed to this name, so it is complete. May be called from another thread."""
        self._complete.add(name)

    def _sweep_work(self) -> None:
        """Remove what a killed process left half done."""
        wanted = {arrival.work for arrival in self.store.unjudged()}
        for path in self.folders.work.iterdir():
            if path.name not in wanted:
                path.unlink()

    def round(self) -> bool:
        """Do all that can be done now; whether there was anything."""
        took = self._take()
        for arrival in self.store.unjudged():
            self._judge(arrival)
        return bool(self._answer() or took)

    def _take(self) -> int:
        """Note the files that lie ready in the inbox. They stay there, as the sender's proof that they came."""
        taken = 0
        lying = (path for door in self.folders.doors() for path in (door / "inbox").glob("*.enc"))
        ready = sorted(lying, key=lambda path: path.stat().st_mtime_ns)
        for path in ready:
            stat = path.stat()
            signature = f"{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}"
            if self.store.seen(path.name, signature) or not self._settled(path.name, stat.st_ctime):
                continue
            work = f"{secrets.token_hex(8)}.enc"
            os.link(path, self.folders.work / work)
            digest, size = _sha256(self.folders.work / work)
            self.store.arrive(path.name, signature, work, digest, size, clock.now().isoformat())
            self._complete.discard(path.name)
            taken += 1
        return taken

    def _settled(self, name: str, changed: float) -> bool:
        """A file is taken once no client has it open and it was renamed into place or has not changed for a while."""
        return not self._busy(name) and (name in self._complete or time.time() - changed >= SETTLED_SECONDS)

    def _judge(self, arrival: Arrival) -> None:
        work = self.folders.work / arrival.work
        plain = work.with_suffix(".txt")
        digest: str | None = None
        try:
            fault = self._open(arrival, work, plain)
            if fault is None:
                digest = _sha256(plain)[0]
            try:
                with self.store.transaction():
                    self._conclude(arrival, self._inspect(arrival, plain, fault), digest)
            except (OSError, sqlite3.Error, CreditLinkError):
                raise
            except Exception:
                # one file the judge stumbles over must not stop the others; the interface has a code for it
                _log.exception("%s cannot be judged", arrival.name)
                with self.store.transaction():
                    self._conclude(arrival, Inspection(faults=[("ABF002", WHOLE)]), digest)
        finally:
            plain.unlink(missing_ok=True)
        work.unlink(missing_ok=True)

    def _open(self, arrival: Arrival, work: Path, plain: Path) -> Fault | None:
        """Decrypt and decompress; ABF000, ABF001 or ABF002 where that fails."""
        try:
            with open(plain, "wb") as target:
                packaging.unpack_to(work, target, self.suite, self._pair.private, _LIMIT_BYTES)
        except Invalid as error:
            _log.warning("%s: %s", arrival.name, error)
            return ("ABF000" if error.code.startswith("crypto.") else "ABF001", WHOLE)
        except OSError as error:
            _log.warning("%s: %s", arrival.name, error)
            return ("ABF002", WHOLE)
        return None

    def _inspect(self, arrival: Arrival, plain: Path, fault: Fault | None) -> Inspection:
        if fault is not None:
            return Inspection(faults=[fault])

        def refuse(line: Line, faults: list[Fault]) -> None:
            self.store.refuse(arrival.id, line.number, faults, line.text)

        inspector = Inspector(load_registry(self.folders.root), Ledger(self.store))
        return inspector.inspect(plain, arrival.prefix, arrival.id, self.store.came_before(arrival), refuse)

    def _conclude(self, arrival: Arrival, outcome: Inspection, digest: str | None) -> None:
        if outcome.faults:
            self.store.refuse(arrival.id, 0, outcome.faults, None)
        plan = feedback.plan_feedback(control_in_force(self.folders.root), time.time())
        judged_at = clock.local_now().replace(tzinfo=None, microsecond=0).isoformat()
        counts = (outcome.accepted, outcome.rejected)
        self.store.conclude(arrival, outcome.flag, outcome.version, judged_at, counts, digest, plan)
        _log.info("%s: flag %s, %s taken, %s refused", arrival.name, outcome.flag, *counts)

    def _answer(self) -> int:
        """Write the feedback that is due."""
        written = 0
        for arrival in self.store.unanswered():
            if arrival.plan[arrival.done][1] > time.time():
                continue
            section = arrival.prefix[:SECTION_LENGTH]
            public = self.keys.public_key(self.folders.lender_key(section), self.suite)
            outbox = self.folders.door(section) / "outbox"
            feedback.write_step(self.store, arrival, outbox, self.folders.work, self.suite, public)
            self.store.step_done(arrival)
            written += 1
        return written


def _sha256(path: Path) -> tuple[str, int]:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size

"""What the centre keeps: arrivals of files, accepted records, faults. One SQLite file in the state folder.

Every file is judged and stored in one transaction, so a process killed at any moment leaves each file either judged
or not. What is accepted can be compared between two runs by `dump`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.simulator.centre.judge.values import Fault

FILE_NAME = "centre.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS arrival (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,              -- as it lay in the inbox
    signature TEXT NOT NULL,         -- inode, size and time of that file
    work TEXT NOT NULL,              -- its link in the work folder
    sha256 TEXT NOT NULL,            -- of the sealed file
    size INTEGER NOT NULL,
    received_at TEXT NOT NULL,
    plain_sha256 TEXT,               -- of what was inside, once opened
    flag TEXT,                       -- feedback flag, once judged
    version TEXT,
    judged_at TEXT,
    accepted INTEGER,
    rejected INTEGER,
    plan TEXT NOT NULL DEFAULT '[]', -- steps of feedback still due, see feedback.py
    done INTEGER NOT NULL DEFAULT 0  -- steps done
);
CREATE INDEX IF NOT EXISTS arrival_name ON arrival (name);
CREATE TABLE IF NOT EXISTS fault (
    arrival INTEGER NOT NULL REFERENCES arrival (id),
    line INTEGER NOT NULL,           -- header = 1; 0 = the file as a whole
    position INTEGER NOT NULL,
    code TEXT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (arrival, line, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (
    arrival INTEGER NOT NULL REFERENCES arrival (id),
    line INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (arrival, line)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY,
    record_type TEXT NOT NULL,
    subject TEXT NOT NULL,           -- the key without the report date
    report_date TEXT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    traits TEXT NOT NULL,            -- what later judgements need of it
    arrival INTEGER NOT NULL REFERENCES arrival (id),
    line INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS record_subject ON record (record_type, subject, report_date);
CREATE TABLE IF NOT EXISTS received ( -- every record that came, taken or not
    record_type TEXT NOT NULL,
    digest BLOB NOT NULL,            -- of who sent it and of its line, report date and all
    times INTEGER NOT NULL,
    PRIMARY KEY (record_type, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operation (
    id INTEGER PRIMARY KEY,
    record_type TEXT NOT NULL,
    subject TEXT NOT NULL,           -- what was operated on
    content TEXT NOT NULL,
    arrival INTEGER NOT NULL REFERENCES arrival (id),
    line INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS special_event (
    account TEXT NOT NULL, kind TEXT NOT NULL, month TEXT NOT NULL, report_date TEXT NOT NULL,
    PRIMARY KEY (account, kind, month)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replaced (
    record_type TEXT NOT NULL, identifier TEXT NOT NULL, successor TEXT NOT NULL,
    PRIMARY KEY (record_type, identifier)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file that came in. `flag` is None until it is judged."""

    id: int
    name: str
    work: str
    sha256: str
    received_at: str
    flag: str | None
    version: str | None
    judged_at: str | None
    accepted: int
    rejected: int
    plan: tuple[tuple[str, float], ...]
    done: int

    @property
    def prefix(self) -> str:
        return self.name.removesuffix(".enc")


_ARRIVAL = "id, name, work, sha256, received_at, flag, version, judged_at, accepted, rejected, plan, done"


def _arrival(row: Sequence[object]) -> Arrival:
    ident, name, work, sha256, received_at, flag, version, judged_at, accepted, rejected, plan, done = row
    steps = tuple((str(kind), float(due)) for kind, due in json.loads(str(plan)))
    return Arrival(
        int(str(ident)),
        str(name),
        str(work),
        str(sha256),
        str(received_at),
        None if flag is None else str(flag),
        None if version is None else str(version),
        None if judged_at is None else str(judged_at),
        int(str(accepted or 0)),
        int(str(rejected or 0)),
        steps,
        int(str(done)),
    )


class Store:
    """The centre's memory. One writer at a time; other processes may read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(folder / FILE_NAME, timeout=30, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.executescript(_SCHEMA)

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing of it."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def seen(self, name: str, signature: str) -> bool:
        """Whether this very file of the inbox was taken already."""
        found = self.connection.execute("SELECT 1 FROM arrival WHERE name = ? AND signature = ?", (name, signature))
        return found.fetchone() is not None

    def arrive(self, name: str, signature: str, work: str, sha256: str, size: int, received_at: str) -> int:
        """Note a file that came in; its number."""
        cursor = self.connection.execute(
            "INSERT INTO arrival (name, signature, work, sha256, size, received_at) VALUES (?, ?, ?, ?, ?, ?)",
            (name, signature, work, sha256, size, received_at),
        )
        return int(cursor.lastrowid or 0)

    def unjudged(self) -> list[Arrival]:
        """Files taken but not judged, in the order of their coming."""
        return self._arrivals("flag IS NULL")

    def unanswered(self) -> list[Arrival]:
        """Files judged whose feedback has steps left."""
        return self._arrivals("flag IS NOT NULL AND done < json_array_length(plan)")

    def arrivals(self) -> list[Arrival]:
        return self._arrivals("1 = 1")

    def _arrivals(self, condition: str) -> list[Arrival]:
        rows = self.connection.execute(f"SELECT {_ARRIVAL} FROM arrival WHERE {condition} ORDER BY id")
        return [_arrival(row) for row in rows]

    def came_before(self, arrival: Arrival) -> bool:
        """Whether a file of that name came in earlier (ABF009)."""
        found = self.connection.execute("SELECT 1 FROM arrival WHERE name = ? AND id < ?", (arrival.name, arrival.id))
        return found.fetchone() is not None

    def conclude(
        self,
        arrival: Arrival,
        flag: str,
        version: str,
        judged_at: str,
        counts: tuple[int, int],
        plain_sha256: str | None,
        plan: Sequence[tuple[str, float]],
    ) -> None:
        """Set the outcome of a file; within the transaction of its judgement."""
        self.connection.execute(
            "UPDATE arrival SET flag = ?, version = ?, judged_at = ?, accepted = ?, rejected = ?, plain_sha256 = ?,"
            " plan = ? WHERE id = ?",
            (flag, version, judged_at, *counts, plain_sha256, json.dumps(list(plan)), arrival.id),
        )

    def step_done(self, arrival: Arrival) -> None:
        self.connection.execute("UPDATE arrival SET done = ? WHERE id = ?", (arrival.done + 1, arrival.id))

    def receive(self, record_type: str, digest: bytes) -> None:
        """Count a record that came in, whatever becomes of it."""
        self.connection.execute(
            "INSERT INTO received VALUES (?, ?, 1) ON CONFLICT (record_type, digest) DO UPDATE SET times = times + 1",
            (record_type, digest),
        )

    def receipts(self) -> dict[str, tuple[int, int]]:
        """By record type how many records came in, and how many of them had come before, word for word."""
        rows = self.connection.execute(
            "SELECT record_type, sum(times), sum(times - 1) FROM received GROUP BY 1 ORDER BY 1"
        )
        return {str(code): (int(records), int(again)) for code, records, again in rows}

    def refuse(self, arrival: int, line: int, faults: Sequence[Fault], text: str | None) -> None:
        """Keep all faults of a line (0 = the file) and the line itself."""
        self.connection.executemany(
            "INSERT INTO fault VALUES (?, ?, ?, ?, ?)",
            [(arrival, line, position, code, tag) for position, (code, tag) in enumerate(faults)],
        )
        if text is not None:
            self.connection.execute("INSERT INTO refused VALUES (?, ?, ?)", (arrival, line, text))

    def refusals(self, arrival: int) -> Iterator[tuple[int, list[Fault], str | None]]:
        """Refused lines of a file in order: number, all faults, text (None for the file as a whole)."""
        lines = self.connection.execute(
            "SELECT DISTINCT f.line, r.text FROM fault f"
            " LEFT JOIN refused r ON r.arrival = f.arrival AND r.line = f.line WHERE f.arrival = ? ORDER BY f.line",
            (arrival,),
        )
        for line, text in lines.fetchall():
            faults = self.connection.execute(
                "SELECT code, tag FROM fault WHERE arrival = ? AND line = ? ORDER BY position", (arrival, line)
            )
            yield line, [(code, tag) for code, tag in faults], text

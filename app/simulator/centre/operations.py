"""Operations as the centre carries them out: what is stored about a business, and how an accepted request changes it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from app.simulator.centre.judge.plan import PROVIDER_PREFIXED
from app.simulator.centre.judge.values import text
from app.standard import catalogue
from app.standard.model import RecordType

Fact = dict[str, Any]
Traits = Callable[[str, Mapping[str, Any]], dict[str, Any]]

SEPARATOR = "\x1f"
CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
KINDS = frozenset({"change_identifier", "correct_segment", "delete_segment", "delete_record"})
_CODES = ("OdBnesCode", "ModRecCode", "DelRecCode")


def subject_of(record: RecordType, fact: Mapping[str, Any], provider: str = "") -> str | None:
    """The stored business that a request is about: the key of its parent without the report date. None where a part is missing.

    Where nothing in that key names the lender, `provider` stands before it, as in the records themselves.
    """
    parent = catalogue.current().record(record.parent or "")
    carrier = fact if record.flat else fact.get("BsSgmt", {})
    tags = [tag for tag in parent.key if tag != "RptDate"]
    if not all(tag in carrier for tag in tags):
        tags = [tag for tag in _CODES if tag in carrier][:1]
    parts = [text(carrier, tag) for tag in tags]
    if provider and not PROVIDER_PREFIXED.intersection(parent.key):
        parts = [provider, *parts]
    return SEPARATOR.join(part for part in parts if part) if parts and all(parts) else None


class Books:
    """The stored records of one kind, changed by requests. `traits` makes anew what later judgements need of a record."""

    def __init__(self, connection: sqlite3.Connection, parent: RecordType, traits: Traits) -> None:
        self._connection = connection
        self._parent = parent
        self._traits = traits

    def history(self, subject: str) -> list[tuple[int, str, Fact]]:
        """Number, report date and content of what is stored about a business, in time."""
        rows = self._connection.execute(
            "SELECT id, report_date, content FROM record WHERE record_type = ? AND subject = ? ORDER BY report_date, id",
            (self._parent.code, subject),
        )
        return [(int(number), str(at), json.loads(content)) for number, at, content in rows.fetchall()]

    def rename(self, old: str, new: str) -> None:
        """All that is stored goes by the new identifier, whatever follows it in the key."""
        tag, after = self._parent.key[0], chr(ord(SEPARATOR) + 1)
        rows = self._connection.execute(
            "SELECT id, subject, content FROM record WHERE record_type = ? AND (subject = ? OR subject > ? AND subject < ?)",
            (self._parent.code, old, old + SEPARATOR, old + after),
        ).fetchall()
        for number, subject, content in rows:
            fact = json.loads(content)
            (fact if self._parent.flat else fact["B"])[tag] = new
            self._put(number, fact)
            self._connection.execute("UPDATE record SET subject = ? WHERE id = ?", (new + subject[len(old) :], number))

    def delete(self, subject: str) -> None:
        self._connection.execute(
            "DELETE FROM record WHERE record_type = ? AND subject = ?", (self._parent.code, subject)
        )

    def delete_segment(self, subject: str, letter: str, start: str | None, end: str | None) -> None:
        """The segments of the interval go, and a record of which nothing but its base segment is left."""
        for number, at, fact in self.history(subject):
            if (start is None or start <= at) and (end is None or at <= end):
                fact.pop(letter, None)
                if set(fact) <= {"B"}:
                    self._connection.execute("DELETE FROM record WHERE id = ?", (number,))
                else:
                    self._put(number, fact)

    def correct(self, subject: str, at: str, letter: str, content: Fact, arrival: int, line: int) -> None:
        """The segment of that report date takes the place of the stored one, or stands by itself where none is stored."""
        history = self.history(subject)
        for number, stored_at, fact in history:
            if stored_at == at:
                fact[letter] = fact["B"] | content if letter == "B" else content
                self._put(number, fact)
                return
        base = history[-1][2]["B"] | {"RptDate": at}
        self.add(subject, at, {"B": base, letter: content}, arrival, line)

    def add(self, subject: str, at: str, fact: Mapping[str, Any], arrival: int, line: int) -> None:
        """Store a record."""
        self._connection.execute(
            "INSERT INTO record (record_type, subject, report_date, content, digest, traits, arrival, line)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._parent.code, subject, at, *self._written(fact), arrival, line),
        )

    def _put(self, number: int, fact: Fact) -> None:
        self._connection.execute(
            "UPDATE record SET content = ?, digest = ?, traits = ? WHERE id = ?", (*self._written(fact), number)
        )

    def _written(self, fact: Mapping[str, Any]) -> tuple[str, str, str]:
        content = CANONICAL.encode(fact)
        digest = hashlib.sha256(content.encode()).hexdigest()[:32]
        return content, digest, CANONICAL.encode(self._traits(self._parent.code, fact))


def details(history: list[tuple[int, str, Fact]], at: str) -> dict[str, Any]:
    """What only operations ask of the stored records: `segments`, `instalments`, `identity`, `status` of `Stored`."""
    segments = tuple((letter, date) for _, date, fact in history for letter in fact)
    starts = ((text(fact["I"], "SpecEfctDate"), date) for _, date, fact in history if "I" in fact)
    instalments = tuple((start, date) for start, date in starts if start)
    newest = history[-1][2].get("B", {}) if history else {}
    then = next((fact for _, date, fact in history if date == at), {})
    status = text(then.get("H", {}), "AcctStatus") or text(then.get("J", {}), "AcctStatus")
    return {
        "segments": segments,
        "instalments": instalments,
        "identity": (text(newest, "IDType"), text(newest, "IDNum")),
        "status": status,
    }

"""The accepted state: turning stored records into what a judgement needs, and accepted records into stored ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.simulator.centre.judge.account_history import performance_closes
from app.simulator.centre.judge.case import NEW, Event, Stored
from app.simulator.centre.judge.plan import PROVIDER_PREFIXED
from app.simulator.centre.judge.values import BLANKS, NOTHING, Segment, group, text
from app.simulator.centre.operations import CANONICAL, KINDS, SEPARATOR, Books, details, subject_of
from app.simulator.centre.store import Store
from app.standard import catalogue
from app.standard.model import RecordType

Fact = Mapping[str, Any]

_NEIGHBOUR_TAGS = (
    "FiveCateAdjDate",
    "BalChgDate",
    "LatRpyDate",
    "LatAgrrRpyDate",
    "NxtAgrrRpyDate",
    "AcctBal",
)
_BASIC = frozenset({"110", "310"})
_ACCOUNTS = frozenset({"210", "410"})
_ENDING = {
    **dict.fromkeys(("220", "420"), ("D", "ConStatus")),
    **dict.fromkeys(("230", "440"), ("D", "AcctStatus")),
    "510": ("C", "CcStatus"),
}
"""Where agreements, guarantee accounts and contracts say by the code 2 that they have ended."""


def key_of(record: RecordType, fact: Fact, provider: str = "") -> tuple[str, str] | None:
    """Subject (the key without the report date) and report date of a record; None if a part of its key is missing.

    What several lenders may tell of the same subject is each lender's own: where nothing in the key names the lender,
    `provider` stands before it.
    """
    carrier: Segment = fact if record.flat else next((fact[s.code] for s in record.segments if s.code in fact), NOTHING)
    parts = [] if PROVIDER_PREFIXED.intersection(record.key) or not provider else [provider]
    for tag in record.key:
        if tag != "RptDate":
            value = text(carrier, tag)
            if value is None:
                return None
            parts.append(value)
    date = carrier.get("RptDate")
    return SEPARATOR.join(parts), date.strip(BLANKS) if isinstance(date, str) else ""


class Ledger:
    """Reads and extends the accepted state within a transaction of the store. Special events and replaced
    identifiers, being few, are held in memory."""

    def __init__(self, store: Store) -> None:
        self._connection = store.connection
        self._store = store
        self._events: dict[str, list[Event]] = {}
        for account, kind, month, report_date in self._connection.execute(
            "SELECT account, kind, month, report_date FROM special_event"
        ):
            self._events.setdefault(account, []).append(Event(kind, month, report_date))
        self._replaced: dict[tuple[str, str], str] = {
            (record_type, identifier): successor
            for record_type, identifier, successor in self._connection.execute("SELECT * FROM replaced")
        }

    def stored(self, record_type: str, subject: str, report_date: str) -> Stored:
        """What is held about a subject, seen from a record of that report date."""
        if record_type == "215":
            account = self.stored("210", subject.partition(SEPARATOR)[0], report_date)
            return replace(account, same=False, same_day=account.same)
        rows = self._connection.execute(
            "SELECT report_date, traits FROM record WHERE record_type = ? AND subject = ? ORDER BY report_date, id",
            (record_type, subject),
        ).fetchall()
        events = tuple(self._events.get(subject, ()))
        replaced = (record_type, subject) in self._replaced
        if not rows and not events and not replaced:
            return NEW
        history = [(date, json.loads(traits)) for date, traits in rows]
        same = any(date == report_date for date, _ in history)
        if record_type in _ACCOUNTS:
            return _account(history, events, report_date, same, replaced)
        if record_type in _BASIC:
            return _customer(history, same, replaced)
        return _plain(history, report_date, same, replaced)

    def receive(self, record: RecordType, provider: str, line: str) -> None:
        """Count a record that has come in."""
        self._store.receive(record.code, hashlib.sha256(f"{provider}{line}".encode()).digest()[:16])

    def operated(self, record: RecordType, fact: Fact, provider: str = "") -> Stored:
        """What is held about the business that an operation is about."""
        subject = subject_of(record, fact, provider)
        parent = record.parent or ""
        if subject is None:
            return NEW
        carrier = fact if record.flat else fact.get("BsSgmt", NOTHING)
        report_date = text(carrier, "RptDate") or ""
        stored = self.stored(parent, subject, report_date)
        # ABE012 is said of persons' requests only, and a change of identifier has its own code for it.
        told = record.subject == "person" and record.kind != "change_identifier"
        stored = replace(stored, same=False, replaced=stored.replaced and told)
        if record.kind == "correct_segment":
            stored = replace(stored, **details(self._books(parent).history(subject), report_date))
        if record.kind == "change_identifier":
            new = text(fact, "NwBnesCode") or ""
            stored = replace(
                stored,
                new_exists=bool(self._books(parent).history(new)) or (parent, new) in self._replaced,
                new_own=self._replaced.get((parent, new)) == subject,
            )
        return stored

    def _books(self, parent: str) -> Books:
        return Books(self._connection, catalogue.current().record(parent), _traits)

    def accept(
        self, record: RecordType, fact: Fact, key: tuple[str, str], arrival: int, line: int, provider: str = ""
    ) -> None:
        """Store a record that was found right, or carry out an operation that `provider` asks for."""
        if record.kind in KINDS and record.parent:
            self._operate(record, fact, arrival, line, provider)
            return
        Books(self._connection, record, _traits).add(*key, fact, arrival, line)
        if record.kind == "special_event":
            self._note_event(fact)

    def _operate(self, record: RecordType, fact: Fact, arrival: int, line: int, provider: str) -> None:
        parent, subject = record.parent or "", subject_of(record, fact, provider) or ""
        self._connection.execute(
            "INSERT INTO operation (record_type, subject, content, arrival, line) VALUES (?, ?, ?, ?, ?)",
            (record.code, subject, CANONICAL.encode(fact), arrival, line),
        )
        books = self._books(parent)
        if record.kind == "change_identifier":
            self._note_change(parent, fact)
        elif record.kind == "delete_record":
            books.delete(subject)
        elif record.kind == "delete_segment":
            books.delete_segment(subject, fact["DelSgmtCode"], text(fact, "DelStartDate"), text(fact, "DelEndDate"))
        else:
            head = fact["BsSgmt"]
            letter = head["MdfcSgmtCode"]
            books.correct(subject, head["RptDate"], letter, fact["MdfcSgmt"][letter], arrival, line)

    def _note_event(self, fact: Fact) -> None:
        account, event = fact["AcctCode"], Event(fact["OpetnType"], fact["Month"], fact["RptDate"])
        others = [e for e in self._events.get(account, ()) if (e.kind, e.month) != (event.kind, event.month)]
        self._connection.execute(
            "DELETE FROM special_event WHERE account = ? AND kind = ? AND month = ?", (account, event.kind, event.month)
        )
        if fact.get("Flag") != "0":
            others.append(event)
            self._connection.execute(
                "INSERT INTO special_event VALUES (?, ?, ?, ?)", (account, event.kind, event.month, event.report_date)
            )
        self._events[account] = others

    def _note_change(self, parent: str, fact: Fact) -> None:
        old, new = fact["OdBnesCode"], fact["NwBnesCode"]
        self._books(parent).rename(old, new)
        if parent == "210":
            self._rename_events(old, new)
        self._connection.execute(
            "UPDATE replaced SET successor = ? WHERE record_type = ? AND successor = ?", (new, parent, old)
        )
        self._connection.execute("INSERT OR REPLACE INTO replaced VALUES (?, ?, ?)", (parent, old, new))
        self._connection.execute("DELETE FROM replaced WHERE record_type = ? AND identifier = ?", (parent, new))
        self._replaced = {key: new if key[0] == parent and to == old else to for key, to in self._replaced.items()}
        self._replaced[parent, old] = new
        self._replaced.pop((parent, new), None)

    def _rename_events(self, old: str, new: str) -> None:
        """The special events of an account go with it."""
        self._books("215").rename(old, new)
        self._connection.execute("UPDATE special_event SET account = ? WHERE account = ?", (new, old))
        if old in self._events:
            self._events[new] = self._events.pop(old)


def _traits(record_type: str, fact: Fact) -> dict[str, Any]:
    if record_type in _BASIC:
        updates = {
            tag: value
            for segment in fact.values()
            for tag, value in segment.items()
            if tag.endswith("UpDate") and value
        }
        return {"updates": updates, "org_type": text(fact.get("B", NOTHING), "OrgType")}
    if record_type not in _ACCOUNTS:
        return _plain_traits(record_type, fact)
    monthly, other = fact.get("H", NOTHING), fact.get("J", NOTHING)
    account = text(fact["B"], "AcctType")
    status = text(monthly, "AcctStatus") or text(other, "AcctStatus")
    closed = status == "21" if record_type == "410" else performance_closes(account, monthly, other)
    special = fact.get("K" if record_type == "210" else "I", NOTHING)
    return {
        "type": account,
        "flag": text(fact.get("C", NOTHING), "Flag"),
        "month": text(monthly, "Month"),
        "closed": closed if status else None,
        "trades": [[text(e, "TranDate"), text(e, "ChanTranType")] for e in group(special, "CagOfTrdInf")],
        "performance": {tag: value for tag in _NEIGHBOUR_TAGS if (value := text(monthly, tag) or text(other, tag))},
    }


def _plain_traits(record_type: str, fact: Fact) -> dict[str, Any]:
    """Of agreements, guarantee accounts and contracts whether they have ended; of the others that they are there."""
    letter, tag = _ENDING.get(record_type, ("", ""))
    state = fact.get(letter, NOTHING)
    status, dated = text(state, tag), text(state, "FiveCateAdjDate")
    return {
        "type": text(fact.get("B", NOTHING), "AcctType"),
        "closed": status == "2" if status else None,
        "performance": {"FiveCateAdjDate": dated} if dated else {},
    }


def _customer(history: list[tuple[str, dict[str, Any]]], same: bool, replaced: bool) -> Stored:
    updates: dict[str, str] = {}
    for _, traits in history:
        for tag, value in traits["updates"].items():
            if value > updates.get(tag, ""):
                updates[tag] = value
    return Stored(
        exists=bool(history),
        same=same,
        replaced=replaced,
        report_date=history[-1][0] if history else None,
        org_type=history[-1][1]["org_type"] if history else None,
        updates=updates,
    )


def _plain(history: list[tuple[str, dict[str, Any]]], report_date: str, same: bool, replaced: bool) -> Stored:
    """Of what has no history beyond its end and the order of its days."""
    told = [traits["closed"] for _, traits in history if traits["closed"] is not None]
    neighbours = [(date, {"RptDate": date} | traits["performance"]) for date, traits in history]
    return Stored(
        exists=bool(history),
        same=same,
        replaced=replaced,
        report_date=history[-1][0] if history else None,
        account_type=history[-1][1]["type"] if history else None,
        closed=bool(told and told[-1]),
        previous=next((known for date, known in reversed(neighbours) if date < report_date), {}),
        following=next((known for date, known in neighbours if date > report_date), {}),
    )


def _account(
    history: list[tuple[str, dict[str, Any]]], events: tuple[Event, ...], report_date: str, same: bool, replaced: bool
) -> Stored:
    with_status = [(date, traits) for date, traits in history if traits["closed"] is not None]
    closings = [(date, traits) for date, traits in with_status if traits["closed"]]
    closed = bool(with_status) and bool(with_status[-1][1]["closed"])
    if closed:
        closed = not any(event.kind == "12" and event.report_date >= with_status[-1][0] for event in events)
    earlier = [traits for date, traits in history if date < report_date]
    later = [traits for date, traits in history if date > report_date]
    return Stored(
        exists=bool(history),
        same=same,
        replaced=replaced,
        report_date=history[-1][0] if history else None,
        event_date=max((event.report_date for event in events), default=None),
        account_type=history[-1][1]["type"] if history else None,
        flag=next((traits["flag"] for _, traits in reversed(history) if traits["flag"]), None),
        closed=closed,
        closed_month=(closings[-1][1]["month"] or closings[-1][0][:7]) if closings else None,
        months=tuple((traits["month"], date) for date, traits in history if traits["month"]),
        transactions=frozenset((day, kind) for _, traits in history for day, kind in traits["trades"]),
        events=events,
        previous=earlier[-1]["performance"] if earlier else {},
        following=later[0]["performance"] if later else {},
    )

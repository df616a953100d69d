"""What a judgement looks at: one record, the header of its file, the registry and what the centre has stored about
its subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.simulator.centre.judge.values import NOTHING, Segment


@dataclass(frozen=True, slots=True)
class Header:
    """The parts of a report file's header that records are judged against. `created` is the ISO date of its
    creation."""

    record_type: str
    version: str
    template: str
    provider: str
    created: str


@dataclass(frozen=True, slots=True)
class Event:
    """A special event in effect (record 215): its type (11, 12, 21), the month it explains and its report date."""

    kind: str
    month: str
    report_date: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What the centre holds about the subject of a record: a customer at a source, or an account.

    `same`: a record with exactly the same identification items is stored. `same_day`: of a special event, that its account
    has a record of the same report date. `report_date` and `event_date` are the
    latest ones. `previous` and `following` are the performance of the stored neighbours in time of the record
    judged, by tag. `updates` are the latest update dates of a customer's segments, by tag.

    Only operations ask for the rest: `segments` are letters with the report dates of all that is stored, `instalments` start and
    report dates of special instalments, `identity` the document of the account's holder, `status` that of the report date in
    question; `new_exists` and `new_own` tell whether a new identifier is in use, and whether it once was that of the same business.
    """

    exists: bool = False
    same: bool = False
    replaced: bool = False
    report_date: str | None = None
    event_date: str | None = None
    same_day: bool = False
    account_type: str | None = None
    flag: str | None = None
    org_type: str | None = None
    closed: bool = False
    closed_month: str | None = None
    months: tuple[tuple[str, str], ...] = ()
    transactions: frozenset[tuple[str, str]] = frozenset()
    events: tuple[Event, ...] = ()
    previous: Mapping[str, str] = field(default_factory=dict)
    following: Mapping[str, str] = field(default_factory=dict)
    updates: Mapping[str, str] = field(default_factory=dict)
    segments: tuple[tuple[str, str], ...] = ()
    instalments: tuple[tuple[str, str], ...] = ()
    identity: tuple[str | None, str | None] = (None, None)
    status: str | None = None
    new_exists: bool = False
    new_own: bool = False


NEW = Stored()
"""The state of a subject of which nothing is stored."""


@dataclass(frozen=True, slots=True)
class Institution:
    """Who reports, as the registry knows it: its section codes, its live institutions, and all known Zhongzheng
    codes."""

    sections: frozenset[str]
    institutions: frozenset[str]
    zhongzheng_codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Case:
    """One record before the judge. `repeated`: its key occurs more than once in the file."""

    record: str
    fact: Mapping[str, Segment]
    header: Header
    institution: Institution
    stored: Stored = NEW
    repeated: bool = False

    def segment(self, letter: str) -> Segment:
        """The segment of that letter; empty if the record has none."""
        return self.fact.get(letter, NOTHING)

    def has(self, letter: str) -> bool:
        return letter in self.fact

"""Judging one plain report file: the file as a whole, then its records in order, each seeing what was accepted
before it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.simulator.centre.judge.case import NEW, Case, Header
from app.simulator.centre.judge.values import BLANKS, WHOLE, Fault
from app.simulator.centre.judge.verdict import judge
from app.simulator.centre.ledger import Fact, Ledger, key_of
from app.simulator.centre.operations import KINDS
from app.simulator.centre.registry import Registry
from app.simulator.centre.report import FileFault, Line, header_faults, name_faults, read_header, record_lines
from app.standard import catalogue
from app.standard.files.parse import read_line
from app.standard.model import RecordType

VERSION = "2.0.0"


@dataclass(slots=True)
class Inspection:
    """What came of a file. `faults` are those of the file as a whole: if there are any, no record was taken."""

    version: str = VERSION
    faults: list[Fault] = field(default_factory=list)
    accepted: int = 0
    rejected: int = 0

    @property
    def flag(self) -> str:
        """1 all records taken, 2 file refused, 3 some records refused."""
        return "2" if self.faults else "3" if self.rejected else "1"


Refuse = Callable[[Line, list[Fault]], None]


class Inspector:
    """Judges the records of files against the registry and the ledger."""

    def __init__(self, registry: Registry, ledger: Ledger | None) -> None:
        """Without a ledger nothing is known of earlier files and nothing is stored."""
        self._registry = registry
        self._ledger = ledger

    def inspect(self, path: Path, prefix: str, arrival: int, repeated_name: bool, refuse: Refuse) -> Inspection:
        """Judge the plain file at `path`; `refuse` is told of every refused record with all its faults.

        The body is read twice, the first time only for its lines and keys, so that no record is stored of a file
        that turns out to be unusable. The caller holds the transaction.
        """
        outcome = Inspection(faults=name_faults(prefix, self._registry))
        if repeated_name:
            outcome.faults.append(("ABF009", WHOLE))
        try:
            header, count, faults = header_faults(prefix, read_header(path), self._registry)
            outcome.faults.extend(faults)
            if header is None or outcome.faults:
                return outcome
            outcome.version = header.version
            repeated = self._survey(path, header, count)
        except FileFault as fault:
            outcome.faults.append(fault.fault)
            return outcome
        record = catalogue.current().record(header.record_type)
        for line in record_lines(path, header.record_type):
            faults = self._judge_line(line, header, record, repeated, arrival)
            if faults:
                outcome.rejected += 1
                refuse(line, faults)
            else:
                outcome.accepted += 1
        return outcome

    def _survey(self, path: Path, header: Header, count: int) -> frozenset[int]:
        """The first reading: separators, lengths, number of records. Answers the hashes of keys that occur more
        than once."""
        key_in = _key_reader(catalogue.current().record(header.record_type))
        once: set[int] = set()
        often: set[int] = set()
        found = 0
        for line in record_lines(path, header.record_type):
            found += 1
            key = key_in(line.text)
            if key is not None:
                number = hash(key)
                (often if number in once else once).add(number)
        if found != count:
            raise FileFault("ABH005")
        return frozenset(often)

    def _judge_line(
        self, line: Line, header: Header, record: RecordType, repeated: frozenset[int], arrival: int
    ) -> list[Fault]:
        parsed = read_line(line.text, line.number, record)
        faults: dict[Fault, None] = {(finding.code, finding.tag): None for finding in parsed.findings}
        fact: Fact | None = parsed.fact
        if self._ledger is not None:
            self._ledger.receive(record, header.provider, line.text)
        if fact is None:
            return list(faults) or [("ABR006", WHOLE)]
        key = key_of(record, fact, header.provider)
        stored = NEW
        if self._ledger is not None and record.kind in KINDS:
            stored = self._ledger.operated(record, fact, header.provider)
        elif self._ledger is not None and key is not None:
            stored = self._ledger.stored(record.code, *key)
        provider = self._registry.providers[header.provider]
        often = bool(repeated) and hash(_key_reader(record)(line.text)) in repeated
        case = Case(record.code, fact, header, self._registry.institution(provider), stored, often)
        for fault in judge(case):
            faults[fault] = None
        if not faults and self._ledger is not None and (key is not None or record.kind in KINDS):
            self._ledger.accept(record, fact, key or ("", ""), arrival, line.number, header.provider)
        return list(faults)


_KEY_READERS: dict[tuple[str, ...], Callable[[str], tuple[str, ...] | None]] = {}


def _key_reader(record: RecordType) -> Callable[[str], tuple[str, ...] | None]:
    """A reader of a record's key straight from its line, without parsing it; None where a part is missing or the
    record is no normal one."""
    reader = _KEY_READERS.get((record.code, *record.key))
    if reader is None:
        reader = _KEY_READERS[(record.code, *record.key)] = _make_key_reader(record)
    return reader


def _make_key_reader(record: RecordType) -> Callable[[str], tuple[str, ...] | None]:
    if record.kind != "record":
        return lambda line: None
    patterns = [re.compile(f"<{tag}>([^<]*)</{tag}>") for tag in record.key]

    def read(line: str) -> tuple[str, ...] | None:
        parts = []
        for pattern in patterns:
            match = pattern.search(line)
            value = match[1].strip(BLANKS) if match else ""
            if not value:
                return None
            parts.append(value)
        return tuple(parts)

    return read

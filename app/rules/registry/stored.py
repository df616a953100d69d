"""The stored days on which rulesets are tried: asked for here, answered by the room that keeps the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from app.lake.connection import Connection
from app.rules.model import Ruleset


@dataclass(frozen=True, slots=True)
class StoredPart:
    """Some records of one stored day, as the rules saw them, and what they found by `edition` ('' for no ruleset).

    `facts` is a SELECT with `record_id` and the columns of the record's vocabulary save those in `constants`; `bare` is one
    whose `accepted` is not right, for those who do not read it: much quicker. `dimensions` are SQL over the columns by which
    findings can be counted, by name (branch, product). `found` is a SELECT of record_id, rule and severity. `exempt` is
    one of the record_id and rule of all that was exempt, run with `exempt_values`; '' where nothing was.
    """

    day: date
    batch: str
    name: str
    edition: str
    records: int
    found: str
    facts: str
    bare: str
    constants: Mapping[str, object]
    dimensions: Mapping[str, str] = field(default_factory=dict)
    exempt: str = ""
    exempt_values: Mapping[str, object] = field(default_factory=dict)


class StoredDays(Protocol):
    """What is asked of the room that keeps the records of past days."""

    def days(self, code: str, most: int) -> Sequence[date]:
        """The newest days of which records of the type are stored and were judged, the newest first."""

    def parts(self, code: str, day: date) -> Sequence[StoredPart]:
        """All records of the type of a day; none where there are none."""

    def connection(self) -> AbstractContextManager[Connection]:
        """A connection on which the parts' SELECTs can be run."""

    def shown(self, ruleset: Ruleset, batch: str, record_id: str, rule: str) -> Mapping[str, Any]:
        """Which record it is and how the rule comes out on it, fit for JSON; what is personal is masked."""

    def record_address(self, code: str, batch: str, record_id: str) -> str | None:
        """Where the visitor may look at a stored record; None for those who may not."""

    def findings_address(self, code: str, batch: str, rule: str = "") -> str | None:
        """Where the findings in a batch (of one rule, if it is named) are listed; None for those who may not see them."""


class _Nothing:
    """Where no room keeps records."""

    def days(self, code: str, most: int) -> Sequence[date]:
        return ()

    def parts(self, code: str, day: date) -> Sequence[StoredPart]:
        return ()

    def connection(self) -> AbstractContextManager[Connection]:
        raise RuntimeError("no room keeps records")

    def shown(self, ruleset: Ruleset, batch: str, record_id: str, rule: str) -> Mapping[str, Any]:
        return {}

    def record_address(self, code: str, batch: str, record_id: str) -> str | None:
        return None

    def findings_address(self, code: str, batch: str, rule: str = "") -> str | None:
        return None


_stored: StoredDays = _Nothing()


def keep_days(stored: StoredDays) -> None:
    """Name the room that keeps the records of past days."""
    global _stored
    _stored = stored


def stored_days() -> StoredDays:
    return _stored

"""One part of a day's pre-check, and all that it rests on, so that it can be judged again and find the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from app.lake.connection import Connection, Lake, unoptimised
from app.lake.tables import Table
from app.rules.exemption.applying import exempted
from app.rules.model import Ruleset
from app.standard.catalogue import SUBJECTS, Subject
from app.submission.exempting import let_through
from app.submission.facts import Surroundings, fact_relation
from app.submission.rulings import findings_select, suspects_select
from app.submission.tables import (
    FEEDBACK,
    FINDING,
    RELEASED,
    REPLACED,
    accepted_table,
    base_item,
    record_table,
    taken_of,
)

if TYPE_CHECKING:
    import pyarrow as pa

REFUSED_BEFORE = "CENTRE"
"""Stands for a rule where the centre's own earlier word is the reason to hold a record back."""


@dataclass(frozen=True, slots=True)
class Part:
    """A hash bucket of one record type of a batch; of a type for persons and organisations the records of one of them, since
    each has a ruleset of its own."""

    batch: str
    business_date: date
    precheck: bool
    code: str
    bucket: int
    subject: Subject | None = None

    @property
    def name(self) -> str:
        """As the marks of the stage name it: record type, bucket and, where there is one, the subject."""
        return "/".join(str(each) for each in (self.code, self.bucket, self.subject) if each is not None)

    @classmethod
    def of(cls, batch: str, business_date: date, precheck: bool, name: str) -> Part:
        """Of the name that a mark carries."""
        code, bucket, *subject = name.split("/")
        whose: Subject | None = next((each for each in SUBJECTS if each in subject), None)
        return cls(batch, business_date, precheck, code, int(bucket), whose)

    @property
    def where(self) -> str:
        """SQL that chooses the part's rows of the record table."""
        mine = f" AND {of_subject(self.code, self.subject)}" if self.subject else ""
        return f"batch = '{self.batch}' AND bucket = {self.bucket}{mine}"

    @property
    def found(self) -> str:
        """SQL that chooses the part's rows of the finding table."""
        where = f"batch = '{self.batch}' AND record_type = '{self.code}' AND bucket = {self.bucket}"
        chosen = f"SELECT record_id FROM {record_table(self.code).path} WHERE {self.where}"
        return f"{where} AND record_id IN ({chosen})" if self.subject else where


def of_subject(code: str, subject: Subject) -> str:
    """SQL over a record table: the record is about this subject; its debtor's kind says so, without one it is a person's."""
    comparison = "IS NOT DISTINCT FROM" if subject == "organisation" else "IS DISTINCT FROM"
    return f"{base_item(code, 'InfoIDType')} {comparison} '2'"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a part was judged on: the ruleset's edition ('' for none), the edition of the standard with its code tables,
    the lake's snapshot, what the installation knew, and the digest of what was exempt ('' for nothing)."""

    edition: str
    standard: str
    snapshot: int
    given: Surroundings
    exemptions: str = ""

    def as_data(self) -> dict[str, Any]:
        given = asdict(self.given) | {"created_on": self.given.created_on.isoformat()}
        data = {"edition": self.edition, "standard": self.standard, "snapshot": self.snapshot, "given": given}
        return data | ({"exemptions": self.exemptions} if self.exemptions else {})

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Basis:
        """Of what `as_data` gave. Raises KeyError where a part was judged before this was kept."""
        given = data["given"]
        sets = {name: None if given[name] is None else tuple(given[name]) for name in ("institutions", "zhongzheng")}
        created_on = date.fromisoformat(given["created_on"])
        known = Surroundings(given["provider"], created_on, tuple(given["sections"]), **sets)
        exemptions = str(data.get("exemptions", ""))
        return cls(data["edition"], data["standard"], int(data["snapshot"]), known, exemptions)


@dataclass(frozen=True, slots=True)
class Found:
    """The findings of a part, in the shape of the finding table, and the hash by which they are known (64 hex digits)."""

    rows: pa.Table
    digest: str


def as_of(table: Table, basis: Basis) -> str:
    """The table as it was at the snapshot."""
    return f"{table.path} AT (VERSION => {basis.snapshot})"


def accepted_as_of(code: str, basis: Basis) -> tuple[str, Callable[[str], str], str]:
    """What the centre had taken from the legal entity at the snapshot, of a record type and of any other, and which identifiers
    it had replaced, as `fact_relation` asks for it."""

    def taken(table: Table) -> str:
        return f"({taken_of(as_of(table, basis), basis.given.provider)})"

    return taken(accepted_table(code)), lambda other: taken(accepted_table(other)), taken(REPLACED)


def find(lake: Lake, part: Part, ruleset: Ruleset | None, basis: Basis) -> Found:
    """Judge a part by a ruleset, of which None finds nothing, on the lake as it was at the basis's snapshot.

    Raises as `exempted` where it is not known any more what was exempt.
    """
    records = f"(SELECT * FROM {as_of(record_table(part.code), basis)} WHERE {part.where})"
    with lake.read() as connection:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE facts_found ({FINDING.definition})")
        if ruleset is not None:
            _sweep(connection, part, ruleset, records, basis)
        if basis.exemptions:
            let_through(connection, "facts_found", part.code, records, exempted(basis.exemptions))
        if part.precheck:
            connection.execute(f"INSERT INTO facts_found BY NAME {_refused_before(part, records, basis)}")
        digest = digest_of(connection, "facts_found")
        return Found(connection.execute("FROM facts_found").to_arrow_table(), digest)


def _sweep(connection: Connection, part: Part, ruleset: Ruleset, records: str, basis: Basis) -> None:
    facts = fact_relation(part.code, records, *accepted_as_of(part.code, basis))
    suspects = suspects_select(ruleset, f"({facts})", basis.given)
    made = connection.execute(f"CREATE OR REPLACE TEMP TABLE facts_suspect AS {suspects}").fetchone()
    if count := int(made[0] if made else 0):
        select = findings_select(
            ruleset, "facts_suspect", part.batch, part.business_date, precheck=part.precheck, count=count
        )
        with unoptimised(connection):
            connection.execute(f"INSERT INTO facts_found BY NAME {select}")
    connection.execute("DROP TABLE facts_suspect")


def digest_of(connection: Connection, relation: str) -> str:
    """SHA-256 over findings, whatever their order."""
    columns = ", ".join(f'"{name}"' for name in FINDING.columns)
    found = connection.execute(
        "SELECT sha256(coalesce(string_agg(line, chr(10) ORDER BY line), ''))"
        f" FROM (SELECT CAST(to_json([{_texts()}]) AS VARCHAR) AS line FROM (SELECT {columns} FROM {relation}))"
    ).fetchone()
    return str(found[0]) if found else ""


def _texts() -> str:
    return ", ".join(f'CAST("{name}" AS VARCHAR)' for name in FINDING.columns)


def _refused_before(part: Part, records: str, basis: Basis) -> str:
    """SELECT of findings for records that the centre has refused as they are: unchanged, they would be refused again."""
    accepted, *_ = accepted_as_of(part.code, basis)
    return f"""
        SELECT DISTINCT '{part.batch}' AS batch, '{part.code}' AS record_type, r.record_id, r.key, '{REFUSED_BEFORE}' AS rule,
               refusal.code, refusal.tag, 'block' AS severity, '' AS edition,
               DATE '{part.business_date.isoformat()}' AS business_date, r.bucket
        FROM {records} r JOIN ({taken_of(as_of(FEEDBACK, basis), basis.given.provider)}) refusal
             ON refusal.record_type = '{part.code}' AND refusal.key = r.key AND refusal.content = r.content
        WHERE refusal.key NOT IN (SELECT a.key FROM {accepted} a WHERE a.accepted_on > refusal.received_on)
          AND refusal.key NOT IN (SELECT f.key FROM (SELECT * FROM {as_of(RELEASED, basis)}) f
              WHERE f.record_type = '{part.code}' AND f.provider = '{basis.given.provider}'
                AND f.released_on >= refusal.received_on)"""

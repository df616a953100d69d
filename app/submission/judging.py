"""One part of a day's pre-check, and all that it rests on, so that it can be judged again and find the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from app.lake.connection import Connection, unoptimised
from app.lake.tables import Table
from app.rules.exemption.applying import exempted
from app.rules.model import Ruleset
from app.standard.catalogue import SUBJECTS, Subject
from app.submission.at_hand import InLake, Rows
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
    of_provider,
    record_table,
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
        return f"{self._of_batch} AND bucket = {self.bucket}{mine}"

    def records(self, rows: Rows) -> str:
        """The relation of the part's rows of the record table."""
        return f"(SELECT * FROM {rows(record_table(self.code).path, self._of_batch)} WHERE {self.where})"

    @property
    def _of_batch(self) -> str:
        return f"batch = '{self.batch}'"

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


def accepted_rows(code: str, provider: str, rows: Rows) -> tuple[str, Callable[[str], str], str]:
    """What the centre has taken from the legal entity, of a record type and of any other, and which identifiers it has
    replaced, as `fact_relation` asks for it."""

    def taken(table: Table) -> str:
        return rows(table.path, of_provider("file", provider))

    return taken(accepted_table(code)), lambda other: taken(accepted_table(other)), taken(REPLACED)


def find(
    connection: Connection,
    part: Part,
    ruleset: Ruleset | None,
    basis: Basis,
    rows: Rows | None = None,
    *,
    few: bool = False,
) -> Found:
    """Judge a part by a ruleset, of which None finds nothing, on the lake as it was at the basis's snapshot.

    `rows` gives the rows of that snapshot where they are not to be read in place; `few` is said where the part has so few
    records that most of the work is to plan the statements. Raises as `exempted` where it is not known any more what was
    exempt.
    """
    rows = rows or InLake(basis.snapshot)
    records = part.records(rows)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE facts_found ({FINDING.definition})")
    if ruleset is not None:
        _sweep(connection, part, ruleset, records, basis, rows, few=few)
    if basis.exemptions:
        let_through(connection, "facts_found", part.code, records, exempted(basis.exemptions))
    if part.precheck:
        connection.execute(f"INSERT INTO facts_found BY NAME {_refused_before(part, records, basis, rows)}")
    digest = digest_of(connection, "facts_found")
    return Found(connection.execute("FROM facts_found").to_arrow_table(), digest)


def _sweep(
    connection: Connection, part: Part, ruleset: Ruleset, records: str, basis: Basis, rows: Rows, *, few: bool
) -> None:
    facts = f"({fact_relation(part.code, records, *accepted_rows(part.code, basis.given.provider, rows))})"
    if few:
        # A statement of many hundred conditions is planned in half the time without the optimiser, which the joins want.
        connection.execute(f"CREATE OR REPLACE TEMP TABLE facts_few AS SELECT * FROM {facts}")
        facts = "facts_few"
    suspects = f"CREATE OR REPLACE TEMP TABLE facts_suspect AS {suspects_select(ruleset, facts, basis.given)}"
    with unoptimised(connection) if few else nullcontext():
        made = connection.execute(suspects).fetchone()
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


def _refused_before(part: Part, records: str, basis: Basis, rows: Rows) -> str:
    """SELECT of findings for records that the centre has refused as they are: unchanged, they would be refused again."""
    provider = basis.given.provider
    accepted, *_ = accepted_rows(part.code, provider, rows)
    return f"""
        SELECT DISTINCT '{part.batch}' AS batch, '{part.code}' AS record_type, r.record_id, r.key, '{REFUSED_BEFORE}' AS rule,
               refusal.code, refusal.tag, 'block' AS severity, '' AS edition,
               DATE '{part.business_date.isoformat()}' AS business_date, r.bucket
        FROM {records} r JOIN {rows(FEEDBACK.path, of_provider("file", provider))} refusal
             ON refusal.record_type = '{part.code}' AND refusal.key = r.key AND refusal.content = r.content
        WHERE refusal.key NOT IN (SELECT a.key FROM {accepted} a WHERE a.accepted_on > refusal.received_on)
          AND refusal.key NOT IN (SELECT f.key FROM {rows(RELEASED.path, f"provider = '{provider}'")} f
              WHERE f.record_type = '{part.code}' AND f.released_on >= refusal.received_on)"""

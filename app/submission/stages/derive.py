"""Stage 3: what is due today, bucket by bucket: first the operations, since records wait for them, then the records."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.lake.connection import Connection
from app.lake.tables import put_rows, replace_rows
from app.submission.derive import DERIVATIONS, Scope
from app.submission.operations.due import PERFORMANCES, operations_due
from app.submission.operations.requests import approved
from app.submission.rulings import condition_sql
from app.submission.slots import fill_slots
from app.submission.stages.work import Outcome, Part, Work, unanswered
from app.submission.tables import (
    MAIN_ENTITY,
    OPERATION_KINDS,
    RECORD_TYPES,
    accepted_of,
    base_type,
    operation_types,
    record_table,
    record_type,
    reported_types,
)

if TYPE_CHECKING:
    import pyarrow as pa

_REQUESTED = "operations_requested"
_TYPE_IN_PREFIX = slice(22, 25)
"""Where a file name has its record type."""
_TOLD_BY = {"change_identifier": "identifier_change", "delete_record": "voided"}
"""The standard entity in which sources tell of a kind of operation."""


def derive(work: Work) -> dict[str, int]:
    """Derive all operations that there can be and all record types that the day has subjects of; number due by type."""
    rows = work.standardised()
    waiting = unanswered(work.provider, other_than=work.batch)
    on_their_way = {name[_TYPE_IN_PREFIX] for name in waiting}
    due = dict.fromkeys(reported_types(), 0)
    if any(work.buckets(code) > 1 for code in RECORD_TYPES):
        fill_slots(work.lake, work.provider, work.business_date, rows)

    def all_of(acts: dict[str, partial[Outcome]]) -> None:
        operations = tuple(code for code in operation_types() if due[code] or code in on_their_way)
        parts: dict[str, Part] = {}
        for code, act in acts.items():
            buckets = work.buckets(code)
            for bucket in range(buckets):
                scope = Scope(
                    work.batch,
                    work.business_date,
                    work.provider,
                    bucket,
                    buckets,
                    waiting,
                    condition_sql,
                    operations,
                    voided=bool(rows.get("voided")),
                )
                parts[f"{code}/{bucket}"] = partial(act, scope)
        if parts:
            for part, (number, _) in work.parts("derive", parts, writing=True).items():
                due[part[:3]] += number

    requested = approved(work.provider)
    wanted = _operations(work, rows, set(requested["record_type"].to_pylist()))
    for kind in OPERATION_KINDS:
        mine = [code for code in wanted if record_type(code).kind == kind]
        all_of({code: partial(_operate, work, code, requested) for code in mine})
    subjects = {code: rows.get(entity, 0) for code, entity in MAIN_ENTITY.items()}
    largest = sorted(filter(subjects.get, RECORD_TYPES), key=lambda code: -subjects[code])
    all_of({code: partial(_derive, work, code) for code in largest})
    return due


def _operations(work: Work, rows: dict[str, int], asked: set[str]) -> list[str]:
    """The operations that there can be: somebody has asked, a source tells of them, or there is something to compare of what the
    centre has taken."""
    told = [code for code in operation_types() if rows.get(_TOLD_BY.get(record_type(code).kind, ""))]
    compared = [code for code in operation_types() if record_type(code).kind == "correct_segment" and _said(rows, code)]
    bases = sorted({base_type(code) for code in (*told, *compared)})
    exists = " UNION ALL ".join(f"SELECT '{base}' WHERE EXISTS ({accepted_of(base, work.provider)})" for base in bases)
    held = {base for (base,) in work.lake.rows(exists)} if bases else set()
    possible = {code for code in (*told, *compared) if base_type(code) in held}
    return [code for code in operation_types() if code in asked or code in possible]


def _said(rows: dict[str, int], code: str) -> bool:
    """Whether today's deliveries say anything about what an operation of this type is about."""
    base = base_type(code)
    restated = PERFORMANCES[base].entities if base in PERFORMANCES else ()
    return any(rows.get(entity) for entity in (MAIN_ENTITY[base], *(entity for entity, _ in restated)))


def _derive(work: Work, code: str, scope: Scope, again: bool) -> Outcome:
    select = DERIVATIONS[code](scope)

    def store(connection: Connection, again: bool) -> int:
        return replace_rows(connection, record_table(code), _part(scope), select, again=again)

    basis = {"snapshot": work.lake.snapshot(), "unanswered": list(scope.unanswered)}
    return work.lake.write_part(store, again), basis


def _operate(work: Work, code: str, requested: pa.Table, scope: Scope, again: bool) -> Outcome:
    """Operations are few: they are read first, and where there is none nothing is written."""
    asked = _REQUESTED if code in requested["record_type"].to_pylist() else ""
    with work.lake.read() as connection:
        if asked:
            connection.register(_REQUESTED, requested)
        try:
            found = connection.execute(operations_due(code, scope, asked)).to_arrow_table()
        finally:
            if asked:
                connection.unregister(_REQUESTED)
    if not found.num_rows and not again:
        return 0, {}

    def store(connection: Connection, again: bool) -> int:
        return put_rows(connection, record_table(code), _part(scope), found, again=again)

    return work.lake.write_part(store, again), {}


def _part(scope: Scope) -> str:
    """SQL that chooses the rows of a bucket in a record table."""
    return f"batch = '{scope.batch}' AND bucket = {scope.bucket}"

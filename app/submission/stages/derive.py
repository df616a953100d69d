"""Stage 3: what is due today, bucket by bucket: first the operations, since records wait for them, then the records.

Types with few subjects are derived together, from rows that are taken out of the lake once for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from app.lake.connection import Connection
from app.lake.tables import put_rows, replace_rows
from app.submission.at_hand import FEW, AtHand
from app.submission.derive import DERIVATIONS, Scope
from app.submission.operations.due import PERFORMANCES, operations_due
from app.submission.operations.requests import approved
from app.submission.rulings import condition_sql
from app.submission.slots import fill_slots
from app.submission.stages.together import parts_with_few
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """The operations that were asked for and approved, and the types that are among them."""

    requested: pa.Table
    types: frozenset[str]

    def select(self, code: str, scope: Scope) -> str:
        """SELECT of what is due of an operation or record type, for a connection that knows what was asked for."""
        if code in RECORD_TYPES:
            return DERIVATIONS[code](scope)
        return operations_due(code, scope, _REQUESTED if code in self.types else "")


def derive(work: Work) -> dict[str, int]:
    """Derive all operations that there can be and all record types that the day has subjects of; number due by type."""
    rows = work.standardised()
    waiting = unanswered(work.provider, other_than=work.batch)
    on_their_way = {name[_TYPE_IN_PREFIX] for name in waiting}
    requested = approved(work.provider)
    asked = _Asked(requested, frozenset(requested["record_type"].to_pylist()))
    due = dict.fromkeys(reported_types(), 0)
    if any(work.buckets(code) > 1 for code in RECORD_TYPES):
        fill_slots(work.lake, work.provider, work.business_date, rows)
    day = Scope(work.batch, work.business_date, work.provider, 0, 1, waiting, condition_sql)
    day = replace(day, voided=bool(rows.get("voided")))

    def all_of(codes: Sequence[str], hand: AtHand) -> None:
        operations = tuple(code for code in operation_types() if due[code] or code in on_their_way)
        scopes: dict[str, Scope] = {}
        alone: dict[str, Part] = {}
        for code in codes:
            buckets = work.buckets(code)
            for bucket in range(buckets):
                scope = replace(day, bucket=bucket, buckets=buckets, operations=operations)
                scopes[f"{code}/{bucket}"] = scope
                if subjects(code) > FEW:
                    act = _derive if code in RECORD_TYPES else _operate
                    alone[f"{code}/{bucket}"] = partial(act, work, asked, code, scope)
        few = [part for part in scopes if part not in alone]
        act_on_few = partial(_derive_few, work, asked, hand, scopes)
        for part, (number, _) in parts_with_few(work, "derive", alone, few, act_on_few, writing=True).items():
            due[_code(part)] += number

    def subjects(code: str) -> int:
        return rows.get(MAIN_ENTITY[base_type(code)], 0)

    wanted = _operations(work, rows, asked.types)
    with work.lake.read() as connection:
        connection.register(_REQUESTED, requested)
        hand = AtHand(connection)
        for kind in OPERATION_KINDS:
            all_of([code for code in wanted if record_type(code).kind == kind], hand)
        all_of(sorted(filter(subjects, RECORD_TYPES), key=subjects, reverse=True), hand)
    return due


def _code(part: str) -> str:
    """The record type in the name of a part."""
    return part.partition("/")[0]


def _operations(work: Work, rows: dict[str, int], asked: frozenset[str]) -> list[str]:
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


def _derive(work: Work, asked: _Asked, code: str, scope: Scope, again: bool) -> Outcome:
    select = asked.select(code, scope)

    def store(connection: Connection, again: bool) -> int:
        return replace_rows(connection, record_table(code), _part(scope), select, again=again)

    basis = _basis(work, code, scope)
    return work.lake.write_part(store, again), basis


def _operate(work: Work, asked: _Asked, code: str, scope: Scope, again: bool) -> Outcome:
    """Operations are few: they are read first, and where there is none nothing is written."""
    with work.lake.read() as connection:
        connection.register(_REQUESTED, asked.requested)
        found = connection.execute(asked.select(code, scope)).to_arrow_table()
        connection.unregister(_REQUESTED)
    _put(work, {code: (scope, found)}, again)
    return found.num_rows, _basis(work, code, scope)


def _derive_few(
    work: Work, asked: _Asked, hand: AtHand, scopes: Mapping[str, Scope], parts: Sequence[str], again: bool
) -> dict[str, Outcome]:
    # They are all operations or all records.
    basis = _basis(work, _code(parts[0]), scopes[parts[0]])
    found: dict[str, tuple[Scope, pa.Table]] = {}
    with hand.at_once():
        for part in parts:
            select = asked.select(_code(part), replace(scopes[part], rows=hand))
            found[part] = (scopes[part], hand.connection.execute(select).to_arrow_table())
    _put(work, found, again)
    return {part: (rows.num_rows, basis) for part, (_, rows) in found.items()}


def _put(work: Work, found: Mapping[str, tuple[Scope, pa.Table]], again: bool) -> None:
    """Put what is due, by part, in the place of what an earlier try may have left; nothing is written for those without."""
    filled = {part: each for part, each in found.items() if each[1].num_rows or again}

    def store(connection: Connection, again: bool) -> None:
        for part, (scope, rows) in filled.items():
            put_rows(connection, record_table(_code(part)), _part(scope), rows, again=again)

    if filled:
        work.lake.write_part(store, again)


def _basis(work: Work, code: str, scope: Scope) -> dict[str, Any]:
    """What is noted of a part, so that it can be told later why a record was due."""
    return {"snapshot": work.lake.snapshot(), "unanswered": list(scope.unanswered)} if code in RECORD_TYPES else {}


def _part(scope: Scope) -> str:
    """SQL that chooses the rows of a bucket in a record table."""
    return f"batch = '{scope.batch}' AND bucket = {scope.bucket}"

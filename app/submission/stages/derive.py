"""Stage 3: what is due today, bucket by bucket: first the operations, since records wait for them, then the records.

Types with few subjects are derived together, from rows that are taken out of the lake once for all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from app.lake.connection import Connection
from app.lake.tables import put_rows, replace_rows
from app.submission.at_hand import FEW, IN_LAKE, AtHand
from app.submission.derive import DERIVATIONS, Scope
from app.submission.operations.due import PERFORMANCES, operations_due
from app.submission.operations.requests import approved
from app.submission.rulings import condition_sql
from app.submission.slots import fill_slots
from app.submission.stages.together import together
from app.submission.stages.work import Outcome, Part, Work, unanswered
from app.submission.tables import (
    MAIN_ENTITY,
    OPERATION_KINDS,
    RECORD_TYPES,
    accepted_table,
    base_type,
    of_provider,
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
    day = Scope(work.batch, work.business_date, work.provider, 0, 1, waiting, condition_sql)
    day = replace(day, voided=bool(rows.get("voided")))
    requested = approved(work.provider)
    asked = frozenset(requested["record_type"].to_pylist())
    subjects = {code: rows.get(MAIN_ENTITY[base_type(code)], 0) for code in reported_types()}
    few = {code for code, number in subjects.items() if number <= FEW}

    def all_of(codes: Sequence[str], hand: AtHand) -> None:
        operations = tuple(code for code in operation_types() if due[code] or code in on_their_way)
        scopes: dict[str, Scope] = {}
        for code in codes:
            buckets = work.buckets(code)
            for bucket in range(buckets):
                scopes[f"{code}/{bucket}"] = replace(day, bucket=bucket, buckets=buckets, operations=operations)
        alone: dict[str, Part] = {
            part: partial(_derive, work, _code(part), scope)
            if _code(part) in RECORD_TYPES
            else partial(_operate, work, _code(part), requested, scope)
            for part, scope in scopes.items()
            if _code(part) not in few
        }
        act = partial(_derive_few, work, scopes, asked, hand)
        done = together(work, "derive", [part for part in scopes if part not in alone], act)
        if alone:
            done |= work.parts("derive", alone, writing=True)
        for part, (number, _) in done.items():
            due[_code(part)] += number

    with work.lake.read() as connection:
        connection.register(_REQUESTED, requested)
        hand = AtHand(connection)
        wanted = _operations(work, rows, asked, few, hand)
        for kind in OPERATION_KINDS:
            all_of([code for code in wanted if record_type(code).kind == kind], hand)
        all_of(sorted(filter(subjects.get, RECORD_TYPES), key=lambda code: -subjects[code]), hand)
    return due


def _code(part: str) -> str:
    """The record type in the name of a part."""
    return part.partition("/")[0]


def _operations(
    work: Work, rows: Mapping[str, int], asked: Collection[str], few: Collection[str], hand: AtHand
) -> list[str]:
    """The operations that there can be: somebody has asked, a source tells of them, or there is something to compare of what the
    centre has taken."""
    told = [code for code in operation_types() if rows.get(_TOLD_BY.get(record_type(code).kind, ""))]
    compared = [code for code in operation_types() if record_type(code).kind == "correct_segment" and _said(rows, code)]
    bases = sorted({base_type(code) for code in (*told, *compared)})
    of_mine = of_provider("file", work.provider)
    held: set[str] = set()
    if bases:
        with hand.at_once():
            taken = {code: (hand if code in few else IN_LAKE)(accepted_table(code).path, of_mine) for code in bases}
            exists = " UNION ALL ".join(f"SELECT '{code}' WHERE EXISTS (FROM {rows})" for code, rows in taken.items())
            held = {code for (code,) in hand.connection.execute(exists).fetchall()}
    possible = {code for code in (*told, *compared) if base_type(code) in held}
    return [code for code in operation_types() if code in asked or code in possible]


def _said(rows: Mapping[str, int], code: str) -> bool:
    """Whether today's deliveries say anything about what an operation of this type is about."""
    base = base_type(code)
    restated = PERFORMANCES[base].entities if base in PERFORMANCES else ()
    return any(rows.get(entity) for entity in (MAIN_ENTITY[base], *(entity for entity, _ in restated)))


def _derive(work: Work, code: str, scope: Scope, again: bool) -> Outcome:
    select = DERIVATIONS[code](scope)

    def store(connection: Connection, again: bool) -> int:
        return replace_rows(connection, record_table(code), _part(scope), select, again=again)

    basis = _basis(work, code, scope)
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
    _put(work, {code: (scope, found)}, again)
    return found.num_rows, _basis(work, code, scope)


def _derive_few(
    work: Work, scopes: Mapping[str, Scope], asked: Collection[str], hand: AtHand, parts: Sequence[str], again: bool
) -> dict[str, Outcome]:
    """Derive some parts, of operations or of records, in one go; the connection of `hand` knows what was asked for."""
    basis = _basis(work, _code(parts[0]), scopes[parts[0]])
    found: dict[str, tuple[Scope, pa.Table]] = {}
    with hand.at_once():
        for part in parts:
            code, scope = _code(part), replace(scopes[part], rows=hand)
            if code in RECORD_TYPES:
                select = DERIVATIONS[code](scope)
            else:
                select = operations_due(code, scope, _REQUESTED if code in asked else "")
            found[part] = scope, hand.connection.execute(select).to_arrow_table()
    _put(work, found, again)
    return {part: (rows.num_rows, basis) for part, (_, rows) in found.items()}


def _put(work: Work, found: Mapping[str, tuple[Scope, pa.Table]], again: bool) -> None:
    """Put what is due, by part, in the place of what an earlier try may have left; where there is neither, nothing is written."""
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

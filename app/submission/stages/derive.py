"""Stage 3: what is due today, bucket by bucket: first the operations, since records wait for them, then the records."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.lake.connection import Connection
from app.lake.tables import replace_rows
from app.submission.derive import DERIVATIONS, Scope
from app.submission.operations.due import operations_due
from app.submission.operations.requests import approved
from app.submission.rulings import condition_sql
from app.submission.stages.work import Outcome, Part, Work, unanswered
from app.submission.tables import (
    OPERATION_KINDS,
    RECORD_TYPES,
    accepted_table,
    base_type,
    operation_types,
    record_table,
    record_type,
    reported_types,
)

if TYPE_CHECKING:
    import pyarrow as pa

_REQUESTED = "operations_requested"


def derive(work: Work) -> dict[str, int]:
    """Derive all operations and records; number due by type."""
    waiting = unanswered(work.provider, other_than=work.batch)
    due = dict.fromkeys(reported_types(), 0)
    requested = approved()
    wanted = _operations(work, requested)
    for kind in OPERATION_KINDS:
        mine = [code for code in wanted if record_type(code).kind == kind]
        _derive_all(work, {code: partial(_operate, work, code, requested) for code in mine}, waiting, due)
    records = sorted(RECORD_TYPES, key=work.subjects, reverse=True)
    _derive_all(work, {code: partial(_derive, work, code) for code in records}, waiting, due)
    return due


def _operations(work: Work, requested: pa.Table) -> list[str]:
    """The operations that can be due: there is something that the centre has taken, or somebody has asked."""
    asked = set(requested["record_type"].to_pylist())
    held: dict[str, bool] = {}
    for code in operation_types():
        base = base_type(code)
        if base not in held:
            held[base] = work.lake.value(f"SELECT 1 FROM {accepted_table(base).path} LIMIT 1") is not None
    return [code for code in operation_types() if held[base_type(code)] or code in asked]


def _derive_all(work: Work, acts: dict[str, partial[Outcome]], waiting: tuple[str, ...], due: dict[str, int]) -> None:
    parts: dict[str, Part] = {}
    for code, act in acts.items():
        buckets = work.buckets(code)
        for bucket in range(buckets):
            scope = Scope(work.batch, work.business_date, work.provider, bucket, buckets, waiting, condition_sql)
            parts[f"{code}/{bucket}"] = partial(act, scope)
    for part, (rows, _) in work.parts("derive", parts, writing=True).items():
        due[part[:3]] += rows


def _derive(work: Work, code: str, scope: Scope, again: bool) -> Outcome:
    return _stored(work, code, scope, DERIVATIONS[code](scope), again), {}


def _operate(work: Work, code: str, requested: pa.Table, scope: Scope, again: bool) -> Outcome:
    asked = _REQUESTED if code in requested["record_type"].to_pylist() else ""
    return _stored(work, code, scope, operations_due(code, scope, asked), again, requested if asked else None), {}


def _stored(work: Work, code: str, scope: Scope, select: str, again: bool, requested: pa.Table | None = None) -> int:
    where = f"batch = '{work.batch}' AND bucket = {scope.bucket}"

    def store(connection: Connection, again: bool) -> int:
        if requested is None:
            return replace_rows(connection, record_table(code), where, select, again=again)
        connection.register(_REQUESTED, requested)
        try:
            return replace_rows(connection, record_table(code), where, select, again=again)
        finally:
            connection.unregister(_REQUESTED)

    return work.lake.write_part(store, again)

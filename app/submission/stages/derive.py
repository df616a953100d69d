"""Stage 3: the records that are due today, bucket by bucket."""

from __future__ import annotations

from functools import partial

from app.lake.connection import Connection
from app.lake.tables import replace_rows
from app.submission.derive import DERIVATIONS, Scope
from app.submission.rulings import condition_sql
from app.submission.stages.work import Outcome, Part, Work, unanswered
from app.submission.tables import RECORD_TYPES, record_table


def derive(work: Work) -> dict[str, int]:
    """Derive all record types that the day has subjects of; number of records due by type."""
    waiting = unanswered(work.provider, other_than=work.batch)
    parts: dict[str, Part] = {}
    subjects = work.subjects_by_type()
    for code in sorted(filter(subjects.get, RECORD_TYPES), key=lambda code: -subjects[code]):
        buckets = work.buckets(code)
        for bucket in range(buckets):
            scope = Scope(work.batch, work.business_date, work.provider, bucket, buckets, waiting, condition_sql)
            parts[f"{code}/{bucket}"] = partial(_derive, work, code, scope)
    due = dict.fromkeys(RECORD_TYPES, 0)
    for part, (rows, _) in work.parts("derive", parts, writing=True).items():
        due[part[:3]] += rows
    return due


def _derive(work: Work, code: str, scope: Scope, again: bool) -> Outcome:
    where = f"batch = '{work.batch}' AND bucket = {scope.bucket}"
    select = DERIVATIONS[code](scope)

    def store(connection: Connection, again: bool) -> int:
        return replace_rows(connection, record_table(code), where, select, again=again)

    basis = {"snapshot": work.lake.snapshot(), "unanswered": list(scope.unanswered)}
    return work.lake.write_part(store, again), basis

"""Stage 3: the records that are due today, bucket by bucket."""

from __future__ import annotations

from typing import Any

from app.lake.tables import replace_rows
from app.submission.derive import DERIVATIONS, Scope
from app.submission.rulings import condition_sql
from app.submission.stages.work import Work, unanswered
from app.submission.tables import RECORD_TYPES, record_table


def derive(work: Work) -> dict[str, int]:
    """Derive all record types; number of records due by type."""
    due = dict.fromkeys(RECORD_TYPES, 0)
    waiting = unanswered(work.provider, other_than=work.batch)
    buckets = {code: work.buckets(code) for code in RECORD_TYPES}
    parts = [(code, bucket) for code in RECORD_TYPES for bucket in range(buckets[code])]
    for number, (code, bucket) in enumerate(parts):
        scope = Scope(work.batch, work.business_date, work.provider, bucket, buckets[code], waiting, condition_sql)

        def one(code: str = code, scope: Scope = scope) -> tuple[int, dict[str, Any]]:
            where = f"batch = '{work.batch}' AND bucket = {scope.bucket}"
            select = DERIVATIONS[code](scope)
            return work.lake.write(lambda connection: replace_rows(connection, record_table(code), where, select)), {}

        rows, _ = work.part("derive", f"{code}/{bucket}", one)
        due[code] += rows
        work.progress(number + 1, len(parts))
    return due

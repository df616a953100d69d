"""Stage 3: the records that are due today, bucket by bucket."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from app.lake.tables import replace_rows
from app.submission.derive import DERIVATIONS, Scope
from app.submission.rulings import condition_sql
from app.submission.stages.work import Work, unanswered
from app.submission.tables import RECORD_TYPES, record_table


def derive(work: Work) -> dict[str, int]:
    """Derive all record types; number of records due by type."""
    waiting = unanswered(work.provider, other_than=work.batch)
    parts: dict[str, Callable[[], tuple[int, dict[str, Any]]]] = {}
    for code in sorted(RECORD_TYPES, key=work.subjects, reverse=True):
        buckets = work.buckets(code)
        for bucket in range(buckets):
            scope = Scope(work.batch, work.business_date, work.provider, bucket, buckets, waiting, condition_sql)
            parts[f"{code}/{bucket}"] = partial(_derive, work, code, scope)
    due = dict.fromkeys(RECORD_TYPES, 0)
    for part, (rows, _) in work.parts("derive", parts, writing=True).items():
        due[part[:3]] += rows
    return due


def _derive(work: Work, code: str, scope: Scope) -> tuple[int, dict[str, Any]]:
    where = f"batch = '{work.batch}' AND bucket = {scope.bucket}"
    select = DERIVATIONS[code](scope)
    return work.lake.write(lambda connection: replace_rows(connection, record_table(code), where, select)), {}

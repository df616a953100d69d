"""Stage 4: the pre-check. Every rule of the rulesets over every derived record, set-wise; findings are rows."""

from __future__ import annotations

from functools import partial
from typing import Any

from app.lake.connection import unoptimised
from app.lake.tables import put_rows
from app.submission.counts import blocked_by_type
from app.submission.facts import Surroundings, accepted_relation, fact_relation
from app.submission.rulings import findings_select, surroundings, suspects_select
from app.submission.stages.work import Outcome, Part, Work
from app.submission.tables import FEEDBACK, FINDING, RECORD_TYPES, record_table


def judge(work: Work, due: dict[str, int]) -> dict[str, Any]:
    """Judge all derived records; blocked by type, their share of what is due, and whether it passes the limit."""
    given = surroundings(work.settings, work.provider)
    parts: dict[str, Part] = {
        f"{code}/{bucket}": partial(_sweep, work, code, bucket, given)
        for code in sorted(RECORD_TYPES, key=lambda code: -due.get(code, 0))
        if due.get(code)
        for bucket in range(work.buckets(code))
    }
    work.parts("judge", parts)
    blocked = blocked_by_type(work.batch)
    total = sum(due.values())
    share = sum(blocked.values()) / total if total else 0.0
    return {
        "blocked": blocked,
        "due": total,
        "share": round(share, 6),
        "share_above_limit": work.precheck and share > work.settings.blocked_share_limit,
    }


def _sweep(work: Work, code: str, bucket: int, given: Surroundings, again: bool) -> Outcome:
    records = f"(SELECT * FROM {record_table(code).path} WHERE batch = '{work.batch}' AND bucket = {bucket})"
    facts = fact_relation(code, records, accepted_relation(code))
    suspects = suspects_select(code, f"({facts})", given)
    select = findings_select(code, "facts_suspect", work.batch, work.business_date, precheck=work.precheck)
    with work.lake.read() as connection:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE facts_found ({FINDING.definition})")
        count = connection.execute(f"CREATE OR REPLACE TEMP TABLE facts_suspect AS {suspects}").fetchone()
        if count != (0,):
            with unoptimised(connection):
                connection.execute(f"INSERT INTO facts_found BY NAME {select}")
        if work.precheck:
            connection.execute(f"INSERT INTO facts_found BY NAME {_refused_before(work, code, records)}")
        found = connection.execute("FROM facts_found").to_arrow_table()
        connection.execute("DROP TABLE facts_suspect")
    where = f"batch = '{work.batch}' AND record_type = '{code}' AND bucket = {bucket}"
    if not found.num_rows and not again:
        return 0, {}
    return work.lake.write_part(lambda writer, again: put_rows(writer, FINDING, where, found, again=again), again), {}


REFUSED_BEFORE = "CENTRE"
"""Stands for a rule where the centre's own earlier word is the reason to hold a record back."""


def _refused_before(work: Work, code: str, records: str) -> str:
    """SELECT of findings for records that the centre has refused as they are: unchanged, they would be refused again."""
    return f"""
        SELECT DISTINCT '{work.batch}' AS batch, '{code}' AS record_type, r.record_id, r.key, '{REFUSED_BEFORE}' AS rule,
               refusal.code, refusal.tag, 'block' AS severity, '' AS edition, DATE '{work.business_date.isoformat()}' AS business_date,
               r.bucket
        FROM {records} r JOIN {FEEDBACK.path} refusal
             ON refusal.record_type = '{code}' AND refusal.key = r.key AND refusal.content = r.content
        WHERE refusal.key NOT IN (SELECT a.key FROM {accepted_relation(code)} a WHERE a.accepted_on > refusal.received_on)"""

"""What became of findings, as the rules room asks: by rule and business day, beside what the centre has answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import select

from app.core.db import unit_of_work
from app.rules.statistics import Counts, DayCounts, RuleCode
from app.submission.checking.proving import kept_counts, kept_days
from app.submission.judging import REFUSED_BEFORE
from app.submission.lake import lake
from app.submission.models import Batch, ReportFile, StageRun
from app.submission.tables import FEEDBACK, FILE_LINE, FINDING, RECORD_TYPES

_REFUSED_WHOLE = "2"


class ReportedOutcomes:
    """The reported days of this installation. A file that the centre has refused as a whole says nothing about rules."""

    def record_types(self) -> Sequence[str]:
        return RECORD_TYPES

    def days(self, most: int) -> Sequence[date]:
        with unit_of_work(reading=True) as session:
            judged = select(StageRun.id).where(StageRun.batch_id == Batch.id, StageRun.stage == "judge")
            query = select(Batch.business_date).where(judged.exists()).distinct()
            return list(session.scalars(query.order_by(Batch.business_date.desc()).limit(most)))

    def counts(self, days: Sequence[date], codes: Sequence[RuleCode], narrow: bool) -> Iterable[DayCounts]:
        """What is kept of the days of each legal entity in sight that have been counted; of the others one pass over their
        findings and sent lines."""
        kept = kept_days(days)
        query = select(Batch.id, Batch.provider, Batch.business_date).where(Batch.business_date.in_(days))
        with unit_of_work(reading=True) as session:
            others = {batch: day for batch, provider, day in session.execute(query) if (provider, day) not in kept}
        live = live_counts(others, codes, narrow) if others else ()
        return [*kept_counts(days, codes, narrow), *live]


def live_counts(batches: Mapping[str, date], codes: Sequence[RuleCode], narrow: bool) -> list[DayCounts]:
    """One pass over the findings and the sent lines of these batches, whatever the number of rules; figures by day."""
    query = select(ReportFile.prefix, ReportFile.batch_id).where(
        ReportFile.batch_id.in_(batches), ReportFile.status == "answered", ReportFile.flag != _REFUSED_WHOLE
    )
    with unit_of_work(reading=True) as session:
        answered = session.execute(query).all()
    given = {
        "batches": list(batches),
        "batch_days": list(batches.values()),
        "files": [file for file, _ in answered],
        "file_batches": [batch for _, batch in answered],
        "file_days": [batches[batch] for _, batch in answered],
        "types": [each.record_type for each in codes],
        "rules": [each.rule for each in codes],
        "codes": [each.code for each in codes],
    }
    with lake().read() as connection:
        rows = connection.execute(_statement(narrow), given).fetchall()
    return [DayCounts(record_type, rule, day, Counts(*map(int, numbers))) for record_type, rule, day, *numbers in rows]


def _statement(narrow: bool) -> str:
    """SELECT of record type, rule, day and the figures of `Counts` in their order, the days left out.

    `hit` has a row for each rule and record, `refusal` one for each answered record that was refused.
    """
    asked = "AND (record_type, rule) IN (SELECT (record_type, rule) FROM asked)" if narrow else ""
    return f"""
        WITH batches AS (SELECT unnest($batches::VARCHAR[]) AS batch, unnest($batch_days::DATE[]) AS day),
        answered AS (SELECT unnest($files::VARCHAR[]) AS file, unnest($file_batches::VARCHAR[]) AS batch,
                            unnest($file_days::DATE[]) AS day),
        asked AS (SELECT unnest($types::VARCHAR[]) AS record_type, unnest($rules::VARCHAR[]) AS rule,
                         unnest($codes::VARCHAR[]) AS code),
        hit AS MATERIALIZED (
            SELECT batch, record_type, rule, record_id, any_value(code) AS code, count(*) AS findings,
                   bool_or(severity = 'block') AS held, bool_or(severity = 'exempt') AS exempt
            FROM {FINDING.path}
            WHERE batch IN (SELECT batch FROM batches) AND rule <> '{REFUSED_BEFORE}' {asked}
            GROUP BY batch, record_type, rule, record_id),
        refusal AS MATERIALIZED (
            SELECT file, record_type, record_id, any_value(batch) AS batch, any_value(day) AS day, list(DISTINCT code) AS codes
            FROM {FEEDBACK.path} JOIN answered USING (file) GROUP BY file, record_type, record_id),
        sent AS (
            SELECT l.batch, l.record_id, r.codes
            FROM {FILE_LINE.path} l LEFT JOIN refusal r ON r.file = l.file AND r.record_id = l.record_id
            WHERE l.batch IN (SELECT batch FROM batches) AND l.file IN (SELECT file FROM answered)
              AND l.record_id IN (SELECT record_id FROM hit)),
        found AS (
            SELECT h.record_type, h.rule, b.day, count(*) AS records, sum(h.findings) AS findings,
                   count(*) FILTER (h.held) AS held, count(*) FILTER (h.exempt) AS exempt,
                   count(*) FILTER (list_contains(s.codes, h.code)) AS confirmed,
                   count(*) FILTER (s.record_id IS NOT NULL AND s.codes IS NULL) AS accepted,
                   count(*) FILTER (NOT list_contains(s.codes, h.code)) AS otherwise
            FROM hit h JOIN batches b USING (batch) LEFT JOIN sent s ON s.batch = h.batch AND s.record_id = h.record_id
            GROUP BY h.record_type, h.rule, b.day),
        unseen AS (
            SELECT r.record_type, r.code, r.day, count(*) AS missed
            FROM (SELECT batch, record_type, record_id, day, unnest(codes) AS code FROM refusal) r
                 ANTI JOIN hit h ON h.batch = r.batch AND h.record_id = r.record_id AND h.code = r.code
            WHERE r.code IN (SELECT code FROM asked)
            GROUP BY r.record_type, r.code, r.day),
        missed AS (SELECT a.record_type, a.rule, u.day, u.missed FROM unseen u JOIN asked a USING (record_type, code))
        SELECT record_type, rule, day, coalesce(records, 0), coalesce(findings, 0), coalesce(held, 0), coalesce(exempt, 0),
               coalesce(confirmed, 0), coalesce(accepted, 0), coalesce(otherwise, 0), coalesce(missed, 0)
        FROM found FULL JOIN missed USING (record_type, rule, day)"""

"""The records behind every number of a batch: which were due, blocked, sent, accepted, rejected or are awaited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from app.core.db import current_session
from app.submission.exempting import EXEMPT
from app.submission.models import ReportFile
from app.submission.reading.findings import Selection
from app.submission.reading.lake_rows import places
from app.submission.tables import FEEDBACK, FILE_LINE, FINDING, record_table, record_type

STATES: Final = ("due", "blocked", "exempt", "sent", "accepted", "rejected", "awaiting")

SORTS: Final = {"key": "key", "line": "file, line"}


@dataclass(frozen=True, slots=True)
class BatchFiles:
    """The files of a batch and record type, by what has become of them."""

    taken: tuple[str, ...]
    refused: tuple[str, ...]
    awaited: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.taken, *self.refused, *self.awaited)


def batch_files(batch: str, code: str) -> BatchFiles:
    """Answered files, refused ones apart, and those without an answer."""
    rows = current_session().execute(
        select(ReportFile.prefix, ReportFile.status, ReportFile.flag)
        .filter_by(batch_id=batch, record_type=code)
        .order_by(ReportFile.prefix)
    )
    taken: list[str] = []
    refused: list[str] = []
    awaited: list[str] = []
    for prefix, status, flag in rows:
        (awaited if status != "answered" else refused if flag == "2" else taken).append(prefix)
    return BatchFiles(tuple(taken), tuple(refused), tuple(awaited))


def records_in_state(batch: str, code: str, state: str) -> Selection:
    """SELECT of record_id, key, file and line (NULL where it is in none) of the records of a type in a state."""
    blocked = (
        f"SELECT DISTINCT record_id, key, CAST(NULL AS VARCHAR) AS file, CAST(NULL AS BIGINT) AS line FROM {FINDING.path}"
        " WHERE batch = ? AND record_type = ? AND severity = 'block'"
    )
    sent = f"SELECT record_id, key, file, line FROM {FILE_LINE.path} WHERE batch = ? AND record_type = ?"
    if state == "blocked":
        return Selection(blocked, (batch, code))
    if state == "exempt":
        return Selection(
            f"""SELECT DISTINCT f.record_id, f.key, l.file, l.line FROM {FINDING.path} f
                LEFT JOIN ({sent}) l ON l.record_id = f.record_id
                WHERE f.batch = ? AND f.record_type = ? AND f.severity = '{EXEMPT}'""",
            (batch, code, batch, code),
        )
    if state == "due":
        return Selection(
            f"""SELECT r.record_id, r.key, l.file, l.line FROM (
                SELECT record_id, key FROM {record_table(code).path} WHERE batch = ?) r
                LEFT JOIN ({sent}) l ON l.record_id = r.record_id""",
            (batch, batch, code),
        )
    if state == "sent":
        return Selection(sent, (batch, code))
    files = batch_files(batch, code)
    if state == "awaiting":
        return Selection(f"{sent} AND file IN ({places(files.awaited)})", (batch, code, *files.awaited))
    answered = (*files.taken, *files.refused)
    errors = f"SELECT file, record_id FROM {FEEDBACK.path} WHERE file IN ({places(answered)})"
    if state == "rejected":
        whole = f"file IN ({places(files.refused)})"
        chosen = f"{sent} AND file IN ({places(answered)}) AND ({whole} OR (file, record_id) IN ({errors}))"
        return Selection(chosen, (batch, code, *answered, *files.refused, *answered))
    chosen = f"{sent} AND file IN ({places(files.taken)}) AND (file, record_id) NOT IN ({errors})"
    return Selection(chosen, (batch, code, *files.taken, *answered))


def with_details(batch: str, code: str, page: str) -> str:
    """SELECT that adds report date, reporting point and counts of findings to the records of one page."""
    point = "NULL" if record_type(code).flat else 'r."B"."RptDateCode"'
    return f"""
        WITH page AS ({page})
        SELECT page.*, r."RptDate" AS report_date, {point} AS point,
               coalesce(f.blocks, 0) AS blocks, coalesce(f.others, 0) AS others
        FROM page
        LEFT JOIN {record_table(code).path} r ON r.batch = '{batch}' AND r.record_id = page.record_id
        LEFT JOIN (
            SELECT record_id, count(*) FILTER (severity = 'block') AS blocks, count(*) FILTER (severity <> 'block') AS others
            FROM {FINDING.path} WHERE batch = '{batch}' AND record_type = '{code}'
              AND record_id IN (SELECT record_id FROM page) GROUP BY 1) f ON f.record_id = page.record_id"""

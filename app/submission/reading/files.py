"""Report files and their lines, and the feedback that came for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, func, select

from app.core.db import current_session
from app.core.errors import NotFound
from app.core.text import Text
from app.submission.models import Batch, FeedbackDelivery, ReportFile
from app.submission.reading.findings import Selection
from app.submission.tables import FEEDBACK, FILE_LINE
from app.web.listing import like_pattern

FILE_SORTS: Final = {
    "date": Batch.business_date,
    "prefix": ReportFile.prefix,
    "type": ReportFile.record_type,
    "records": ReportFile.records,
    "rejected": ReportFile.rejected,
    "sent_at": ReportFile.sent_at,
    "answered_at": ReportFile.answered_at,
}


def selected_files(filters: Mapping[str, str]) -> Select[ReportFile]:
    """Files that fit the filters: batch, type, status, flag, part of the name."""
    statement = select(ReportFile).join(Batch, Batch.id == ReportFile.batch_id)
    for name, column in (
        ("batch", ReportFile.batch_id),
        ("type", ReportFile.record_type),
        ("status", ReportFile.status),
        ("flag", ReportFile.flag),
    ):
        if value := filters.get(name):
            statement = statement.where(column == value)
    if value := filters.get("prefix"):
        statement = statement.where(ReportFile.prefix.ilike(like_pattern(value), escape="\\"))
    return statement


def find_file(prefix: str) -> ReportFile:
    """Raises NotFound."""
    found = current_session().get(ReportFile, prefix)
    if found is None:
        raise NotFound("submission.file", Text("没有这个报文", "There is no such report file"))
    return found


def days_of(batch_ids: Sequence[str]) -> Mapping[str, date]:
    """The business days of batches."""
    rows = current_session().execute(select(Batch.id, Batch.business_date).where(Batch.id.in_(set(batch_ids))))
    return dict(rows.all())


def deliveries_of(prefix: str) -> list[FeedbackDelivery]:
    """Every feedback that came for a file, in the order of its coming."""
    query = select(FeedbackDelivery).filter_by(prefix=prefix).order_by(FeedbackDelivery.id)
    return list(current_session().scalars(query))


def selected_deliveries(filters: Mapping[str, str]) -> Select[FeedbackDelivery]:
    """Deliveries that fit the filters: outcome, part of the name."""
    statement = select(FeedbackDelivery)
    if value := filters.get("outcome"):
        statement = statement.where(FeedbackDelivery.outcome == value)
    if value := filters.get("name"):
        statement = statement.where(FeedbackDelivery.name.ilike(like_pattern(value), escape="\\"))
    return statement


DELIVERY_SORTS: Final = {"received_at": FeedbackDelivery.received_at, "name": FeedbackDelivery.name}


def file_totals() -> Mapping[str, int]:
    """Number of files by status."""
    rows = current_session().execute(select(ReportFile.status, func.count()).group_by(ReportFile.status))
    return dict(rows.all())


LINE_SORTS: Final = {"line": "line", "key": "key"}


def lines_of(file: ReportFile, filters: Mapping[str, str]) -> Selection:
    """Lines of a file with what became of each: accepted, rejected or awaiting."""
    outcome = "'awaiting'"
    errors = "SELECT DISTINCT record_id FROM " + FEEDBACK.path + " WHERE file = ?"
    values: tuple[Any, ...] = (file.prefix,)
    if file.status == "answered":
        rejected = "TRUE" if file.flag == "2" else f"record_id IN ({errors})"
        outcome = f"CASE WHEN {rejected} THEN 'rejected' ELSE 'accepted' END"
        values = (file.prefix,) if file.flag == "2" else (file.prefix, file.prefix)
    lines = f'SELECT line, record_id, key, "RptDate" AS report_date, {outcome} AS outcome FROM {FILE_LINE.path} WHERE file = ?'
    conditions: list[str] = []
    if wanted := filters.get("outcome"):
        conditions.append("outcome = ?")
        values = (*values, wanted)
    if wanted := filters.get("line"):
        conditions.append("CAST(line AS VARCHAR) = ?")
        values = (*values, wanted)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return Selection(f"SELECT * FROM ({lines}){where}", values)

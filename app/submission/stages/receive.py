"""Stage 8: the centre's feedback. Only its word moves the accepted state.

A feedback file is taken whole or not at all: one that is damaged, cut short or speaks of lines that were never sent is kept as
unreadable and the batch waits for a good one; one that comes again changes nothing.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import select

from app.core import clock, crypto, packaging
from app.core.crypto.keyring import key_ring
from app.core.db import unit_of_work
from app.core.errors import Invalid
from app.core.text import Text
from app.lake.connection import Connection
from app.standard.files import FeedbackItem, FileName, read_feedback
from app.submission.models import FeedbackDelivery, ReportFile
from app.submission.stages.hold import close, keep
from app.submission.stages.work import Work
from app.submission.tables import FEEDBACK, FILE_LINE, accepted_table, record_table
from app.submission.transport import Transport, transport

_LIMIT_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Answer:
    """A feedback file that could be read: flag, counts, and the items of rejected lines or of the whole file."""

    flag: str
    accepted: int
    rejected: int
    items: tuple[FeedbackItem, ...]


def receive(work: Work) -> dict[str, Any]:
    """Fetch and apply what feedback has come for this batch; `waiting` is the number of files still unanswered."""
    way = transport(work.settings)
    waiting = _waiting(work)
    if waiting:
        for name in way.feedback_names():
            prefix = name.removesuffix(".enc")[:-1] + "0"
            if prefix in waiting:
                _take(work, way, name, prefix)
    left = _waiting(work)
    return {"waiting": len(left), "files": sorted(left)}


def _waiting(work: Work) -> set[str]:
    with unit_of_work(reading=True) as session:
        query = select(ReportFile.prefix).where(ReportFile.batch_id == work.batch, ReportFile.status != "answered")
        return set(session.scalars(query))


def _take(work: Work, way: Transport, name: str, prefix: str) -> None:
    with tempfile.TemporaryDirectory(dir=_folder(work)) as folder:
        sealed = Path(folder) / name
        way.fetch(name, sealed)
        digest = hashlib.sha256(sealed.read_bytes()).hexdigest()
        with unit_of_work(reading=True) as session:
            if session.scalar(select(FeedbackDelivery).filter_by(sha256=digest)) is not None:
                return
        try:
            answer = read_answer(work, sealed, name)
            _check_lines(work, prefix, answer)
        except Invalid as problem:
            _note(name, prefix, digest, "unreadable", [[problem.code, problem.message.zh, problem.message.en]])
            return
        apply_answer(work, prefix, answer)
        _note(name, prefix, digest, "applied", [])


def _folder(work: Work) -> Path:
    folder = work.settings.data_dir / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _note(name: str, prefix: str, digest: str, outcome: str, findings: list[Any]) -> None:
    with unit_of_work() as session:
        session.add(
            FeedbackDelivery(
                name=name, prefix=prefix, sha256=digest, received_at=clock.now(), outcome=outcome, findings=findings
            )
        )


def read_answer(work: Work, sealed: Path, name: str) -> Answer:
    """Open, unzip and parse a feedback file. Raises Invalid for anything that is not a whole and consistent feedback."""
    suite = crypto.suite(work.settings.crypto_suite)
    private = key_ring().key_pair("lender", suite).private
    bare = name.removesuffix(".enc")
    with tempfile.NamedTemporaryFile(suffix=".txt", dir=sealed.parent) as plain:
        packaging.unpack_to(sealed, plain, suite, private, _LIMIT_BYTES, prefix=bare)
        plain.flush()
        feedback = read_feedback(Path(plain.name), name=bare)
        lines = list(feedback)
    findings = [*feedback.findings, *(found for line in lines for found in line.findings)]
    if findings or feedback.header is None:
        raise Invalid("submission.feedback", findings[0].message)
    header = feedback.header
    items = tuple(line.item for line in lines if line.item is not None)
    return Answer(header.feedback_flag, header.accepted, header.rejected, items)


def _check_lines(work: Work, prefix: str, answer: Answer) -> None:
    with unit_of_work(reading=True) as session:
        records = session.get_one(ReportFile, prefix).records
    wrong = [item.line for item in answer.items if item.line is not None and not 2 <= item.line <= records + 1]
    complete = answer.flag == "2" or answer.accepted + answer.rejected == records
    if wrong or not complete or FileName.parse(prefix).text != prefix:
        raise Invalid(
            "submission.feedback_counts",
            Text("反馈与所报文件的记录数不符", "The feedback does not fit the number of records sent"),
        )


def apply_answer(work: Work, prefix: str, answer: Answer) -> None:
    """Move the accepted state, note the errors, open and close exceptions, mark the file. Safe to repeat."""
    with unit_of_work(reading=True) as session:
        file = session.get_one(ReportFile, prefix)
        code = file.record_type
    day = f"DATE '{work.business_date.isoformat()}'"
    errors = _errors_table(answer.items)
    refused = answer.flag == "2"

    def move(connection: Connection) -> None:
        connection.register("answer_errors", errors)
        try:
            accepted = accepted_table(code)
            connection.execute(f"DELETE FROM {accepted.path} WHERE file = '{prefix}'")
            connection.execute(f"DELETE FROM {FEEDBACK.path} WHERE file = '{prefix}'")
            connection.execute(
                f"INSERT INTO {FEEDBACK.path} BY NAME SELECT l.file, l.record_type, l.record_id, l.key, l.content, e.code,"
                f" e.tag, l.line, {day} AS received_on FROM answer_errors e JOIN {FILE_LINE.path} l"
                f" ON l.file = '{prefix}' AND ({'TRUE' if refused else 'l.line = e.line'})"
            )
            if not refused:
                connection.execute(
                    f"INSERT INTO {accepted.path} BY NAME"
                    f" SELECT r.* EXCLUDE (batch, business_date, bucket, origin), l.file, l.line, {day} AS accepted_on"
                    f" FROM {FILE_LINE.path} l JOIN {record_table(code).path} r"
                    f" ON r.record_id = l.record_id AND r.batch = l.batch"
                    f" WHERE l.file = '{prefix}' AND l.line NOT IN (SELECT line FROM answer_errors)"
                )
        finally:
            connection.unregister("answer_errors")

    work.lake.write(move)
    _settle_exceptions(work, prefix, code)
    with unit_of_work() as session:
        file = session.get_one(ReportFile, prefix)
        file.status, file.flag, file.answered_at = "answered", answer.flag, clock.now()
        file.accepted = 0 if refused else answer.accepted
        file.rejected = file.records if refused else answer.rejected
        file.errors = [[error.code, error.tag] for item in answer.items if refused for error in item.errors]


def _settle_exceptions(work: Work, prefix: str, code: str) -> None:
    rejected = work.lake.rows(
        f"SELECT key, record_id, any_value(content), list(['', code, tag] ORDER BY code, tag) FROM {FEEDBACK.path}"
        f" WHERE file = '{prefix}' GROUP BY key, record_id"
    )
    with unit_of_work():
        for key, record_id, content, findings in rejected:
            keep(code, key, "rejected", work.batch, work.business_date, record_id, content, findings)
    accepted = work.lake.rows(f"SELECT key FROM {accepted_table(code).path} WHERE file = '{prefix}'")
    with unit_of_work():
        closed = close(code, [key for (key,) in accepted], work.business_date)
    work.part("corrected", prefix, lambda: (closed, {"record_type": code}))


def _errors_table(items: Iterable[FeedbackItem]) -> pa.Table:
    rows = [(item.line or 0, error.code, error.tag) for item in items for error in item.errors]
    return pa.table(
        {
            "line": pa.array([row[0] for row in rows], pa.int64()),
            "code": pa.array([row[1] for row in rows], pa.string()),
            "tag": pa.array([row[2] for row in rows], pa.string()),
        }
    )

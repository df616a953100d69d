"""Stage 8: the centre's feedback. Only its word moves the accepted state.

A feedback file is taken whole or not at all: one that is damaged, cut short or speaks of lines that were never sent is kept as
unreadable and the batch waits for a good one; one that comes again changes nothing.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.core import clock, crypto, packaging
from app.core.crypto.keyring import key_ring
from app.core.db import unit_of_work
from app.core.errors import Invalid
from app.core.events import publish
from app.core.text import Text
from app.lake.connection import Connection
from app.standard.files import FeedbackItem, FileName, read_feedback
from app.standard.files.names import FILE_REFUSED
from app.submission.checking.events import FeedbackApplied
from app.submission.corrections.history import note
from app.submission.models import FeedbackDelivery, HeldRecord, ReportFile
from app.submission.operations.applying import apply_operations
from app.submission.operations.requests import requests_behind, taken
from app.submission.stages.hold import close, close_held, keep, return_requests
from app.submission.stages.work import Outcome, Work
from app.submission.tables import APPLIED, FEEDBACK, FILE_LINE, accepted_table, operation_types, record_table
from app.submission.transport import Transport, transport

if TYPE_CHECKING:
    import pyarrow as pa

_LIMIT_BYTES = 4 << 30
_REPEATS_WITHIN = timedelta(days=7)
_DIFFERS = [
    "submission.feedback_differs",
    "与已处理的反馈不一致，未采用",
    "differs from the feedback that was applied; not taken",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """A feedback file that could be read: flag, counts, and the items of rejected lines or of the whole file."""

    flag: str
    accepted: int
    rejected: int
    items: tuple[FeedbackItem, ...]


def receive(work: Work) -> dict[str, Any]:
    """Fetch and apply what feedback has come for this batch; `waiting` is the number of files still unanswered.

    Feedback that comes once more for a file answered in the last days is noted and not applied.
    """
    way = transport(work.settings, work.entity)
    waiting, answered = _waiting(work), _answered_lately(work)
    known = _stamps(answered)
    for name, stamp in way.feedback().items():
        prefix = name.removesuffix(".enc")[:-1] + "0"
        if prefix in waiting or (prefix in answered and (name, stamp) not in known):
            _take(work, way, name, prefix, stamp)
    left = _waiting(work)
    return {"waiting": len(left), "files": sorted(left)}


def _waiting(work: Work) -> set[str]:
    with unit_of_work(reading=True) as session:
        query = select(ReportFile.prefix).where(ReportFile.batch_id == work.batch, ReportFile.status != "answered")
        return set(session.scalars(query))


def _answered_lately(work: Work) -> set[str]:
    with unit_of_work(reading=True) as session:
        query = select(ReportFile.prefix).where(
            ReportFile.provider == work.provider,
            ReportFile.status == "answered",
            ReportFile.answered_at > clock.now() - _REPEATS_WITHIN,
        )
        return set(session.scalars(query))


def _stamps(prefixes: set[str]) -> set[tuple[str, str]]:
    """Names and stamps of the feedback that has been fetched for these files."""
    with unit_of_work(reading=True) as session:
        query = select(FeedbackDelivery.name, FeedbackDelivery.stamp).where(FeedbackDelivery.prefix.in_(prefixes))
        return {(name, stamp) for name, stamp in session.execute(query)}


def _take(work: Work, way: Transport, name: str, prefix: str, stamp: str) -> None:
    with tempfile.TemporaryDirectory(dir=_folder(work)) as folder:
        sealed = Path(folder) / name
        way.fetch(name, sealed)
        with sealed.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        with unit_of_work() as session:
            known = session.scalar(select(FeedbackDelivery).filter_by(sha256=digest))
            if known is not None:
                known.stamp = stamp
                return
        delivery = FeedbackDelivery(
            provider=work.provider, name=name, prefix=prefix, sha256=digest, stamp=stamp, received_at=clock.now()
        )
        try:
            answer = read_answer(work, sealed, name)
            _check_lines(work, prefix, answer)
        except Invalid as problem:
            delivery.outcome = "unreadable"
            delivery.findings = [[problem.code, problem.message.zh, problem.message.en]]
            _note(delivery)
            return
        if prefix in _waiting(work):
            apply_answer(work, prefix, answer)
            with unit_of_work():
                _mark_answered(prefix, answer)
                publish(FeedbackApplied(work.batch, prefix, work.business_date))
                delivery.outcome, delivery.findings = "applied", []
                _note(delivery)
        else:
            delivery.outcome, delivery.findings = "repeated", _contradictions(prefix, answer)
            _note(delivery)


def _folder(work: Work) -> Path:
    folder = work.settings.data_dir / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _note(delivery: FeedbackDelivery) -> None:
    with unit_of_work() as session:
        session.add(delivery)


def _contradictions(prefix: str, answer: Answer) -> list[list[str]]:
    """Where a repeated feedback says something else than the one that was applied."""
    with unit_of_work(reading=True) as session:
        file = session.get_one(ReportFile, prefix)
        applied = (file.flag, file.accepted, file.rejected)
    return [] if applied == (answer.flag, *_counts(file.records, answer)) else [_DIFFERS]


def _mark_answered(prefix: str, answer: Answer) -> None:
    with unit_of_work() as session:
        file = session.get_one(ReportFile, prefix)
        file.status, file.flag, file.answered_at = "answered", answer.flag, clock.now()
        file.accepted, file.rejected = _counts(file.records, answer)
        whole = answer.items if answer.flag == FILE_REFUSED else ()
        file.errors = [[error.code, error.tag] for item in whole for error in item.errors]


def _counts(records: int, answer: Answer) -> tuple[int, int]:
    """Accepted and rejected records; a file refused as a whole has none accepted, whatever its feedback counts."""
    return (0, records) if answer.flag == FILE_REFUSED else (answer.accepted, answer.rejected)


def read_answer(work: Work, sealed: Path, name: str) -> Answer:
    """Open, unzip and parse a feedback file. Raises Invalid for anything that is not a whole and consistent feedback."""
    suite = crypto.suite(work.settings.crypto_suite)
    private = key_ring().key_pair(work.entity.own_key, suite).private
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
    complete = answer.flag == FILE_REFUSED or answer.accepted + answer.rejected == records
    if wrong or not complete or FileName.parse(prefix).text != prefix:
        raise Invalid(
            "submission.feedback_counts",
            Text("反馈与所报文件的记录数不符", "The feedback does not fit the number of records sent"),
        )


def apply_answer(work: Work, prefix: str, answer: Answer) -> None:
    """Move the accepted state, note the errors, open and close exceptions. Safe to repeat."""
    with unit_of_work(reading=True) as session:
        file = session.get_one(ReportFile, prefix)
        code = file.record_type
    day = f"DATE '{work.business_date.isoformat()}'"
    errors = _errors_table(answer.items)
    refused = answer.flag == FILE_REFUSED

    def move(connection: Connection) -> None:
        connection.register("answer_errors", errors)
        try:
            if connection.execute(f"SELECT 1 FROM {APPLIED.path} WHERE file = ?", [prefix]).fetchone():
                return
            connection.execute(f"INSERT INTO {APPLIED.path} VALUES (?, {day})", [prefix])
            connection.execute(
                f"INSERT INTO {FEEDBACK.path} BY NAME SELECT l.file, l.record_type, l.record_id, l.key, l.content, e.code,"
                f" e.tag, l.line, {day} AS received_on FROM answer_errors e JOIN {FILE_LINE.path} l"
                f" ON l.file = '{prefix}' AND ({'TRUE' if refused else 'l.line = e.line'})"
            )
            taken = (
                f"SELECT r.* EXCLUDE (batch, business_date, bucket, origin), l.file, l.line, {day} AS accepted_on"
                f" FROM {FILE_LINE.path} l JOIN {record_table(code).path} r"
                f" ON r.record_id = l.record_id AND r.batch = l.batch"
                f" WHERE l.file = '{prefix}' AND l.line NOT IN (SELECT line FROM answer_errors)"
            )
            if code in operation_types() and not refused:
                apply_operations(connection, code, f"({taken})", prefix, day)
            elif not refused:
                connection.execute(f"INSERT INTO {accepted_table(code).path} BY NAME {taken}")
        finally:
            connection.unregister("answer_errors")

    work.lake.write(move)
    _settle_exceptions(work, prefix, code)


def _settle_exceptions(work: Work, prefix: str, code: str) -> None:
    rejected = work.lake.rows(
        f"SELECT key, record_id, any_value(content), list(['', code, tag] ORDER BY code, tag) FROM {FEEDBACK.path}"
        f" WHERE file = '{prefix}' GROUP BY key, record_id"
    )
    with unit_of_work():
        for key, record_id, content, findings in rejected:
            keep(work, code, key, "rejected", record_id, content, findings)
    accepted = (
        f"SELECT record_id FROM {FILE_LINE.path} WHERE file = '{prefix}'"
        f" AND record_id NOT IN (SELECT record_id FROM {FEEDBACK.path} WHERE file = '{prefix}')"
    )
    keys = [
        key
        for (key,) in work.lake.rows(
            f"SELECT key FROM {FILE_LINE.path} WHERE file = '{prefix}' AND record_id IN ({accepted})"
        )
    ]
    refused = {record_id: findings for _, record_id, _, findings in rejected}

    def opened_again(held: HeldRecord) -> None:
        held.status = "open"
        note(held, "returned", prefix)

    return_requests(work, code, f"SELECT record_id FROM {FEEDBACK.path} WHERE file = '{prefix}'", refused, opened_again)
    done = list(requests_behind(code, accepted))

    def mended(_again: bool) -> Outcome:
        return close(work, code, keys) + close_held(work, taken(done, work.batch)), {"record_type": code}

    with unit_of_work():
        # One unit: what was closed before a crash must not be missing in the count of corrections afterwards.
        work.part("corrected", prefix, mended)


def _errors_table(items: Iterable[FeedbackItem]) -> pa.Table:
    import pyarrow as pa  # it takes long to load, and only a worker needs it

    rows = [(item.line or 0, error.code, error.tag) for item in items for error in item.errors]
    return pa.table(
        {
            "line": pa.array([row[0] for row in rows], pa.int64()),
            "code": pa.array([row[1] for row in rows], pa.string()),
            "tag": pa.array([row[2] for row in rows], pa.string()),
        }
    )

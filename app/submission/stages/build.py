"""Stage 6: report files. Planned first (name, serial, lines), then written: rendered by the lake, zipped, sealed.

Planning is one transaction, so a serial number is never skipped nor used twice. Writing may be repeated: the same lines under
the same name with the same header, until the file is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock, crypto, packaging
from app.core.crypto.keyring import key_ring
from app.core.db import unit_of_work
from app.core.errors import Conflict
from app.core.storage import storage
from app.core.text import Text
from app.lake.connection import Connection
from app.lake.rendering import line_expression
from app.lake.streams import text_chunks
from app.lake.tables import replace_rows
from app.standard.files import FileHeader, FileName
from app.submission.counts import due_by_type, held_by_type
from app.submission.models import ReportFile, StageRun
from app.submission.operations.requests import requests_behind, set_out
from app.submission.stages.hold import open_prints, travelling, travelling_held
from app.submission.stages.work import Outcome, Part, Work
from app.submission.tables import (
    FILE_LINE,
    FINDING,
    REPORTED,
    operation_types,
    record_columns,
    record_table,
    record_type,
)

_NUMBERED = 1_000_000
"""Records that are numbered in one statement at most, unless a bucket is larger."""

_FEW = 5_000
"""Records of a type up to which its lines are numbered in one statement with those of other types: a statement that writes to
the lake costs a tenth of a second, whatever it writes."""


def file_order() -> tuple[str, ...]:
    """In which order files go: operations first, so that nothing is reported again, or under a new number, too early."""
    return (*operation_types(), *REPORTED)


_END_OF_RECORD = b"</Document>"
_SERIAL = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def build(work: Work) -> dict[str, Any]:
    """Write all files of the batch; records and files by type."""
    work.part("plan", "files", partial(_plan, work))
    with unit_of_work(reading=True) as session:
        query = select(ReportFile).filter_by(batch_id=work.batch)
        files = sorted(session.scalars(query), key=lambda file: (file_order().index(file.record_type), file.part))
    by_type = {code: [file for file in files if file.record_type == code] for code in file_order()}
    records = {code: sum(file.records for file in mine) for code, mine in by_type.items()}
    largest = sorted(filter(records.get, by_type), key=lambda code: -records[code])
    spans = {code: _spans(work, code, records[code]) for code in largest}
    few = {code: _joined(spans[code]) for code in largest if records[code] <= _FEW}
    numbering: dict[str, Part] = {}
    with unit_of_work(reading=True) as session:
        marked = set(session.scalars(select(StageRun.part).filter_by(batch_id=work.batch, stage="number")))
    for code in (each for each in largest if each not in few):
        joined = list(_together(spans[code]))
        if len(joined) == 1 or code in marked:  # an earlier release knew only whole types
            numbering[code] = partial(_number_lines, work, {code: _joined(joined)}, by_type)
        else:
            numbering |= {
                f"{code}/{span.first}": partial(_number_lines, work, {code: span}, by_type) for span in joined
            }
    if few:
        numbering["few"] = partial(_number_lines, work, few, by_type)
    numbered = work.parts("number", numbering, writing=True)
    ordered = all(detail.get("by_bucket") for _, detail in numbered.values())
    planned = sorted((file for file in files if file.status == "planned"), key=lambda file: -file.records)
    writing = {
        file.prefix: partial(_write, work, file, _buckets(work, file, spans) if ordered else None) for file in planned
    }
    work.parts("write", writing)
    return {"records": records, "files": [file.prefix for file in files]}


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring buckets of a record type: from `first` to `last`, with `records` to be sent after `before` others."""

    first: int
    last: int
    before: int
    records: int


def _spans(work: Work, code: str, records: int) -> list[Span]:
    """The buckets of a type in their order, each by itself."""
    if work.buckets(code) == 1:
        return [Span(0, 0, 0, records)]
    counted = work.lake.rows(f"SELECT bucket, count(*) FROM ({_to_send(work, code)}) GROUP BY bucket ORDER BY bucket")
    spans: list[Span] = []
    for bucket, number in counted:
        spans.append(Span(bucket, bucket, spans[-1].before + spans[-1].records if spans else 0, number))
    return spans


def _together(spans: list[Span]) -> Iterator[Span]:
    """Spans joined as long as they can be numbered in one statement: what that holds is bounded, whatever the day's size."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.before + span.records - joined[0].before > _NUMBERED:
            yield _joined(joined)
            joined = []
        joined.append(span)
    yield _joined(joined)


def _joined(spans: list[Span]) -> Span:
    return Span(spans[0].first, spans[-1].last, spans[0].before, sum(span.records for span in spans))


def _buckets(work: Work, file: ReportFile, spans: Mapping[str, list[Span]]) -> tuple[int, int]:
    """The first and the last bucket of which a file has records."""
    start = file.part * work.settings.file_records
    mine = [
        span
        for span in spans[file.record_type]
        if span.before < start + file.records and span.before + span.records > start
    ]
    return mine[0].first, mine[-1].last


def _plan(work: Work, _again: bool) -> Outcome:
    size = work.settings.file_records
    due, held = due_by_type(work.batch), held_by_type(work.batch)
    counts = {code: due[code] - held[code].blocked for code in file_order()}
    planned: list[str] = []
    with unit_of_work() as session:
        existing = {
            (file.record_type, file.part): file
            for file in session.scalars(select(ReportFile).filter_by(batch_id=work.batch))
        }
        created = clock.local_now().replace(microsecond=0)
        for code in file_order():
            for part in range(-(-counts[code] // size)):
                file = existing.get((code, part))
                if file is None:
                    records = min(size, counts[code] - part * size)
                    file = _planned_file(work, session, code, part, records, created)
                planned.append(file.prefix)
    return sum(counts.values()), {"files": planned}


def _planned_file(work: Work, session: Session, code: str, part: int, records: int, created: datetime) -> ReportFile:
    used = session.scalar(
        select(func.count())
        .select_from(ReportFile)
        .filter_by(provider=work.provider, file_date=created.date(), record_type=code)
    )
    serial = _serial(int(used or 0) + 1)
    name = FileName(work.provider, created.date(), code, serial)
    file = ReportFile(
        prefix=name.text,
        batch_id=work.batch,
        provider=work.provider,
        file_date=created.date(),
        record_type=code,
        serial=serial,
        part=part,
        created_at=created,
        records=records,
        status="planned",
    )
    session.add(file)
    session.flush()
    return file


def _serial(number: int) -> str:
    if number >= len(_SERIAL) ** 3:
        raise Conflict(
            "submission.serials",
            Text("当日该类记录的文件流水号已用完", "The serial numbers of the day are used up for this record type"),
        )
    digits = ""
    for _ in range(3):
        number, digit = divmod(number, len(_SERIAL))
        digits = _SERIAL[digit] + digits
    return digits


def _number_lines(
    work: Work, spans: Mapping[str, Span], by_type: Mapping[str, list[ReportFile]], again: bool
) -> Outcome:
    """Give every record of these buckets that is to be sent its file and line (the header is line 1), in the order of buckets
    and within them of business keys."""
    lines = " UNION ALL ".join(_lines(work, code, by_type[code], span) for code, span in spans.items())
    sent = {code: _to_send(work, code, span) for code, span in spans.items()}
    mine = " UNION ALL ".join(f"SELECT record_id FROM ({each})" for each in sent.values())
    where = f"batch = '{work.batch}' AND record_id IN ({mine})"

    def store(connection: Connection, again: bool) -> int:
        return replace_rows(connection, FILE_LINE, where, lines, again=again)

    rows = work.lake.write_part(store, again)
    if rows != sum(span.records for span in spans.values()):
        raise RuntimeError(
            f"{rows} lines for the files of {', '.join(spans)} in {work.batch}, planned for another number"
        )
    with unit_of_work():
        for code, records in sent.items():
            if open_prints(work.provider, code):
                travelling(work, code, [key for (key,) in work.lake.rows(f"SELECT key FROM ({records})")])
            travelling_held(set_out(list(requests_behind(code, f"SELECT record_id FROM ({records})")), work.batch))
    return rows, {"by_bucket": True}


def _to_send(work: Work, code: str, span: Span | None = None) -> str:
    """SELECT of the records of a type that nothing holds back, of some buckets or of all."""
    mine = f" AND r.bucket BETWEEN {span.first} AND {span.last}" if span else ""
    held = f" AND bucket BETWEEN {span.first} AND {span.last}" if span else ""
    return f"""SELECT r.record_id, r.key, r."RptDate", r.content, r.bucket FROM {record_table(code).path} r
        WHERE r.batch = '{work.batch}'{mine} AND r.record_id NOT IN (SELECT record_id FROM {FINDING.path}
            WHERE batch = '{work.batch}' AND record_type = '{code}' AND severity = 'block'{held})"""


def _lines(work: Work, code: str, files: list[ReportFile], span: Span) -> str:
    """SELECT in the shape of the file lines."""
    size = work.settings.file_records
    names = " ".join(f"WHEN {file.part} THEN '{file.prefix}'" for file in files)
    return f"""
        SELECT CASE (place - 1) // {size} {names} END AS file, '{code}' AS record_type, record_id, key, "RptDate", content,
                '{work.batch}' AS batch, (place - 1) % {size} + 2 AS line
         FROM (SELECT *, {span.before} + row_number() OVER (ORDER BY bucket, key, "RptDate") AS place
               FROM ({_to_send(work, code, span)}))"""


def sealed_path(work: Work, prefix: str) -> Path:
    """Where a sealed file of this lender lies."""
    return work.settings.data_dir / "outgoing" / f"{prefix}.enc"


def sealed_file(work: Work, prefix: str) -> Path:
    """A sealed file at its place; one that another machine has written is fetched from the common storage first.

    Raises NotFound (`core.file`) where it lies in neither.
    """
    path = sealed_path(work, prefix)
    if work.settings.cluster and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        storage().fetch(_stored(prefix), path)
    return path


def _stored(prefix: str) -> str:
    return f"outgoing/{prefix}.enc"


def _write(work: Work, file: ReportFile, buckets: tuple[int, int] | None, _again: bool) -> Outcome:
    target = sealed_path(work, file.prefix)
    target.parent.mkdir(parents=True, exist_ok=True)
    suite = crypto.suite(work.settings.crypto_suite)
    digest, written = hashlib.sha256(), 0

    def chunks() -> Iterator[bytes]:
        nonlocal written
        for chunk in report_chunks(work, file, buckets):
            digest.update(chunk)
            written += chunk.count(_END_OF_RECORD)
            yield chunk
        if written != file.records:
            raise RuntimeError(f"{written} records found for {file.prefix}, planned for {file.records}")

    public = key_ring().public_key(work.entity.centre_key, suite)
    size = packaging.pack(file.prefix, chunks(), target, suite, public, file.created_at)
    if work.settings.cluster:
        storage().put(target, _stored(file.prefix))
        target.unlink()
    with unit_of_work() as session:
        fresh = session.get_one(ReportFile, file.prefix)
        if fresh.status == "planned":
            fresh.status, fresh.size, fresh.sha256 = "built", size, digest.hexdigest()
    return file.records, {}


def report_chunks(work: Work, file: ReportFile, buckets: tuple[int, int] | None = None) -> Iterator[bytes]:
    """The plain text of a planned file: header, then its lines in order. Where it is known, `buckets` are the first and the last
    that it has records of."""
    record = record_type(file.record_type)
    created = file.created_at.astimezone(clock.CHINA)
    header = FileHeader(file.record_type, file.provider, created, file.records, template=record.template)
    yield (header.text + "\r\n").encode()
    letters = ", ".join(f'r."{name}"' for name in record_columns(file.record_type))
    mine = f" AND r.bucket BETWEEN {buckets[0]} AND {buckets[1]}" if buckets else ""
    lines = f"""SELECT {line_expression(record)} FROM (
        SELECT {letters}, l.line FROM {FILE_LINE.path} l JOIN {record_table(file.record_type).path} r
               ON r.record_id = l.record_id AND r.batch = l.batch
        WHERE l.file = '{file.prefix}' AND r.batch = '{file.batch_id}'{mine}) ORDER BY line"""
    with work.lake.read() as connection:
        for chunk in text_chunks(connection, lines):
            yield bytes(chunk)

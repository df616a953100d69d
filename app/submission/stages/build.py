"""Stage 6: report files. Planned first (name, serial, lines), then written: rendered by the lake, zipped, sealed.

Planning is one transaction, so a serial number is never skipped nor used twice. Writing may be repeated: the same lines under
the same name with the same header, until the file is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
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
from app.core.text import Text
from app.lake.connection import Connection
from app.lake.rendering import line_expression
from app.lake.streams import text_chunks
from app.lake.tables import replace_rows
from app.standard.files import FileHeader, FileName
from app.submission.counts import due_by_type, held_by_type
from app.submission.models import ReportFile
from app.submission.operations.requests import requests_behind, set_out
from app.submission.stages.hold import open_prints, travelling, travelling_held
from app.submission.stages.work import Outcome, Work
from app.submission.tables import (
    FILE_LINE,
    FINDING,
    REPORTED,
    operation_types,
    record_columns,
    record_table,
    record_type,
)

_FEW = 5_000
"""Records of a type up to which its lines are numbered in one statement with those of other types: a statement that writes to
the lake costs a tenth of a second, whatever it writes."""


def file_order() -> tuple[str, ...]:
    """In which order files go: operations first, so that nothing is reported again, or under a new number, too early."""
    return (*operation_types(), *REPORTED)


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
    few = [code for code in largest if records[code] <= _FEW]
    together = [[code] for code in largest if code not in few] + ([few] if few else [])
    numbering = {
        codes[0] if len(codes) == 1 else "few": partial(_number_lines, work, {code: by_type[code] for code in codes})
        for codes in together
    }
    work.parts("number", numbering, writing=True)
    planned = sorted((file for file in files if file.status == "planned"), key=lambda file: -file.records)
    work.parts("write", {file.prefix: partial(_write, work, file) for file in planned})
    return {"records": records, "files": [file.prefix for file in files]}


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


def _number_lines(work: Work, files: Mapping[str, list[ReportFile]], again: bool) -> Outcome:
    """Give every record of these types that is to be sent its file and line (the header is line 1), in the order of business
    keys."""
    lines = " UNION ALL ".join(_lines(work, code, mine) for code, mine in files.items())
    listed = ", ".join(f"'{code}'" for code in files)
    where = f"batch = '{work.batch}' AND record_type IN ({listed})"

    def store(connection: Connection, again: bool) -> int:
        return replace_rows(connection, FILE_LINE, where, lines, again=again)

    rows = work.lake.write_part(store, again)
    if rows != sum(file.records for mine in files.values() for file in mine):
        raise RuntimeError(f"{rows} lines for the files of {listed} in {work.batch}, planned for another number")
    with unit_of_work():
        for code in (each for each in files if open_prints(work.provider, each)):
            keys = work.lake.rows(
                f"SELECT key FROM {FILE_LINE.path} WHERE batch = ? AND record_type = ?", [work.batch, code]
            )
            travelling(work, code, [key for (key,) in keys])
        for code in files:
            mine = f"SELECT record_id FROM {FILE_LINE.path} WHERE batch = '{work.batch}' AND record_type = '{code}'"
            travelling_held(set_out(list(requests_behind(code, mine)), work.batch))
    return rows, {}


def _lines(work: Work, code: str, files: list[ReportFile]) -> str:
    """SELECT in the shape of the file lines."""
    size = work.settings.file_records
    names = " ".join(f"WHEN {file.part} THEN '{file.prefix}'" for file in files)
    return f"""
        SELECT CASE (place - 1) // {size} {names} END AS file, '{code}' AS record_type, record_id, key, "RptDate", content,
                '{work.batch}' AS batch, (place - 1) % {size} + 2 AS line
         FROM (SELECT r.record_id, r.key, r."RptDate", r.content, row_number() OVER (ORDER BY r.key, r."RptDate") AS place
               FROM {record_table(code).path} r
               WHERE r.batch = '{work.batch}' AND r.record_id NOT IN (
                   SELECT record_id FROM {FINDING.path}
                   WHERE batch = '{work.batch}' AND record_type = '{code}' AND severity = 'block'))"""


def sealed_path(work: Work, prefix: str) -> Path:
    """Where a sealed file of this lender lies."""
    return work.settings.data_dir / "outgoing" / f"{prefix}.enc"


def _write(work: Work, file: ReportFile, _again: bool) -> Outcome:
    target = sealed_path(work, file.prefix)
    target.parent.mkdir(parents=True, exist_ok=True)
    suite = crypto.suite(work.settings.crypto_suite)
    digest = hashlib.sha256()

    def chunks() -> Iterator[bytes]:
        for chunk in report_chunks(work, file):
            digest.update(chunk)
            yield chunk

    size = packaging.pack(file.prefix, chunks(), target, suite, key_ring().public_key(work.entity.centre_key, suite))
    with unit_of_work() as session:
        fresh = session.get_one(ReportFile, file.prefix)
        if fresh.status == "planned":
            fresh.status, fresh.size, fresh.sha256 = "built", size, digest.hexdigest()
    return file.records, {}


def report_chunks(work: Work, file: ReportFile) -> Iterator[bytes]:
    """The plain text of a planned file: header, then its lines in order."""
    record = record_type(file.record_type)
    created = file.created_at.astimezone(clock.CHINA)
    header = FileHeader(file.record_type, file.provider, created, file.records, template=record.template)
    yield (header.text + "\r\n").encode()
    letters = ", ".join(f'r."{name}"' for name in record_columns(file.record_type))
    lines = f"""SELECT {line_expression(record)} FROM (
        SELECT {letters}, l.line FROM {FILE_LINE.path} l JOIN {record_table(file.record_type).path} r
               ON r.record_id = l.record_id AND r.batch = l.batch
        WHERE l.file = '{file.prefix}') ORDER BY line"""
    with work.lake.read() as connection:
        for chunk in text_chunks(connection, lines):
            yield bytes(chunk)

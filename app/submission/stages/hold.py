"""Stage 5: blocked records become exceptions, one by one; records whose earlier exception has been mended travel again."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select, update

from app.core.crypto.keyring import key_ring
from app.core.db import current_session, unit_of_work
from app.submission.derive.scope import key_text
from app.submission.models import HeldRecord
from app.submission.stages.work import Outcome, Work, incomplete_entities
from app.submission.tables import BUSINESS_KEY, FINDING, MAIN_ENTITY, RECORD_TYPES, record_table, standard_tables

_CHUNK = 500


def hold(work: Work) -> dict[str, Any]:
    """Open or renew an exception for every blocked record; number of exceptions by type."""
    held = {}
    incomplete = incomplete_entities(work)
    for number, code in enumerate(RECORD_TYPES):

        def one(_again: bool, code: str = code) -> Outcome:
            rows = work.lake.rows(
                f"""SELECT f.key, f.record_id, any_value(r.content), list([f.rule, f.code, f.tag] ORDER BY f.rule, f.tag)
                    FROM {FINDING.path} f JOIN {record_table(code).path} r
                         ON r.record_id = f.record_id AND r.batch = f.batch
                    WHERE f.batch = ? AND f.record_type = ? AND f.severity = 'block'
                    GROUP BY f.key, f.record_id ORDER BY f.key""",
                [work.batch, code],
            )
            for start in range(0, len(rows), _CHUNK):
                with unit_of_work():
                    for key, record_id, content, findings in rows[start : start + _CHUNK]:
                        keep(code, key, "blocked", work.batch, work.business_date, record_id, content, findings)
            return len(rows), {}

        held[code], _ = work.part("hold", code, one)
        if MAIN_ENTITY[code] not in incomplete:
            _withdraw_vanished(work, code)
        work.progress(number + 1, len(RECORD_TYPES))
    return held


def key_print(record_type: str, key: str) -> str:
    """A keyed fingerprint of a business key, to find an exception without storing the key in the open."""
    return key_ring().fingerprint("submission_held_record.key", f"{record_type}|{key}")


def keep(
    record_type: str,
    key: str,
    kind: str,
    batch: str,
    day: date,
    record_id: str,
    content: str,
    findings: list[list[str]],
) -> None:
    """Open an exception, or renew the one that is open for this key. Safe to repeat."""
    session = current_session()
    mark = key_print(record_type, key)
    found = session.scalar(
        select(HeldRecord).where(
            HeldRecord.record_type == record_type, HeldRecord.key_print == mark, HeldRecord.status != "closed"
        )
    )
    if found is None:
        found = session.scalar(select(HeldRecord).filter_by(record_type=record_type, key_print=mark, opened_on=day))
    if found is None:
        found = HeldRecord(record_type=record_type, key_print=mark, key=key, batch_id=batch, opened_on=day)
        session.add(found)
    found.kind, found.last_batch_id, found.record_id, found.content = kind, batch, record_id, content
    found.findings = [list(each) for each in findings]
    found.status, found.closed_on, found.resolution = "open", None, ""
    session.flush()


def travelling(record_type: str, keys: list[str]) -> int:
    """Mark the open exceptions of these keys: a corrected record is on its way. Number marked."""
    return _move(record_type, keys, "open", {"status": "travelling"})


def close(record_type: str, keys: list[str], day: date) -> int:
    """Close the exceptions of keys that the centre has now accepted; number closed."""
    return _move(record_type, keys, None, {"status": "closed", "closed_on": day, "resolution": "accepted"})


def _withdraw_vanished(work: Work, code: str) -> None:
    """Close what is about a subject or account that today's deliveries do not have any more, such as a mended number.

    Not asked where a source of such subjects or accounts was stopped today: its rows are missing, which says nothing of them.
    """
    with unit_of_work(reading=True) as session:
        query = select(HeldRecord).where(HeldRecord.record_type == code, HeldRecord.status == "open")
        keys = {held.key for held in session.scalars(query.where(HeldRecord.last_batch_id != work.batch))}
    if keys:
        present = f"SELECT {key_text(*BUSINESS_KEY[code])} FROM {standard_tables()[MAIN_ENTITY[code]].path}"
        listed = work.lake.rows(f"{present} WHERE business_date = ?", [work.business_date])
        gone = sorted(keys - {key for (key,) in listed})
        values = {"status": "closed", "closed_on": work.business_date, "resolution": "withdrawn"}
        with unit_of_work():
            _move(code, gone, "open", values)


def open_prints(record_type: str) -> set[str]:
    """Fingerprints of the keys that have an exception which is not closed."""
    query = select(HeldRecord.key_print).where(HeldRecord.record_type == record_type, HeldRecord.status != "closed")
    return set(current_session().scalars(query))


def _move(record_type: str, keys: list[str], status: str | None, values: dict[str, Any]) -> int:
    session = current_session()
    known = open_prints(record_type)
    wanted = [mark for key in keys if (mark := key_print(record_type, key)) in known] if known else []
    moved = 0
    for start in range(0, len(wanted), _CHUNK):
        statement = update(HeldRecord).where(
            HeldRecord.record_type == record_type,
            HeldRecord.key_print.in_(wanted[start : start + _CHUNK]),
            HeldRecord.status == status if status else HeldRecord.status != "closed",
        )
        moved += len(session.scalars(statement.values(**values).returning(HeldRecord.id)).all())
    return moved

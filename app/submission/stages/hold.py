"""Stage 5: blocked records become exceptions, one by one; records whose earlier exception has been mended travel again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from app.core.db import current_session, unit_of_work
from app.submission.corrections.history import note, note_all
from app.submission.corrections.suggestions import deadlines
from app.submission.counts import held_by_type
from app.submission.derive.scope import key_text
from app.submission.models import HeldRecord
from app.submission.operations.requests import asked_keys, came_back, held_of, requests_behind
from app.submission.prints import key_print
from app.submission.stages.work import Outcome, Work, incomplete_entities
from app.submission.tables import (
    APPLIED,
    BUSINESS_KEY,
    FILE_LINE,
    FINDING,
    MAIN_ENTITY,
    RECORD_TYPES,
    base_type,
    of_day,
    of_provider,
    operations_on,
    record_table,
    reported_types,
    standard_tables,
)

_CHUNK = 500


def hold(work: Work) -> dict[str, Any]:
    """Open or renew an exception for every blocked record; number of exceptions by type."""
    blocked = held_by_type(work.batch)
    held = dict.fromkeys(RECORD_TYPES, 0)
    concerned = [code for code in reported_types() if blocked[code].blocked]
    for number, code in enumerate(concerned):

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
                        keep(work, code, key, "blocked", record_id, content, findings)
            blocked = {record_id: findings for _, record_id, _, findings in rows}
            return_requests(work, code, _blocked(work, code), blocked, _note_codes)
            return len(rows), {}

        held[code], _ = work.part("hold", code, one)
        work.progress(number + 1, len(concerned))
    incomplete = incomplete_entities(work)
    for code in _with_open(work):
        if MAIN_ENTITY[base_type(code)] not in incomplete:
            _withdraw_vanished(work, code)
    return held


def _with_open(work: Work) -> list[str]:
    """The record types of which the legal entity has an open exception."""
    query = select(HeldRecord.record_type).filter_by(provider=work.provider, status="open").distinct()
    with unit_of_work(reading=True) as session:
        return list(session.scalars(query))


def _blocked(work: Work, code: str) -> str:
    return f"SELECT record_id FROM {FINDING.path} WHERE batch = '{work.batch}' AND record_type = '{code}' AND severity = 'block'"


def _note_codes(held: HeldRecord) -> None:
    note(held, "returned", ", ".join(dict.fromkeys(code for _, code, _ in held.findings)))


def return_requests(
    work: Work,
    code: str,
    refused: str,
    findings: Mapping[str, list[list[str]]],
    tell: Callable[[HeldRecord], None],
) -> None:
    """What was asked for and stands neither the pre-check nor the centre goes back to the desk, and with it what it was to mend.

    `refused` is SELECT of the ids of such records, `findings` what each has; `tell` is called with each exception.
    """
    behind = requests_behind(code, refused) if findings else {}
    if behind:
        with unit_of_work():
            returned = {number: findings[record_id] for number, record_id in behind.items()}
            for held in held_of(came_back(returned, work.batch)):
                tell(held)


def keep(
    work: Work,
    record_type: str,
    key: str,
    kind: str,
    record_id: str,
    content: str,
    findings: list[list[str]],
) -> None:
    """Open an exception, or renew the one that is open for this key. Safe to repeat."""
    session, day = current_session(), work.business_date
    mine = {"provider": work.provider, "record_type": record_type, "key_print": key_print(record_type, key)}
    query = select(HeldRecord).filter_by(**mine)
    found = session.scalar(query.where(HeldRecord.status != "closed"))
    if found is None:
        found = session.scalar(query.filter_by(opened_on=day))
    again = found is not None
    if found is None:
        house, bureau = deadlines()
        found = HeldRecord(**mine, key=key, batch_id=work.batch, opened_on=day)
        found.house_due, found.bureau_due = house, bureau
        session.add(found)
    changed = again and (found.kind, found.content) != (kind, content)
    reopened = again and found.status != "open"
    found.kind, found.last_batch_id, found.record_id, found.content = kind, work.batch, record_id, content
    found.findings = [list(each) for each in findings]
    found.cause_rule, found.cause_code, found.cause_tag = (each or "" for each in (findings or [["", "", ""]])[0])
    found.status, found.closed_on, found.resolution = "open", None, ""
    session.flush()
    if not again or reopened or changed:
        listed = ", ".join(dict.fromkeys(rule or code for rule, code, *_ in findings))
        note(found, "opened" if not again else "returned" if reopened else "judged", listed)


def travelling(work: Work, record_type: str, keys: list[str]) -> int:
    """Mark the open exceptions of these keys: a corrected record is on its way. Number marked."""
    return _move(work, record_type, keys, "open", {"status": "travelling"})


def travelling_held(numbers: Sequence[int]) -> None:
    """As `travelling`, for held records that an operation is to mend."""
    for held in held_of(numbers):
        held.status = "travelling"
        note(held, "sent", "")
    current_session().flush()


def close_held(work: Work, numbers: Sequence[int]) -> int:
    """As `close`, for held records that an accepted operation has mended; number closed."""
    found = held_of(numbers)
    for held in found:
        held.status, held.closed_on, held.resolution = "closed", work.business_date, "accepted"
        note(held, "closed", "accepted")
    current_session().flush()
    return len(found)


def close(work: Work, record_type: str, keys: list[str]) -> int:
    """Close the exceptions of keys that the centre has now accepted; number closed."""
    values = {"status": "closed", "closed_on": work.business_date, "resolution": "accepted"}
    return _move(work, record_type, keys, None, values)


def _withdraw_vanished(work: Work, code: str) -> None:
    """Close what is about a subject or account that today's deliveries do not have any more, such as a mended number, and
    operations that nothing calls for any more.

    Not asked where a source of such subjects or accounts was stopped today: its rows are missing, which says nothing of them.
    """
    with unit_of_work(reading=True) as session:
        query = select(HeldRecord).filter_by(provider=work.provider, record_type=code, status="open")
        keys = {held.key for held in session.scalars(query.where(HeldRecord.last_batch_id != work.batch))}
    if keys:
        with unit_of_work():
            present = {key for (key,) in work.lake.rows(_present(work, code))}
            gone = sorted(keys - present - asked_keys(work.provider, code))
            values = {"status": "closed", "closed_on": work.business_date, "resolution": "withdrawn"}
            _move(work, code, gone, "open", values)


def _present(work: Work, code: str) -> str:
    """SELECT of the keys that are still about somebody or something."""
    base = base_type(code)
    if code == base:
        main = standard_tables()[MAIN_ENTITY[code]].path
        mine = of_day(work.provider, work.business_date)
        return f"SELECT {key_text(*BUSINESS_KEY[code])} FROM {main} WHERE {mine}"
    lines = ", ".join(f"'{each}'" for each in (base, *operations_on(base)))
    return (
        f"SELECT key FROM {record_table(code).path} WHERE batch = '{work.batch}' UNION"
        f" SELECT key FROM {FILE_LINE.path} WHERE record_type IN ({lines}) AND {of_provider('file', work.provider)}"
        f" AND file NOT IN (SELECT file FROM {APPLIED.path})"
    )


def open_prints(provider: str, record_type: str) -> set[str]:
    """Fingerprints of a legal entity's keys that have an exception which is not closed."""
    query = select(HeldRecord.key_print).filter_by(provider=provider, record_type=record_type)
    return set(current_session().scalars(query.where(HeldRecord.status != "closed")))


def _move(work: Work, record_type: str, keys: list[str], status: str | None, values: dict[str, Any]) -> int:
    session = current_session()
    known = open_prints(work.provider, record_type)
    wanted = [mark for key in keys if (mark := key_print(record_type, key)) in known] if known else []
    moved = 0
    for start in range(0, len(wanted), _CHUNK):
        statement = update(HeldRecord).where(
            HeldRecord.provider == work.provider,
            HeldRecord.record_type == record_type,
            HeldRecord.key_print.in_(wanted[start : start + _CHUNK]),
            HeldRecord.status == status if status else HeldRecord.status != "closed",
        )
        ids = session.scalars(statement.values(**values).returning(HeldRecord.id)).all()
        note_all(ids, "sent" if values["status"] == "travelling" else "closed", values.get("resolution", ""))
        moved += len(ids)
    return moved

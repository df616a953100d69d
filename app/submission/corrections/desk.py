"""What people do with held records, one at a time or a whole group: assign, choose the way to mend, explain, ask for operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import Conflict, Invalid
from app.core.events import publish
from app.core.people import directory
from app.core.text import Text
from app.lake.connection import Connection
from app.submission.corrections.events import OperationAsked, OperationDecided
from app.submission.corrections.history import note, released
from app.submission.corrections.suggestions import FIXES, OPERATIONS
from app.submission.lake import lake
from app.submission.models import HeldRecord, OperationRequest
from app.submission.operations.requests import Wish, ask, decide, held_keys, segments_of, withdraw
from app.submission.tables import RELEASED, base_type, operations_on, record_table, record_type

MOST: Final = 5_000
"""How many held records are handled in one go."""
_LONGEST: Final = 500


def _open(held: Sequence[HeldRecord]) -> Sequence[HeldRecord]:
    """They are as they stand once nobody else handles them, and so they stay until the unit of work ends."""
    if not held:
        raise Invalid("submission.nothing_chosen", Text("没有可办理的记录", "There is no record to handle"))
    if len(held) > MOST:
        raise Invalid(
            "submission.too_many", Text(f"一次至多 {MOST} 条，请先筛选", f"At most {MOST} at once; filter first")
        )
    numbers = sorted(each.id for each in held)
    for start in range(0, len(numbers), 500):
        chosen = select(HeldRecord).where(HeldRecord.id.in_(numbers[start : start + 500])).order_by(HeldRecord.id)
        current_session().scalars(chosen.with_for_update(), execution_options={"populate_existing": True}).all()
    if any(each.status == "closed" for each in held):
        raise Conflict(
            "submission.correction_closed", Text("已办结的记录不再办理", "What is closed is not handled any more")
        )
    return held


def assign(held: Sequence[HeldRecord], owner: str) -> int:
    """Give them to somebody who may handle them; number given. Raises Invalid for nobody known."""
    person = directory().person(owner)
    if person is None:
        raise Invalid("submission.owner", Text("没有这名经办人", "There is no such person"))
    for each in _open(held):
        each.owner = owner
        note(each, "assigned", person.name)
    current_session().flush()
    return len(held)


def choose(held: Sequence[HeldRecord], fix: str) -> int:
    """Choose the way to mend them; number chosen for. Raises Invalid for no way there is."""
    if fix not in FIXES:
        raise Invalid("submission.fix", Text("请选择处理方式", "Choose a way to mend"))
    for each in _open(held):
        each.fix = fix
        note(each, "chosen", fix)
    current_session().flush()
    return len(held)


def explain(held: Sequence[HeldRecord], text: str) -> int:
    """Write down the same words for all of them; number written for."""
    if not 1 <= len(text.strip()) <= _LONGEST:
        raise Invalid("submission.comment", Text("请填写 1–500 字的说明", "Write 1 to 500 characters"))
    for each in _open(held):
        note(each, "comment", text.strip())
    current_session().flush()
    return len(held)


def release(held: Sequence[HeldRecord]) -> int:
    """Let records that the centre has refused go once more unchanged, with the next batch; number released.

    Raises Conflict where none of them is held back by a refusal, or all are let go already.
    """
    refused = [each for each in _open(held) if each.status == "open"]
    if not refused:
        raise Conflict(
            "submission.nothing_refused", Text("更正已在途，无须重报", "The correction is under way already")
        )
    let_go = released(refused)
    refused = [each for each in refused if each.id not in let_go]
    if not refused:
        raise Conflict(
            "submission.released",
            Text("已有人安排原样重报，将随下一批报出", "Somebody has let it go already; it goes with the next batch"),
        )
    rows = [(each.provider, each.record_type, each.key) for each in refused]

    def store(connection: Connection) -> None:
        connection.execute(
            f"INSERT INTO {RELEASED.path} BY NAME SELECT x[1] AS provider, x[2] AS record_type, x[3] AS key, 'desk' AS why,"
            " $day::DATE AS released_on FROM (SELECT unnest($rows::VARCHAR[][]) AS x)",
            {"rows": [list(row) for row in rows], "day": clock.today()},
        )

    lake().write(store)
    for each in refused:
        each.fix = "resend"
        note(each, "released", "")
    current_session().flush()
    return len(refused)


def request_operation(
    held: Sequence[HeldRecord],
    operation: str,
    reason: str,
    *,
    segment: str = "",
    starts: str = "",
    ends: str = "",
) -> list[OperationRequest]:
    """Ask for the same operation on all of them: a correction takes the segment as our own record has it.

    Raises as `ask`, and Invalid where the operation is none for these records.
    """
    _open(held)
    if any(operation not in operations_on(base_type(each.record_type)) for each in held):
        raise Invalid("submission.operation", Text("该类记录没有这种操作", "These records have no such operation"))
    dates = _report_dates(held) if record_type(operation).kind == "correct_segment" else {}
    wishes = [
        Wish(
            each.provider,
            operation,
            each.key,
            segment=segment,
            report_date=dates.get(each.record_id, ""),
            starts=starts,
            ends=ends,
            source_record=each.record_id if dates else "",
            held_id=each.id,
        )
        for each in held
    ]
    asked = ask(wishes, reason)
    fix = next(name for name, kinds in OPERATIONS.items() if record_type(operation).kind in kinds)
    for each in held:
        each.fix = fix
        note(each, "asked", f"{operation} {segment}".strip())
    publish(OperationAsked(asked[0].bundle, operation, len(asked)))
    return asked


def correct_by_hand(
    held: HeldRecord, operation: str, segment: str, content: dict[str, str], reason: str
) -> OperationRequest:
    """Ask for a correction of a segment with some items written by hand, the others as our own record has them."""
    _open([held])
    code = base_type(held.record_type)
    dates = _report_dates([held])
    own = _segment_of(code, held.record_id, segment)
    if segment not in segments_of(operation) or not own:
        raise Invalid("submission.request", Text("该记录没有这个信息段", "The record does not have this segment"))
    corrected = next(each for each in record_type(operation).corrections if each.code == segment)
    kept = {each.tag: own[each.tag] for each in corrected.items if own.get(each.tag) is not None}
    wish = Wish(
        held.provider,
        operation,
        held.key,
        segment=segment,
        report_date=dates.get(held.record_id, ""),
        content=kept | content,
        held_id=held.id,
    )
    (asked,) = ask([wish], reason)
    held.fix = "correction"
    note(held, "asked", f"{operation} {segment}")
    publish(OperationAsked(asked.bundle, operation, 1))
    return asked


def _segment_of(code: str, record_id: str, segment: str) -> dict[str, object]:
    if segment not in {each.code for each in record_type(code).segments}:
        return {}
    rows = lake().records(
        f'SELECT "{segment}" AS found FROM {record_table(code).path} WHERE record_id = ?', [record_id]
    )
    return dict(rows[0]["found"] or {}) if rows else {}


def _report_dates(held: Sequence[HeldRecord]) -> dict[str, str]:
    """The report date of every held record, by its id; that of the newest record the centre has where it is not in the lake."""
    code = base_type(held[0].record_type)
    ids = [each.record_id for each in held]
    rows = lake().rows(
        f'SELECT record_id, "RptDate" FROM {record_table(code).path} WHERE list_contains($ids::VARCHAR[], record_id)',
        {"ids": ids},
    )
    return {str(record_id): str(day) for record_id, day in rows}


def deletable(held: Sequence[HeldRecord]) -> list[HeldRecord]:
    """Those of which the centre holds something."""
    found: list[HeldRecord] = []
    for provider, base in {(each.provider, base_type(each.record_type)) for each in held}:
        mine = [each for each in held if (each.provider, base_type(each.record_type)) == (provider, base)]
        known = held_keys(provider, base, [each.key for each in mine])
        found += [each for each in mine if each.key in known]
    return found


def decide_request(bundle: str, approve: bool, why: str) -> list[OperationRequest]:
    """As `decide`, with a line in the history of what it is to mend."""
    decided = decide(bundle, approve, why)
    _tell(decided, "approved" if approve else "refused", why)
    publish(OperationDecided(bundle, decided[0].record_type, approve, current_actor().id))
    return decided


def withdraw_request(bundle: str) -> list[OperationRequest]:
    """As `withdraw`, with a line in the history of what it was to mend."""
    taken_back = withdraw(bundle)
    _tell(taken_back, "withdrawn", "")
    return taken_back


def _tell(requests: Sequence[OperationRequest], what: str, why: str) -> None:
    session = current_session()
    for each in requests:
        held = session.get(HeldRecord, each.held_id) if each.held_id else None
        if held is not None:
            note(held, what, why)
    session.flush()

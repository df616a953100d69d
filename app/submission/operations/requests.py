"""Operations that people ask for: asked by one, let go by another, followed until the centre has taken them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, tuple_, update

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.text import Text
from app.standard import catalogue
from app.standard.catalogue import RecordType
from app.submission.lake import lake
from app.submission.models import HeldRecord, OperationRequest
from app.submission.operations.due import REQUEST
from app.submission.prints import key_print
from app.submission.tables import accepted_of, base_type, operation_types, record_table, record_type

if TYPE_CHECKING:
    import pyarrow as pa

UNFINISHED: Final = ("asked", "approved", "sent")
_LONGEST_REASON: Final = 500
_FIELDS: Final = ("new_key", "segment", "report_date", "starts", "ends", "content", "source_record")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: an operation on a business key of a legal entity. Which of the others must be given depends on the kind.

    `content` is the corrected segment by tag; where it is empty the segment is taken from our own record `source_record`.
    """

    provider: str
    record_type: str
    key: str
    new_key: str = ""
    segment: str = ""
    report_date: str = ""
    starts: str = ""
    ends: str = ""
    content: Mapping[str, Any] | None = None
    source_record: str = ""
    held_id: int | None = None


def ask(wishes: Sequence[Wish], reason: str) -> list[OperationRequest]:
    """Ask for operations in one go, to be decided in one go.

    Raises Invalid (`submission.request`) with everything that is wrong, Conflict (`submission.request_open`) where one is open
    already for a key.
    """
    reason = reason.strip()
    faults: list[Text] = []
    if not 2 <= len(reason) <= _LONGEST_REASON:
        faults.append(Text("请填写 2–500 字的理由", "give a reason of 2 to 500 characters"))
    if not wishes:
        faults.append(Text("没有选中任何记录", "no record is chosen"))
    known = _known_keys(wishes)
    for wish in wishes:
        faults += [fault for fault in _faults(wish, known) if fault not in faults]
    if faults:
        raise Invalid("submission.request", Text("；".join(f.zh for f in faults), "; ".join(f.en for f in faults)))
    _refuse_open(wishes)
    session, bundle, now = current_session(), uuid.uuid4().hex, clock.now()
    made = [
        OperationRequest(
            provider=wish.provider,
            bundle=bundle,
            record_type=wish.record_type,
            key_print=_print(wish.record_type, wish.key),
            key=wish.key,
            new_key=wish.new_key,
            segment=wish.segment,
            report_date=wish.report_date,
            starts=wish.starts,
            ends=wish.ends,
            content=json.dumps(wish.content, ensure_ascii=False) if wish.content else "",
            source_record=wish.source_record,
            reason=reason,
            held_id=wish.held_id,
            status="asked",
            asked_by=current_actor().id,
            asked_at=now,
            decision="",
            findings=[],
        )
        for wish in wishes
    ]
    session.add_all(made)
    session.flush()
    return made


def _print(code: str, key: str) -> str:
    return key_print(base_type(code), key)


def _known_keys(wishes: Sequence[Wish]) -> dict[tuple[str, str], set[str]]:
    """Which of the keys the centre holds something of, by legal entity and record type."""
    asked: dict[tuple[str, str], list[str]] = {}
    for wish in wishes:
        if wish.record_type in operation_types():
            asked.setdefault((wish.provider, base_type(wish.record_type)), []).append(wish.key)
    return {(provider, base): held_keys(provider, base, keys) for (provider, base), keys in asked.items()}


def held_keys(provider: str, base: str, keys: Sequence[str]) -> set[str]:
    """Those of the keys of a record type of which the centre holds something from the legal entity."""
    accepted = accepted_of(base, provider)
    rows = lake().rows(
        f"SELECT DISTINCT key FROM ({accepted}) WHERE list_contains($keys::VARCHAR[], key)", {"keys": list(keys)}
    )
    return {key for (key,) in rows}


def _faults(wish: Wish, known: Mapping[tuple[str, str], set[str]]) -> Iterable[Text]:
    if wish.record_type not in operation_types():
        yield Text(f"没有操作 {wish.record_type}", f"there is no operation {wish.record_type}")
        return
    record = record_type(wish.record_type)
    if wish.key not in known[wish.provider, base_type(wish.record_type)]:
        yield Text("征信中心没有该业务标识的已入库信息", "the centre holds nothing under this business key")
    if record.kind == "change_identifier" and not (wish.new_key and wish.new_key != wish.key):
        yield Text("请填写不同于原标识的新标识", "give a new identifier that differs from the old one")
    if record.kind in ("correct_segment", "delete_segment") and wish.segment not in segments_of(wish.record_type):
        yield Text("请选择可操作的信息段", "choose a segment that the operation has")
    if record.kind == "correct_segment":
        yield from _correction_faults(wish, record)
    if record.kind == "delete_segment":
        if not (wish.starts or wish.ends):
            yield Text("起始日期和结束日期至少填写一个", "give the first or the last report date, or both")
        if not all(_is_day(day) for day in (wish.starts, wish.ends) if day):
            yield Text("日期须写成 2026-10-31", "write dates as 2026-10-31")
        elif wish.starts and wish.ends and wish.starts > wish.ends:
            yield Text("起始日期不得晚于结束日期", "the first date is not later than the last one")


def _correction_faults(wish: Wish, record: RecordType) -> Iterable[Text]:
    if not _is_day(wish.report_date):
        yield Text("信息报告日期须写成 2026-10-31", "write the report date as 2026-10-31")
    corrected = next((each for each in record.corrections if each.code == wish.segment), None)
    if corrected is None:
        return
    if wish.content:
        unknown = sorted(set(wish.content) - {member.tag for member in corrected.items})
        if unknown:
            listed = ", ".join(unknown)
            yield Text(f"该信息段没有数据项 {listed}", f"the segment has no {listed}")
    elif not wish.source_record:
        yield Text("请填写更正后的内容", "give the corrected content")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def segments_of(code: str) -> Mapping[str, Text]:
    """The segments that a correction or deletion by segment may name, with their titles; none for other operations."""
    record = record_type(code)
    named = next((item for _, _, item in record.items() if item.tag in ("MdfcSgmtCode", "DelSgmtCode")), None)
    if named is None:
        return {}
    tables = catalogue.current().codes(record.subject)
    return {letter: title for name in named.codes if name in tables for letter, title in tables[name].values.items()}


def _refuse_open(wishes: Sequence[Wish]) -> None:
    keys = [(wish.provider, _print(wish.record_type, wish.key)) for wish in wishes]
    if len(set(keys)) < len(keys):
        raise Conflict(
            "submission.request_open", Text("同一业务标识出现不止一次", "a business key stands more than once")
        )
    session = current_session()
    for start in range(0, len(keys), 500):
        named = tuple_(OperationRequest.provider, OperationRequest.key_print).in_(keys[start : start + 500])
        query = select(OperationRequest.id).where(named, OperationRequest.status.in_(UNFINISHED))
        if session.scalar(query.limit(1)) is not None:
            raise Conflict(
                "submission.request_open",
                Text(
                    "该业务标识已有未办结的操作申请", "An operation on this key has been asked for and is not finished"
                ),
            )


def find_bundle(bundle: str, *, changing: bool = False) -> list[OperationRequest]:
    """What was asked for in one go; with `changing` as it stands once nobody else is at it. Raises NotFound."""
    query = select(OperationRequest).filter_by(bundle=bundle).order_by(OperationRequest.id)
    if changing:
        query = query.with_for_update()
    found = list(current_session().scalars(query, execution_options={"populate_existing": changing}))
    if not found:
        raise NotFound("submission.request", Text("没有这项申请", "There is no such request"))
    return found


def decide(bundle: str, approve: bool, why: str) -> list[OperationRequest]:
    """Let it go, or not. Raises Refused (`submission.request_own`) for who asked, Conflict once it is decided, Invalid where a
    refusal has no reason."""
    found = find_bundle(bundle, changing=True)
    if any(each.asked_by == current_actor().id for each in found):
        raise Refused("submission.request_own", Text("申请人不能复核自己的申请", "Who asks does not approve"))
    waiting = [each for each in found if each.status == "asked"]
    if not waiting:
        raise Conflict("submission.request_decided", Text("该申请已办理", "This request has been decided"))
    if not approve and len(why.strip()) < 2:
        raise Invalid("submission.request_reason", Text("请写明不同意的理由", "Say why it is refused"))
    for each in waiting:
        each.status = "approved" if approve else "refused"
        each.decided_by, each.decided_at, each.decision = current_actor().id, clock.now(), why.strip()[:_LONGEST_REASON]
    current_session().flush()
    return waiting


def withdraw(bundle: str) -> list[OperationRequest]:
    """Take back what has not gone out. Raises Conflict where nothing of it can be taken back."""
    found = [each for each in find_bundle(bundle, changing=True) if each.status in ("asked", "approved", "returned")]
    if not found:
        raise Conflict(
            "submission.request_sent", Text("申请已报出或已办结，不能撤回", "It has gone out or is finished")
        )
    for each in found:
        each.status = "withdrawn"
    current_session().flush()
    return found


def approved(provider: str) -> pa.Table:
    """What may go of a legal entity: a row a request, in the shape that `operations_due` reads."""
    import pyarrow as pa  # it takes long to load, and only a worker needs it

    with unit_of_work(reading=True) as session:
        found = session.scalars(
            select(OperationRequest).filter_by(provider=provider, status="approved").order_by(OperationRequest.id)
        )
        rows = [
            {
                "request": str(each.id),
                "record_type": each.record_type,
                "key": each.key,
                "new": each.new_key,
                "segment": each.segment,
                "dated": each.report_date,
                "starts": each.starts,
                "ends": each.ends,
                "content": _placed(each),
                "record": each.source_record,
            }
            for each in found
        ]
    names = ("request", "record_type", "key", "new", "segment", "dated", "starts", "ends", "content", "record")
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))


def _placed(request: OperationRequest) -> str:
    return json.dumps({request.segment: json.loads(request.content)}, ensure_ascii=False) if request.content else ""


def requests_behind(code: str, records: str) -> dict[int, str]:
    """The operations with ids in the SELECT `records`, by the number of the request that each answers; others are left out."""
    if code not in operation_types():
        return {}
    rows = lake().rows(
        'SELECT DISTINCT CAST(o."row" AS BIGINT), record_id FROM (SELECT record_id, unnest(origin) AS o FROM'
        f" {record_table(code).path} WHERE record_id IN ({records})) WHERE o.entity = '{REQUEST}'"
    )
    return {int(number): record_id for number, record_id in rows}


def set_out(numbers: Sequence[int], batch: str) -> list[int]:
    """They are in a file; the held records that they are to mend travel. Which held records these are."""
    return _moved(numbers, "sent", batch=batch)


def came_back(numbers: Mapping[int, list[list[str]]], batch: str) -> list[int]:
    """They were blocked or refused, for these findings: the desk has to look at them again."""
    return _moved(list(numbers), "returned", batch=batch, findings=numbers)


def taken(numbers: Sequence[int], batch: str) -> list[int]:
    """The centre has taken them; the held records that are mended by it."""
    return _moved(numbers, "accepted", batch=batch)


def _moved(
    numbers: Sequence[int], status: str, *, batch: str, findings: Mapping[int, list[list[str]]] | None = None
) -> list[int]:
    if not numbers:
        return []
    session = current_session()
    held: list[int] = []
    for start in range(0, len(numbers), 500):
        chunk = numbers[start : start + 500]
        statement = update(OperationRequest).where(OperationRequest.id.in_(chunk))
        session.execute(statement.values(status=status, batch_id=batch))
        for number in chunk if findings else ():
            session.execute(
                update(OperationRequest).where(OperationRequest.id == number).values(findings=(findings or {})[number])
            )
        query = select(OperationRequest.held_id).where(
            OperationRequest.id.in_(chunk), OperationRequest.held_id.is_not(None)
        )
        held += [number for number in session.scalars(query) if number is not None]
    return held


def asked_keys(provider: str, code: str) -> set[str]:
    """The keys of a legal entity of which this operation has been asked for and neither refused, taken back nor accepted."""
    query = select(OperationRequest).filter_by(provider=provider, record_type=code)
    query = query.where(OperationRequest.status.in_((*UNFINISHED, "returned")))
    return {each.key for each in current_session().scalars(query)}


def held_of(numbers: Sequence[int]) -> list[HeldRecord]:
    """Held records by their numbers, those that are not closed."""
    query = select(HeldRecord).where(HeldRecord.id.in_(numbers), HeldRecord.status != "closed")
    return list(current_session().scalars(query.order_by(HeldRecord.id))) if numbers else []

"""Our accepted records in the form in which the centre states its own: subject, report date, a digest for every segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.lake.rendering import group_expression, segment_expression
from app.standard.catalogue import Group, RecordType, Segment
from app.submission.tables import accepted_table, record_type

SEGMENT_DIGITS: Final = 16
ITEM_DIGITS: Final = 4
ABSENT: Final = "-" * ITEM_DIGITS
_WHOLE: Final = "_whole"


def key_items(record: RecordType) -> tuple[str, ...]:
    """The identifying items of a record without the report date."""
    return tuple(tag for tag in record.key if tag != "RptDate")


def segments_of(record: RecordType) -> tuple[Segment, ...]:
    """The segments by the column that holds them in `held`; a flat record is one of them."""
    return tuple(replace(segment, code=_WHOLE) if record.flat else segment for segment in record.segments)


def held(code: str, condition: str) -> str:
    """SELECT of accepted records under `condition`: their columns, flat ones packed as one segment, and `subject`."""
    record = record_type(code)
    table = accepted_table(code)
    base = "" if record.flat else '"B".'
    parts = ", ".join(f"coalesce({base}\"{tag}\", '')" for tag in key_items(record))
    packed = ""
    if record.flat:
        members = ", ".join(f'"{member.tag}" := "{member.tag}"' for member in record.segments[0].items)
        packed = f", struct_pack({members}) AS {_WHOLE}"
    return f"SELECT *{packed}, concat_ws('|', {parts}) AS subject FROM {table.path} WHERE {condition}"


def digests(record: RecordType) -> str:
    """SQL of the list of segment digests of a row of `held`, '' for a segment that is not there."""
    each = (
        f"coalesce(left(sha256({segment_expression(segment)}), {SEGMENT_DIGITS}), '')"
        for segment in segments_of(record)
    )
    return f"[{', '.join(each)}]"


def items_apart(record: RecordType, fields: str) -> str:
    """SQL of the list of items (`H.AcctBal`) in which a row of `held` differs from the stated `fields`.

    Only where both have the segment: one that stands on one side alone is named by its segment.
    """
    cases = [
        f"CASE WHEN {_item(segment, place)} <> substr({fields}[{number}], {_start(place)}, {ITEM_DIGITS})"
        f" AND {fields}[{number}] <> '' AND \"{segment.code}\" IS NOT NULL THEN '{named(record, segment)}.{member.tag}' END"
        for number, segment in enumerate(segments_of(record), start=1)
        for place, member in enumerate(segment.items)
    ]
    return _kept(cases)


def segments_apart(record: RecordType, ours: str, theirs: str) -> str:
    """SQL of the list of segments whose digests differ."""
    return _kept(
        [
            f"CASE WHEN {ours}[{number}] <> {theirs}[{number}] THEN '{named(record, segment)}' END"
            for number, segment in enumerate(segments_of(record), start=1)
        ]
    )


def named(record: RecordType, segment: Segment) -> str:
    """What a segment is called: its letter, of a flat record its tag."""
    return segment.tag if record.flat else segment.code


def _kept(cases: Sequence[str]) -> str:
    return f"list_filter([{', '.join(cases)}], each -> each IS NOT NULL)"


def _item(segment: Segment, place: int) -> str:
    member = segment.items[place]
    value = f'"{segment.code}"."{member.tag}"'
    if isinstance(member, Group):
        value = f"nullif({group_expression(value, member)}, '')"
    return f"coalesce(left(sha256({value}), {ITEM_DIGITS}), '{ABSENT}')"


def _start(place: int) -> int:
    return SEGMENT_DIGITS + ITEM_DIGITS * place + 1

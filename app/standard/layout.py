"""The columns a record has in the lake: a STRUCT per segment, a LIST of STRUCT per group, all values text as filed."""

from __future__ import annotations

from functools import lru_cache

from app.standard import catalogue
from app.standard.model import Item, RecordType, Segment

TEXT = "VARCHAR"


def struct_of(fields: dict[str, str]) -> str:
    """A STRUCT type with these fields, names quoted."""
    return "STRUCT(" + ", ".join(f'"{name}" {type_}' for name, type_ in fields.items()) + ")"


def segment_fields(segment: Segment) -> dict[str, str]:
    """The fields of a segment by tag, with their column types, in writing order."""
    return {
        entry.tag: TEXT if isinstance(entry, Item) else struct_of({item.tag: TEXT for item in entry.items}) + "[]"
        for entry in segment.items
    }


def segment_type(record_type: str, letter: str) -> str:
    """The type of the column of one segment; KeyError if the record has no segment of that letter."""
    return struct_of(segment_fields(catalogue.current().record(record_type).segment(letter)))


def column_types(record_type: str) -> dict[str, str]:
    """The columns of a record type: of a segmented record by segment letter, of a flat one by tag.

    A correction holds the corrected segment, by letter, in a struct of all that may be corrected.

    Raises NotFound for a code the edition does not have.
    """
    return _columns(catalogue.current().record(record_type))


@lru_cache(maxsize=256)
def _columns(record: RecordType) -> dict[str, str]:
    if record.flat:
        return {tag: type_ for segment in record.segments for tag, type_ in segment_fields(segment).items()}
    columns = {segment.code: struct_of(segment_fields(segment)) for segment in record.segments if segment.items}
    if record.corrections:
        corrected = {segment.code: struct_of(segment_fields(segment)) for segment in record.corrections}
        columns |= {segment.code: struct_of(corrected) for segment in record.segments if not segment.items}
    return columns

"""Record lines as one SQL expression per record type, generated from the catalogue.

`concat` skips NULL, so an absent tag writes nothing while an empty value writes an empty element, which is what the
interface asks for (an optional item without value still appears).
"""

from __future__ import annotations

from collections.abc import Iterator

from app.standard.catalogue import Group, RecordType, Segment

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def line_expression(record: RecordType) -> str:
    """SQL giving one `<Document>…</Document>` line with its CR LF, from the columns of a record table: B, C, … or, of a
    flat record, its tags."""
    if record.flat:
        content = ", ".join(_either(segment, "") for segment in record.segments)
    else:
        content = ", ".join(
            _corrected(record, each) if not each.items else segment_expression(each) for each in record.segments
        )
    return f"concat('<Document><{record.root}>', {content}, '</{record.root}></Document>\r\n')"


def segment_expression(segment: Segment, within: str = "") -> str:
    """SQL giving one segment's text as filed, NULL where the record has none; `within` is the struct that holds it, with a dot."""
    column = f'{within}"{segment.code}"'
    written = _either(segment, f"{column}.")
    return f"CASE WHEN {column} IS NULL THEN NULL ELSE concat('<{segment.tag}>', {written}, '</{segment.tag}>') END"


def _corrected(record: RecordType, holder: Segment) -> str:
    """The one segment that a correction holds."""
    each = ", ".join(segment_expression(segment, f'"{holder.code}".') for segment in record.corrections)
    return f"concat('<{holder.tag}>', {each}, '</{holder.tag}>')"


def _either(segment: Segment, column: str) -> str:
    """The elements of a segment; `column` is what stands before its tags."""
    values = ", ".join(_values(segment, column))
    # Hardly any value needs escaping, and asking all of them at once costs far less than escaping each.
    marked = f"regexp_matches(concat({values}), '[{''.join(_ESCAPES)}]')"
    plain, escaped = (_written(segment, column, escape=escape) for escape in (False, True))
    return f"CASE WHEN {marked} THEN {escaped} ELSE {plain} END"


def _values(segment: Segment, column: str) -> Iterator[str]:
    for member in segment.items:
        value = f'{column}"{member.tag}"'
        if isinstance(member, Group):
            inner = ", ".join(f'p."{item.tag}"' for item in member.items)
            yield f"array_to_string(list_transform({value}, p -> concat({inner})), '')"
        else:
            yield value


def _written(segment: Segment, column: str, *, escape: bool) -> str:
    parts = []
    for member in segment.items:
        value = f'{column}"{member.tag}"'
        if isinstance(member, Group):
            parts.append(group_expression(f'{column}"{member.tag}"', member, escape=escape))
        else:
            parts.append(_element(member.tag, value, escape))
    return f"concat({', '.join(parts)})"


def group_expression(column: str, group: Group, *, escape: bool = True) -> str:
    """SQL giving the text of all occurrences of a group that stands in a column."""
    inner = ", ".join(_element(item.tag, f'p."{item.tag}"', escape) for item in group.items)
    one = f"concat('<{group.tag}>', {inner}, '</{group.tag}>')"
    return f"array_to_string(list_transform({column}, p -> {one}), '')"


def _element(tag: str, value: str, escape: bool) -> str:
    if escape:
        for sign, written in _ESCAPES.items():
            value = f"replace({value}, '{sign}', '{written}')"
    return f"'<{tag}>' || {value} || '</{tag}>'"

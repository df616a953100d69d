"""Record lines as one SQL expression per record type, generated from the catalogue.

`concat` skips NULL, so an absent tag writes nothing while an empty value writes an empty element, which is what the
interface asks for (an optional item without value still appears).
"""

from __future__ import annotations

from collections.abc import Iterator

from app.standard.catalogue import Group, RecordType, Segment

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def line_expression(record: RecordType) -> str:
    """SQL giving one `<Document>…</Document>` line with its CR LF, from the columns B, C, … of a record table; those of a
    record without segments are its tags.
    """
    segments = ", ".join(_segment(segment, record.flat) for segment in record.segments)
    return f"concat('<Document><{record.root}>', {segments}, '</{record.root}></Document>\r\n')"


def _segment(segment: Segment, flat: bool) -> str:
    values = ", ".join(_values(segment))
    # Hardly any value needs escaping, and asking all of them at once costs far less than escaping each.
    marked = f"regexp_matches(concat({values}), '[{''.join(_ESCAPES)}]')"
    escaped, plain = (_written(segment, escape=escape, flat=flat) for escape in (True, False))
    absent = "" if flat else f'WHEN "{segment.code}" IS NULL THEN NULL'
    return f"CASE {absent} WHEN {marked} THEN {escaped} ELSE {plain} END"


def _column(segment: Segment, tag: str) -> str:
    return f'"{segment.code}"."{tag}"' if segment.code else f'"{tag}"'


def _values(segment: Segment) -> Iterator[str]:
    for member in segment.items:
        value = _column(segment, member.tag)
        if isinstance(member, Group):
            inner = ", ".join(f'p."{item.tag}"' for item in member.items)
            yield f"array_to_string(list_transform({value}, p -> concat({inner})), '')"
        else:
            yield value


def _written(segment: Segment, *, escape: bool, flat: bool) -> str:
    parts = []
    for member in segment.items:
        value = _column(segment, member.tag)
        if isinstance(member, Group):
            inner = ", ".join(_element(item.tag, f'p."{item.tag}"', escape) for item in member.items)
            one = f"concat('<{member.tag}>', {inner}, '</{member.tag}>')"
            parts.append(f"array_to_string(list_transform({value}, p -> {one}), '')")
        else:
            parts.append(_element(member.tag, value, escape))
    written = ", ".join(parts)
    return f"concat({written})" if flat else f"concat('<{segment.tag}>', {written}, '</{segment.tag}>')"


def _element(tag: str, value: str, escape: bool) -> str:
    if escape:
        for sign, written in _ESCAPES.items():
            value = f"replace({value}, '{sign}', '{written}')"
    return f"'<{tag}>' || {value} || '</{tag}>'"

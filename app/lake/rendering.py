"""Record lines as one SQL expression per record type, generated from the catalogue.

`concat` skips NULL, so an absent tag writes nothing while an empty value writes an empty element, which is what the
interface asks for (an optional item without value still appears).
"""

from __future__ import annotations

from collections.abc import Iterator

from app.standard.catalogue import Group, RecordType, Segment

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def line_expression(record: RecordType) -> str:
    """SQL giving one `<Document>…</Document>` line with its CR LF, from the columns B, C, … of a record table."""
    segments = ", ".join(segment_expression(segment) for segment in record.segments)
    return f"concat('<Document><{record.root}>', {segments}, '</{record.root}></Document>\r\n')"


def segment_expression(segment: Segment) -> str:
    """SQL giving one segment's text as filed, NULL where the record has none."""
    column = f'"{segment.code}"'
    values = ", ".join(_values(segment))
    # Hardly any value needs escaping, and asking all of them at once costs far less than escaping each.
    marked = f"regexp_matches(concat({values}), '[{''.join(_ESCAPES)}]')"
    return (
        f"CASE WHEN {column} IS NULL THEN NULL"
        f" WHEN {marked} THEN {_written(segment, escape=True)} ELSE {_written(segment, escape=False)} END"
    )


def _values(segment: Segment) -> Iterator[str]:
    for member in segment.items:
        value = f'"{segment.code}"."{member.tag}"'
        if isinstance(member, Group):
            inner = ", ".join(f'p."{item.tag}"' for item in member.items)
            yield f"array_to_string(list_transform({value}, p -> concat({inner})), '')"
        else:
            yield value


def _written(segment: Segment, *, escape: bool) -> str:
    parts = []
    for member in segment.items:
        value = f'"{segment.code}"."{member.tag}"'
        if isinstance(member, Group):
            parts.append(group_expression(segment, member, escape=escape))
        else:
            parts.append(_element(member.tag, value, escape))
    return f"concat('<{segment.tag}>', {', '.join(parts)}, '</{segment.tag}>')"


def group_expression(segment: Segment, group: Group, *, escape: bool = True) -> str:
    """SQL giving the text of all occurrences of a group."""
    inner = ", ".join(_element(item.tag, f'p."{item.tag}"', escape) for item in group.items)
    one = f"concat('<{group.tag}>', {inner}, '</{group.tag}>')"
    return f'array_to_string(list_transform("{segment.code}"."{group.tag}", p -> {one}), \'\')'


def _element(tag: str, value: str, escape: bool) -> str:
    if escape:
        for sign, written in _ESCAPES.items():
            value = f"replace({value}, '{sign}', '{written}')"
    return f"'<{tag}>' || {value} || '</{tag}>'"

"""Record lines as one SQL expression per record type, generated from the catalogue.

`concat` skips NULL, so an absent tag writes nothing while an empty value writes an empty element, which is what the
interface asks for (an optional item without value still appears).
"""

from __future__ import annotations

from app.standard.catalogue import Group, Item, RecordType, Segment


def line_expression(record: RecordType) -> str:
    """SQL giving one `<Document>…</Document>` line with its CR LF, from the columns B, C, … of a record table."""
    segments = ", ".join(_segment(segment) for segment in record.segments)
    return f"concat('<Document><{record.root}>', {segments}, '</{record.root}></Document>' || chr(13) || chr(10))"


def _segment(segment: Segment) -> str:
    column = f'"{segment.code}"'
    parts = ", ".join(_member(column, member) for member in segment.items)
    return f"CASE WHEN {column} IS NOT NULL THEN concat('<{segment.tag}>', {parts}, '</{segment.tag}>') END"


def _member(owner: str, member: Item | Group) -> str:
    if isinstance(member, Item):
        return _item(owner, member)
    inner = ", ".join(_item("p", item) for item in member.items)
    one = f"concat('<{member.tag}>', {inner}, '</{member.tag}>')"
    return f"array_to_string(list_transform({owner}.\"{member.tag}\", p -> {one}), '')"


def _item(owner: str, item: Item) -> str:
    value = _escaped(f'{owner}."{item.tag}"')
    return f"'<{item.tag}>' || {value} || '</{item.tag}>'"


def _escaped(value: str) -> str:
    return f"replace(replace(replace({value}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"

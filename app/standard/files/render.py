"""Writes a record fact as its line. The counterpart of `parse`: what was read in the standard's order comes back
byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.errors import Invalid
from app.core.text import Text
from app.standard.files.characters import UNWRITABLE, escaped
from app.standard.files.grammar import DOCUMENT, Place, root_of
from app.standard.model import RecordType

Fact = dict[str, Any]


def render_record(record: RecordType, fact: Mapping[str, Any], *, as_read: bool = False) -> str:
    """One `<Document>…</Document>` line, without CR LF.

    Elements are written in the standard's order; with `as_read` in the order in which they stand in `fact`, so that
    a line that came in another order comes back unchanged. A key the record does not know, or a value no line can
    hold, is `Invalid` (`standard.render`): nothing is left out silently.
    """
    root = root_of(record)
    inside = _inside(root, fact, as_read)
    return f"<{DOCUMENT}><{root.tag}>{inside}</{root.tag}></{DOCUMENT}>"


def _inside(place: Place, fact: Mapping[str, Any], as_read: bool) -> str:
    parts: list[str] = []
    known = 0
    for key in fact if as_read else place.named:
        if key not in fact or key not in place.named:
            continue
        known += 1
        value, inner = fact[key], place.named[key]
        if inner is None:
            parts.append(f"<{key}>{_written(key, value)}</{key}>")
            continue
        occurrences = value if inner.repeats else [value]
        if not isinstance(occurrences, list) or not all(isinstance(one, Mapping) for one in occurrences):
            raise _unusable(Text("{name}的结构不对", "{name} has the wrong shape").format(name=key))
        parts.extend(f"<{inner.tag}>{_inside(inner, one, as_read)}</{inner.tag}>" for one in occurrences)
    if known != len(fact):
        names = ", ".join(sorted(str(key) for key in fact if key not in place.named))
        raise _unusable(Text("{place}中没有{names}", "{place} has no {names}").format(place=place.tag, names=names))
    return "".join(parts)


def _written(tag: str, value: object) -> str:
    if not isinstance(value, str) or UNWRITABLE.search(value):
        raise _unusable(
            Text("{name}的取值无法写入报文：{value}", "the value of {name} cannot be written: {value}").format(
                name=tag, value=repr(value)[:80]
            )
        )
    return escaped(value)


def _unusable(message: Text) -> Invalid:
    return Invalid("standard.render", message)

"""The centre's check files: on request it states, record by record, what it holds of a provider (docs/adr/0017-check-files.md).

A line has the identifying items, the report date, and for every segment a field: 16 digits of the digest of the segment's
text as filed, then 4 of every item in the order of the interface. So both ends can be compared, down to the item, without
the file holding anything but keys.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from app.core import clock, packaging
from app.core.crypto import suite
from app.simulator.centre.office import Folders, centre_keys
from app.simulator.centre.registry import Provider, load_registry
from app.simulator.centre.store import Store
from app.standard import catalogue
from app.standard.model import Group, Item, RecordType, Segment

MOST_LINES: Final = 1_000_000
"""Lines of one file; a longer statement goes on in the next part."""
_SEGMENT_DIGITS: Final = 16
_ITEM_DIGITS: Final = 4
_ABSENT: Final = "-" * _ITEM_DIGITS
_PIECE_LINES: Final = 2_000


def write_check_files(root: Path, suite_name: str, section: str, most: int = MOST_LINES) -> list[str]:
    """State what is held of the provider that owns `section`, as of now; the names of the files put into the outbox.

    One statement for each record type that may be reported, with no lines where nothing is held. Raises NotFound where the
    lender's public key is not there, KeyError for a section that is not registered.
    """
    folders = Folders(root)
    chosen = suite(suite_name)
    public = centre_keys(folders).public_key(folders.lender_key(section), chosen)
    provider = load_registry(root).provider(section)
    if provider is None:
        raise KeyError(section)
    as_of = clock.local_now().replace(microsecond=0)
    names = []
    store = Store(root)
    try:
        with _still(store.connection):
            for record in catalogue.current().records.values():
                if record.kind != "record" or (not record.flat and not record.segments):
                    continue
                total = _count(store.connection, record.code, provider)
                parts = max(1, -(-total // most))
                lines = _lines(store.connection, record, provider)
                for part in range(1, parts + 1):
                    count = min(most, total - (part - 1) * most)
                    head = _header(record.code, section, as_of, part, parts, count, total)
                    name = f"{section}{as_of:%Y%m%d}{record.code}C{part:03}0"
                    draft = folders.work / f"{secrets.token_hex(8)}.enc"
                    packaging.pack(name, _chunks(head, _names(record), lines, count), draft, chosen, public)
                    os.replace(draft, folders.door(section) / "outbox" / f"{name}.enc")
                    names.append(name)
    finally:
        store.close()
    return names


@contextmanager
def _still(connection: sqlite3.Connection) -> Iterator[None]:
    """One state of the store while the block lasts, whatever is judged meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


_HELD: Final = "FROM record r JOIN arrival a ON a.id = r.arrival WHERE r.record_type = ? AND substr(a.name, 1, 14) IN "


def _held(provider: Provider) -> tuple[str, list[str]]:
    sections = sorted(provider.sections)
    return f"{_HELD}({', '.join('?' * len(sections))})", sections


def _count(connection: sqlite3.Connection, code: str, provider: Provider) -> int:
    held, sections = _held(provider)
    return int(connection.execute(f"SELECT count(*) {held}", [code, *sections]).fetchone()[0])


def _lines(connection: sqlite3.Connection, record: RecordType, provider: Provider) -> Iterator[str]:
    held, sections = _held(provider)
    rows = connection.cursor().execute(
        f"SELECT r.subject, r.report_date, r.content {held} ORDER BY r.subject, r.report_date, r.id",
        [record.code, *sections],
    )
    keys = len(_keys(record))
    for subject, report_date, content in rows:
        fact = json.loads(content)
        fields = [_field(segment, fact if record.flat else fact.get(segment.code)) for segment in record.segments]
        # before the key there may stand whose record it is
        yield "\t".join([*subject.split("\x1f")[-keys:], report_date, *fields])


def _field(segment: Segment, values: Mapping[str, Any] | None) -> str:
    """Digest of a segment and of its items; nothing where the record has no such segment."""
    if values is None:
        return ""
    text = "".join(_written(member, values[member.tag]) for member in segment.items if member.tag in values)
    digests = [_digest(f"<{segment.tag}>{text}</{segment.tag}>", _SEGMENT_DIGITS)]
    for member in segment.items:
        value = values.get(member.tag)
        if isinstance(member, Group):
            written = _written(member, value or [])
            digests.append(_digest(written, _ITEM_DIGITS) if written else _ABSENT)
        else:
            digests.append(_ABSENT if value is None else _digest(str(value), _ITEM_DIGITS))
    return "".join(digests)


def _written(member: Item | Group, value: Any) -> str:
    """The text of an item, or of all occurrences of a group, as filed."""
    if isinstance(member, Item):
        return f"<{member.tag}>{escape(str(value))}</{member.tag}>"
    inside = ("".join(_written(item, one[item.tag]) for item in member.items if item.tag in one) for one in value)
    return "".join(f"<{member.tag}>{each}</{member.tag}>" for each in inside)


def _digest(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def _names(record: RecordType) -> Sequence[str]:
    return [*_keys(record), "RptDate", *(segment.tag for segment in record.segments)]


def _keys(record: RecordType) -> list[str]:
    return [tag for tag in record.key if tag != "RptDate"]


def _header(code: str, section: str, as_of: datetime, part: int, parts: int, count: int, total: int) -> str:
    return f"C080{code}2.0.0{section}{as_of:%Y%m%d%H%M%S}{part:03}{parts:03}{count:011}{total:011}{'0' * 12}"


def _chunks(head: str, names: Sequence[str], lines: Iterator[str], count: int) -> Iterator[bytes]:
    piece = [head, "\t".join(names)]
    for _, line in zip(range(count), lines, strict=False):
        piece.append(line)
        if len(piece) >= _PIECE_LINES:
            yield "".join(f"{each}\r\n" for each in piece).encode()
            piece = []
    yield "".join(f"{each}\r\n" for each in piece).encode()

"""Cuts a stream into lines, strictly and within bounded memory.

A line ends with CR LF and nothing else. A line longer than its limit is counted, not kept: however long it is, no
more than one limit's worth of bytes is ever held.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app.core.text import Text
from app.standard.finding import Finding

CHUNK = 1 << 18
SHOWN = 200
"""Characters kept of a line that cannot be used, to show it."""

_CONTINUATION = bytes(range(0x80, 0xC0))
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end. `usable` is false where the text is only the start of what stood there, or not what
    stood there.
    """

    number: int
    text: str
    usable: bool
    length: int
    findings: tuple[Finding, ...] = ()


def cut(stream: BinaryIO, limit: Callable[[int], int], widest: int = 4) -> Iterator[Line]:
    """The lines of a stream. `limit` gives the most characters of the line with that number, `widest` the most bytes
    a character takes.

    Findings: ABF008 too long, ABF010 not ended by CR LF or empty, ABF011 not UTF-8 without byte order mark. After
    the last CR LF nothing needs to follow; a last line without CR LF is taken as it is.
    """
    number, searched = 1, 0
    held = bytearray()
    chunk = stream.read(CHUNK)
    while chunk:
        held += chunk
        start = 0
        while (end := held.find(b"\n", searched)) >= 0:
            yield _line(number, bytes(held[start:end]), True, limit(number))
            number += 1
            start = searched = end + 1
        del held[:start]
        searched = len(held)
        chunk = b""
        if len(held) > limit(number) * widest + 2:
            shown, length = bytes(held[: SHOWN * widest]), _characters(held)
            held.clear()
            searched = 0
            more, chunk, ended = _skip(stream)
            yield _too_long(number, shown, length + more, limit(number), ended)
            number += 1
        chunk = chunk or stream.read(CHUNK)
    if held:
        yield _line(number, bytes(held), False, limit(number))


def _skip(stream: BinaryIO) -> tuple[int, bytes, bool]:
    """Read on to the end of a line: characters passed over, what follows it, and whether an end came at all."""
    passed = 0
    while chunk := stream.read(CHUNK):
        head, end, rest = chunk.partition(b"\n")
        passed += _characters(head)
        if end:
            return passed - head.endswith(b"\r"), rest, True
    return passed, b"", False


def _characters(raw: bytes | bytearray) -> int:
    """How many characters UTF-8 bytes hold."""
    return len(raw) if raw.isascii() else len(raw.translate(None, _CONTINUATION))


def _line(number: int, raw: bytes, ended: bool, limit: int) -> Line:
    findings: list[Finding] = []
    if ended and raw.endswith(b"\r"):
        raw = raw[:-1]
    elif ended:
        message = Text(
            "第{line}行须以回车换行（CR LF）结束，实际只有换行", "line {line} must end with CR LF, not with LF alone"
        )
        findings.append(_separator_finding(number, message, _characters(raw) + 1))
    stray = raw.find(b"\r")
    if stray >= 0:
        message = Text("第{line}行内有单独的回车", "line {line} holds a CR that does not belong to a CR LF")
        findings.append(_separator_finding(number, message, _characters(raw[:stray]) + 1))
    if not raw:
        message = Text(
            "第{line}行为空，记录之间只能有一个回车换行", "line {line} is empty; one CR LF only stands between records"
        )
        findings.append(_separator_finding(number, message, 1))
    if number == 1 and raw.startswith(_MARKS):
        message = Text("文件须为无字节顺序标记（BOM）的UTF-8", "the file must be UTF-8 without a byte order mark")
        findings.append(Finding(number, "ABF011", "0000", message, 1, "UTF-8"))
        return Line(number, _shown(raw), False, _characters(raw), tuple(findings))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        at = _characters(raw[: fault.start]) + 1
        message = Text(
            "第{line}行第{at}个字符起不是UTF-8编码（字节{byte}）",
            "line {line} is not UTF-8 from character {at} on (byte {byte})",
        ).format(line=number, at=at, byte=f"0x{raw[fault.start]:02X}")
        findings.append(Finding(number, "ABF011", "0000", message, at, "UTF-8"))
        return Line(number, _shown(raw), False, _characters(raw), tuple(findings))
    if len(text) > limit:
        findings.append(_length_finding(number, len(text), limit))
        return Line(number, text[:SHOWN], False, len(text), tuple(findings))
    return Line(number, text, stray < 0 and bool(text), len(text), tuple(findings))


def _shown(raw: bytes) -> str:
    """The start of bytes that are not a text, to show."""
    return raw[: SHOWN * 4].decode("utf-8", "replace")[:SHOWN]


def _separator_finding(number: int, message: Text, at: int | None) -> Finding:
    return Finding(number, "ABF010", "0000", message.format(line=number), at, "CR LF")


def _too_long(number: int, shown: bytes, length: int, limit: int, ended: bool) -> Line:
    findings = [_length_finding(number, length, limit)]
    if not ended:
        message = Text("第{line}行直到文件结束都没有回车换行", "line {line} has no CR LF up to the end of the file")
        findings.append(_separator_finding(number, message, None))
    return Line(number, _shown(shown), False, length, tuple(findings))


def _length_finding(number: int, length: int, limit: int) -> Finding:
    message = Text(
        "第{line}行有{length}个字符，超过上限{limit}",
        "line {line} has {length} characters, more than the limit of {limit}",
    )
    expected = f"≤ {limit}"
    return Finding(
        number, "ABF008", "0000", message.format(line=number, length=length, limit=limit), limit + 1, expected
    )

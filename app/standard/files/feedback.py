"""Feedback files: what the centre says about a report file, one `<FbInf>` line per rejected record.

The reader takes what it can from a garbled file and says of the rest where and why it could not.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from app.core.errors import Invalid
from app.core.text import Text
from app.standard.catalogue import Catalogue, current
from app.standard.files.characters import escaped
from app.standard.files.grammar import DOCUMENT, Place
from app.standard.files.lines import Line, cut
from app.standard.files.names import (
    ALL_ACCEPTED,
    FILE_REFUSED,
    SOME_REFUSED,
    FeedbackHeader,
    FileName,
    prefix_of,
)
from app.standard.files.report import NEWLINE, Source, opened
from app.standard.files.scan import read_tree
from app.standard.finding import Finding

_ERROR = Place("ErrInf", "ErrInf", True, frozenset({"FbCode", "FbMsg"}), {}, ("FbCode", "FbMsg"))
_FEEDBACK = Place(
    "FbInf",
    "FbInf",
    False,
    frozenset({"ErrRecId", "FbErrNum", "ErrRec"}),
    {"ErrInf": _ERROR},
    ("ErrRecId", "FbErrNum", "ErrInf", "ErrRec"),
)
_FLAGS = f"{ALL_ACCEPTED}{FILE_REFUSED}{SOME_REFUSED}"
_HEADER_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class FeedbackError:
    """One error: the centre's code and the tag it blames ('0000' for the whole record or file)."""

    code: str
    tag: str


@dataclass(frozen=True, slots=True)
class FeedbackItem:
    """One `<FbInf>`. `line` is the line of the rejected record in the report file, the header being line 1, and
    `record` that line as the centre received it; both None where the file as a whole is refused.
    """

    errors: tuple[FeedbackError, ...]
    line: int | None = None
    record: str | None = None


@dataclass(frozen=True, slots=True)
class FeedbackLine:
    """One body line of a feedback file; `item` is None where it could not be understood, `findings` says why."""

    number: int
    item: FeedbackItem | None
    findings: tuple[Finding, ...] = ()


class FeedbackFile:
    """A feedback file being read; iterating gives its body lines, every pass anew.

    `findings` holds what is wrong with name, header and, after a full pass, with the counts. Findings carry the
    codes that the same fault would have in a report file.
    """

    def __init__(self, source: Source, name: str, catalogue: Catalogue) -> None:
        self._source = source
        self.name, name_findings = FileName.check(name, _FLAGS, catalogue)
        # the longest record line in Base64: four characters for three bytes, four bytes a character at most
        self._limit = catalogue.line_limit(self.name.record_type if self.name else "") * 16 // 3 + 10_000
        first = self._first()
        self.header, header_findings = FeedbackHeader.check(first.text, catalogue) if first.usable else (None, ())
        self._start = (*name_findings, *first.findings, *header_findings, *self._disagreement(prefix_of(name)))
        self._end: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self._start, *self._end)

    def __iter__(self) -> Iterator[FeedbackLine]:
        lines_read = 0
        with opened(self._source) as stream:
            lines = cut(stream, lambda number: _HEADER_LIMIT if number == 1 else self._limit, widest=1)
            next(lines, None)
            for line in lines:
                lines_read += 1
                yield read_feedback_line(line)
        self._end = tuple(self._count_faults(lines_read))

    def _first(self) -> Line:
        with opened(self._source) as stream:
            for line in cut(stream, lambda number: _HEADER_LIMIT):
                return line
        empty = Finding(
            1, "ABH005", "0000", Text("文件为空，缺少文件头", "the file is empty, its header is missing"), 1, "A"
        )
        return Line(1, "", False, 0, (empty,))

    def _disagreement(self, prefix: str) -> Iterator[Finding]:
        if self.name and self.header and prefix != self.header.original + self.header.feedback_flag:
            message = Text(
                "反馈文件头所称“{told}”与文件名不一致", "the header speaks of “{told}”, the file name does not"
            ).format(told=self.header.original + self.header.feedback_flag)
            yield Finding(1, "ABF007", "0000", message, 10, prefix)

    def _count_faults(self, lines_read: int) -> Iterator[Finding]:
        if self.header is None:
            return
        flag = self.header.feedback_flag
        due = {ALL_ACCEPTED: 0, FILE_REFUSED: 1}.get(flag, self.header.rejected)
        if lines_read != due:
            message = Text(
                "反馈标识为{flag}，应有{due}条反馈，实有{found}条",
                "flag {flag} calls for {due} feedback lines, there are {found}",
            ).format(flag=flag, due=due, found=lines_read)
            yield Finding(1, "ABH005", "0000", message, None, str(due))


def read_feedback(source: Source, name: str | None = None, catalogue: Catalogue | None = None) -> FeedbackFile:
    """Open a feedback file in plain form; `name` as for `read_report`."""
    if name is None:
        name = source.name if isinstance(source, Path) else ""
    return FeedbackFile(source, name, catalogue or current())


def read_feedback_line(line: Line) -> FeedbackLine:
    """Understand one body line."""
    if not line.usable:
        return FeedbackLine(line.number, None, line.findings)
    fact, findings = read_tree(line.text, line.number, _FEEDBACK)
    found = [*line.findings, *findings]
    if fact is None or found:
        return FeedbackLine(line.number, None, tuple(found))
    item = _item(fact, line.number, found)
    return FeedbackLine(line.number, item if not found else None, tuple(found))


def _item(fact: Mapping[str, Any], number: int, found: list[Finding]) -> FeedbackItem:
    def note(tag: str, zh: str, en: str, expected: str) -> None:
        found.append(Finding(number, "ABR006", tag, Text(zh, en), None, expected))

    errors = tuple(FeedbackError(entry.get("FbCode", ""), entry.get("FbMsg", "")) for entry in fact.get("ErrInf", ()))
    if not errors or any(not re.fullmatch(r"[0-9A-Z]{6}", error.code) for error in errors):
        note("FbCode", "缺少出错信息代码或代码格式不对", "an error code is missing or malformed", "six characters")
    if fact.get("FbErrNum") != str(len(errors)):
        note(
            "FbErrNum",
            "错误个数与错误信息条数不符",
            "the number of errors does not match the errors listed",
            str(len(errors)),
        )
    record_line: int | None = None
    if "ErrRecId" in fact:
        text = fact["ErrRecId"]
        if re.fullmatch(r"0*[1-9][0-9]{0,7}", text):
            record_line = int(text)
        else:
            note("ErrRecId", "出错记录行号不是正整数", "the line number is not a positive number", "N..8")
    record: str | None = None
    if "ErrRec" in fact:
        try:
            record = base64.b64decode(fact["ErrRec"], validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            note(
                "ErrRec",
                "出错记录不是UTF-8文本的Base64编码",
                "the record is not the Base64 form of UTF-8 text",
                "Base64",
            )
    return FeedbackItem(errors, record_line, record)


def feedback_line(item: FeedbackItem) -> str:
    """One `<Document>…</Document>` line, without CR LF."""
    parts = [f"<{DOCUMENT}><FbInf>"]
    if item.line is not None:
        parts.append(f"<ErrRecId>{item.line}</ErrRecId>")
    parts.append(f"<FbErrNum>{len(item.errors)}</FbErrNum>")
    parts.extend(
        f"<ErrInf><FbCode>{escaped(error.code)}</FbCode><FbMsg>{escaped(error.tag)}</FbMsg></ErrInf>"
        for error in item.errors
    )
    if item.record is not None:
        parts.append(f"<ErrRec>{base64.b64encode(item.record.encode()).decode()}</ErrRec>")
    parts.append(f"</FbInf></{DOCUMENT}>")
    return "".join(parts)


def write_feedback(target: BinaryIO, header: FeedbackHeader, items: Iterable[FeedbackItem] = ()) -> None:
    """Write a feedback file. `Invalid` (`standard.count`) if the header's counts and flag do not fit the items."""
    target.write(f"{header.text}{NEWLINE}".encode())
    written = 0
    for item in items:
        target.write(f"{feedback_line(item)}{NEWLINE}".encode())
        written += 1
    due = {ALL_ACCEPTED: 0, FILE_REFUSED: 1}.get(header.feedback_flag, header.rejected)
    if written != due:
        raise Invalid(
            "standard.count",
            Text(
                "反馈标识与计数要求{due}条，实际写出{written}条",
                "flag and counts call for {due} lines, {written} were written",
            ).format(due=due, written=written),
        )

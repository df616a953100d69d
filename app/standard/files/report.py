"""Reads and writes report files in plain form: header, then one record a line.

Reading streams: memory does not grow with the file. Everything that is wrong becomes a finding with its line;
nothing in a file can make the reader fail. A file that is not there is the caller's fault and raises `Invalid`
(`standard.file`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from app.core.errors import Invalid
from app.core.text import Text
from app.standard.catalogue import Catalogue, current
from app.standard.files.fixed import day_of, header_layout, name_layout
from app.standard.files.lines import Line, cut
from app.standard.files.names import (
    REPORT_FLAG,
    FileHeader,
    FileName,
    prefix_of,
)
from app.standard.files.parse import UNREADABLE, Form, read_line
from app.standard.finding import Finding
from app.standard.model import RecordType

Source = Path | BinaryIO
Facts = dict[str, dict[str, str | int | bool]]

NEWLINE = "\r\n"
_HEADER_LIMIT = 1_000
"""Characters of a first line that are looked at; a header has fifty."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One body line. `number` counts the header as line 1; `record` is the fact, None where the line is not a record
    of the file's type.
    """

    number: int
    text: str
    record: dict[str, Any] | None
    findings: tuple[Finding, ...]
    form: Form


class ReportFile:
    """A report file being read. Iterating gives its body lines, as often as wanted; every pass reads the file anew.

    `findings` holds what is wrong with the file as a whole: name (line 0, ABN003), header (line 1, ABH005, ABF007,
    and what is wrong with the line as such) and, after a full pass, the number of records (ABH005). Findings about
    body lines stay with their lines.
    """

    def __init__(self, source: Source, name: str, catalogue: Catalogue) -> None:
        self._source = source
        self._catalogue = catalogue
        self._name_text = prefix_of(name)
        self.name, name_findings = FileName.check(name, REPORT_FLAG, catalogue)
        first = self._first()
        self._header_text = first.text
        self.header, header_findings = FileHeader.check(first.text, catalogue) if first.usable else (None, ())
        code = self.header.record_type if self.header else self.name.record_type if self.name else None
        self.record_type: RecordType | None = catalogue.record(code) if code else None
        self._body_limit = catalogue.line_limit(code or "")
        self._start = (*name_findings, *first.findings, *header_findings, *self._disagreements())
        self._count_finding: Finding | None = None
        self._records = 0
        self._longest = 0
        self._utf8 = not any(found.code == "ABF011" for found in first.findings)
        self._separators = not any(found.code == "ABF010" for found in first.findings)
        self._parses = True

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self._start, self._count_finding) if self._count_finding else self._start

    def __iter__(self) -> Iterator[ReportLine]:
        records, longest, utf8, separators, parses = 0, 0, self._utf8, self._separators, True
        with self._opened() as stream:
            lines = cut(stream, self._limit)
            next(lines, None)
            for line in lines:
                records += 1
                longest = max(longest, line.length)
                for found in line.findings:
                    utf8 = utf8 and found.code != "ABF011"
                    separators = separators and found.code != "ABF010"
                read = self._read(line)
                parses = parses and read.form.parsed
                yield read
        self._records, self._longest, self._parses = records, longest, parses
        self._utf8, self._separators = utf8, separators
        self._count_finding = self._count_fault(records)

    def facts(self) -> Facts:
        """What rules about files may see: `name`, `header`, `file`. Counts and `file` are right after a full pass.

        Parts are given as they stand, however wrong; numbers and dates that are none are left out.
        """
        name = name_layout(self._catalogue).split(self._name_text)
        header = header_layout(self._catalogue).split(self._header_text)
        names: dict[str, str | int | bool] = {**name, "prefix": self._name_text, "length": len(self._name_text)}
        headers: dict[str, str | int | bool] = {**header, "length": len(self._header_text)}
        if not (header["count"].isascii() and header["count"].isdigit()):
            del headers["count"]
        else:
            headers["count"] = int(header["count"])
        created = day_of(header["created"][:8])
        if created:
            headers["created_date"] = created.isoformat()
        file: dict[str, str | int | bool] = {
            "utf8": self._utf8,
            "separators": self._separators,
            "longest_line": self._longest,
            "records": self._records,
            "parses": self._parses,
        }
        return {"name": names, "header": headers, "file": file}

    def _read(self, line: Line) -> ReportLine:
        if not line.usable:
            return ReportLine(line.number, line.text, None, line.findings, UNREADABLE)
        parsed = read_line(line.text, line.number, self.record_type, self._catalogue)
        findings = (*line.findings, *parsed.findings) if line.findings else parsed.findings
        return ReportLine(line.number, line.text, parsed.fact, findings, parsed.form)

    def _limit(self, number: int) -> int:
        return _HEADER_LIMIT if number == 1 else self._body_limit

    def _first(self) -> Line:
        with self._opened() as stream:
            for line in cut(stream, lambda number: _HEADER_LIMIT):
                return line
        empty = Finding(
            1, "ABH005", "0000", Text("文件为空，缺少文件头", "the file is empty, its header is missing"), 1, "A"
        )
        return Line(1, "", False, 0, (empty,))

    def _disagreements(self) -> Iterator[Finding]:
        if self.name is None or self.header is None:
            return
        pairs = (
            ("provider", Text("区段码", "provider"), self.name.provider, self.header.provider),
            ("created", Text("生成日期", "creation date"), f"{self.name.date:%Y%m%d}", f"{self.header.created:%Y%m%d}"),
            ("record_type", Text("信息记录类型", "record type"), self.name.record_type, self.header.record_type),
        )
        starts = {part.name: part.start + 1 for part in header_layout(self._catalogue).parts}
        for part, title, named, found in pairs:
            if named != found:
                message = Text(
                    "文件头的{zh}“{found}”与文件名的“{named}”不一致",
                    "the {en} “{found}” of the header differs from “{named}” in the file name",
                ).format(zh=title.zh, en=title.en, found=found, named=named)
                yield Finding(1, "ABF007", "0000", message, starts[part], named)

    def _count_fault(self, records: int) -> Finding | None:
        if self.header is None or self.header.count == records:
            return None
        message = Text(
            "文件头记录数为{count}，文件体实有{records}条",
            "the header counts {count} records, the body holds {records}",
        ).format(count=self.header.count, records=records)
        start = next(part.start + 1 for part in header_layout(self._catalogue).parts if part.name == "count")
        return Finding(1, "ABH005", "0000", message, start, f"{records:07}")

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        with opened(self._source) as stream:
            yield stream


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """The bytes of a source from their start; `Invalid` (`standard.file`) if it cannot be read."""
    if not isinstance(source, Path):
        source.seek(0)
        yield source
        return
    try:
        stream = source.open("rb")
    except OSError as fault:
        raise Invalid(
            "standard.file",
            Text("文件{name}无法读取：{reason}", "file {name} cannot be read: {reason}").format(
                name=source.name, reason=fault.strerror or str(fault)
            ),
        ) from fault
    with stream:
        yield stream


def read_report(source: Source, name: str | None = None, catalogue: Catalogue | None = None) -> ReportFile:
    """Open a report file in plain form. `name` is needed for a stream, and for a path whose own name is not the
    official one.
    """
    if name is None:
        name = source.name if isinstance(source, Path) else ""
    return ReportFile(source, name, catalogue or current())


def write_report(target: BinaryIO, header: FileHeader, lines: Iterable[str]) -> None:
    """Write a report file: header and lines, each ended by CR LF. `Invalid` if the header's count proves wrong."""
    target.write(f"{header.text}{NEWLINE}".encode())
    written = 0
    for line in lines:
        target.write(f"{line}{NEWLINE}".encode())
        written += 1
    if written != header.count:
        raise Invalid(
            "standard.count",
            Text(
                "文件头记录数为{count}，实际写出{written}条",
                "the header counts {count} records, {written} were written",
            ).format(count=header.count, written=written),
        )

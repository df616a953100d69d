"""File name and headers: fixed positions, taken from the edition.

Each `check` collects everything that is wrong with a text as findings; each `parse` is for texts that must be right
and raises `Invalid`. Times are the centre's own clock time (Beijing), without zone, as they stand in the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.core.text import Text
from app.standard.catalogue import Catalogue, current
from app.standard.files.fixed import Judge, day_of, feedback_layout, header_layout, moment_of, name_layout, refusal
from app.standard.finding import Finding

REPORT_FLAG, ALL_ACCEPTED, FILE_REFUSED, SOME_REFUSED = "0", "1", "2", "3"
SUFFIXES = (".txt", ".enc")


@dataclass(frozen=True, slots=True)
class FileName:
    """The thirty-character prefix of a file name. Files whose first 26 characters agree are told apart by `serial`."""

    provider: str
    date: date
    record_type: str
    serial: str
    feedback_flag: str = REPORT_FLAG
    reserved: str = "0"

    @property
    def text(self) -> str:
        """The prefix, without suffix."""
        values = {
            "provider": self.provider,
            "date": f"{self.date:%Y%m%d}",
            "record_type": self.record_type,
            "reserved": self.reserved,
            "serial": self.serial,
            "feedback_flag": self.feedback_flag,
        }
        return name_layout(current()).join(values)

    @property
    def original(self) -> str:
        """What a feedback file quotes of it: everything but the feedback flag."""
        return self.text[:-1]

    @classmethod
    def check(
        cls, text: str, flags: str = REPORT_FLAG, catalogue: Catalogue | None = None
    ) -> tuple[FileName | None, tuple[Finding, ...]]:
        """Judge a name, with or without `.txt`/`.enc`; `flags` lists the feedback flags allowed. Findings carry
        ABN003 and line 0.
        """
        catalogue = catalogue or current()
        text = prefix_of(text)
        judge = Judge(name_layout(catalogue), text, "ABN003", 0)
        judge.want_pattern("provider", "serial")
        judge.want("date", day_of, Text("有效日期YYYYMMDD", "a valid date YYYYMMDD"))
        judge.want_record_type(catalogue)
        judge.want_literal(reserved="0")
        choice = "/".join(flags)
        judge.want("feedback_flag", lambda value: len(value) == 1 and value in flags, Text(choice, choice))
        day = day_of(judge.parts["date"])
        if judge.findings or day is None:
            return None, tuple(judge.findings)
        parts = judge.parts
        return cls(
            parts["provider"], day, parts["record_type"], parts["serial"], parts["feedback_flag"], parts["reserved"]
        ), ()

    @classmethod
    def parse(cls, text: str, flags: str = "0123") -> FileName:
        """The name in its parts; `Invalid` (`standard.file_name`) lists all that is wrong."""
        name, findings = cls.check(text, flags)
        if name is None:
            raise refusal("standard.file_name", list(findings))
        return name


def prefix_of(name: str) -> str:
    """A file name without its suffix."""
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name


@dataclass(frozen=True, slots=True)
class FileHeader:
    """The first line of a report file."""

    record_type: str
    provider: str
    created: datetime
    count: int
    version: str = "2.0.0"
    template: str = "  "
    reserved: str = "0"

    @property
    def text(self) -> str:
        """The fifty characters, without CR LF."""
        layout = header_layout(current())
        return layout.join(
            {
                "mark": "A",
                "header_length": f"{layout.length:03}",
                "record_type": self.record_type,
                "version": self.version,
                "template": self.template,
                "provider": self.provider,
                "created": f"{self.created:%Y%m%d%H%M%S}",
                "reserved": self.reserved,
                "count": f"{self.count:07}",
            }
        )

    @classmethod
    def check(cls, text: str, catalogue: Catalogue | None = None) -> tuple[FileHeader | None, tuple[Finding, ...]]:
        """Judge a header line. Findings carry ABH005 and line 1."""
        catalogue = catalogue or current()
        layout = header_layout(catalogue)
        judge = Judge(layout, text, "ABH005", 1)
        judge.want_literal(mark="A", header_length=f"{layout.length:03}", reserved="0")
        judge.want_pattern("version", "template", "provider", "count")
        judge.want_record_type(catalogue)
        judge.want_moment()
        parts, created = judge.parts, moment_of(judge.parts["created"])
        if judge.findings or created is None:
            return None, tuple(judge.findings)
        return cls(
            parts["record_type"],
            parts["provider"],
            created,
            int(parts["count"]),
            parts["version"],
            parts["template"],
            parts["reserved"],
        ), ()

    @classmethod
    def parse(cls, text: str) -> FileHeader:
        """The header in its parts; `Invalid` (`standard.file_header`) lists all that is wrong."""
        header, findings = cls.check(text)
        if header is None:
            raise refusal("standard.file_header", list(findings))
        return header


@dataclass(frozen=True, slots=True)
class FeedbackHeader:
    """The first line of a feedback file. `original` is the report file's name without its flag."""

    original: str
    feedback_flag: str
    created: datetime
    accepted: int
    rejected: int
    version: str = "2.0.0"
    original_version: str = "2.0.0"

    @property
    def text(self) -> str:
        """The seventy-two characters, without CR LF."""
        layout = feedback_layout(current())
        return layout.join(
            {
                "mark": "A",
                "header_length": f"{layout.length:03}",
                "version": self.version,
                "original": self.original,
                "feedback_flag": self.feedback_flag,
                "original_version": self.original_version,
                "created": f"{self.created:%Y%m%d%H%M%S}",
                "accepted": f"{self.accepted:07}",
                "rejected": f"{self.rejected:07}",
            }
        )

    @classmethod
    def check(cls, text: str, catalogue: Catalogue | None = None) -> tuple[FeedbackHeader | None, tuple[Finding, ...]]:
        """Judge a feedback header line. Findings carry ABH005 and line 1."""
        catalogue = catalogue or current()
        layout = feedback_layout(catalogue)
        judge = Judge(layout, text, "ABH005", 1)
        judge.want_literal(mark="A", header_length=f"{layout.length:03}")
        judge.want_pattern("version", "original_version", "accepted", "rejected")
        judge.want_moment()
        flags = f"{ALL_ACCEPTED}{FILE_REFUSED}{SOME_REFUSED}"
        judge.want("feedback_flag", lambda value: len(value) == 1 and value in flags, Text("1/2/3", "1/2/3"))
        named = Text("报送文件名前29位", "the first 29 characters of a report file name")
        judge.want("original", lambda value: FileName.check(value + REPORT_FLAG, catalogue=catalogue)[0], named)
        parts, created = judge.parts, moment_of(judge.parts["created"])
        if judge.findings or created is None:
            return None, tuple(judge.findings)
        return cls(
            parts["original"],
            parts["feedback_flag"],
            created,
            int(parts["accepted"]),
            int(parts["rejected"]),
            parts["version"],
            parts["original_version"],
        ), ()

    @classmethod
    def parse(cls, text: str) -> FeedbackHeader:
        """The header in its parts; `Invalid` (`standard.feedback_header`) lists all that is wrong."""
        header, findings = cls.check(text)
        if header is None:
            raise refusal("standard.feedback_header", list(findings))
        return header

"""Texts of fixed layout, one part after another at fixed positions, as names and headers are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from app.core.errors import Invalid
from app.core.text import Text
from app.standard.catalogue import Catalogue
from app.standard.finding import Finding

NAME_PARTS = ("provider", "date", "record_type", "reserved", "serial", "feedback_flag")
HEADER_PARTS = (
    "mark",
    "header_length",
    "record_type",
    "version",
    "template",
    "provider",
    "created",
    "reserved",
    "count",
)
FEEDBACK_PARTS = (
    "mark",
    "header_length",
    "version",
    "original",
    "feedback_flag",
    "original_version",
    "created",
    "accepted",
    "rejected",
)

# Patterns are matched over the whole part, and digits are ASCII: the standard knows no others.
_PATTERNS: Mapping[str, tuple[str, Text]] = {
    "provider": (r"[0-9A-Za-z]{14}", Text("14位字母或数字", "14 letters or digits")),
    "serial": (r"[0-9A-Za-z]{3}", Text("3位字母或数字", "three letters or digits")),
    "version": (r"[0-9]\.[0-9]\.[0-9]", Text("形如2.0.0的版本号", "a version like 2.0.0")),
    "original_version": (r"[0-9]\.[0-9]\.[0-9]", Text("形如2.0.0的版本号", "a version like 2.0.0")),
    "template": (r"[0-9]{2}|  ", Text("两位数字或两个空格", "two digits or two spaces")),
    "count": (r"[0-9]{7}", Text("7位数字", "seven digits")),
    "accepted": (r"[0-9]{7}", Text("7位数字", "seven digits")),
    "rejected": (r"[0-9]{7}", Text("7位数字", "seven digits")),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a fixed layout; `start` and `end` are slice bounds, `start + 1` the official first position."""

    name: str
    start: int
    end: int
    title: Text


@dataclass(frozen=True, slots=True)
class Layout:
    """A fixed layout of the edition: its total length and its parts in order."""

    length: int
    parts: tuple[Part, ...]

    def split(self, text: str) -> dict[str, str]:
        """The text of every part, as far as the text reaches."""
        return {part.name: text[part.start : part.end] for part in self.parts}

    def join(self, values: Mapping[str, str]) -> str:
        """The whole text; `Invalid` if a value does not have the width of its part."""
        for part in self.parts:
            if len(values[part.name]) != part.end - part.start:
                raise Invalid(
                    "standard.layout",
                    Text(
                        "{part}应为{width}个字符，实为“{value}”", "{label} takes {width} characters, not “{value}”"
                    ).format(
                        part=part.title.zh, label=part.title.en, width=part.end - part.start, value=values[part.name]
                    ),
                )
        return "".join(values[part.name] for part in self.parts)


def _layout(raw: Mapping[str, Any], names: tuple[str, ...], length: int) -> Layout:
    parts = (
        Part(name, entry["from"] - 1, entry["to"], Text(entry["zh"], entry["en"]))
        for name, entry in zip(names, raw["positions"], strict=True)
    )
    return Layout(length, tuple(parts))


@lru_cache(maxsize=8)
def name_layout(catalogue: Catalogue) -> Layout:
    raw = catalogue.layouts["common"]["file_naming"]
    return _layout(raw, NAME_PARTS, raw["prefix_length"])


@lru_cache(maxsize=8)
def header_layout(catalogue: Catalogue) -> Layout:
    raw = catalogue.layouts["common"]["header"]
    return _layout(raw, HEADER_PARTS, raw["length"])


@lru_cache(maxsize=8)
def feedback_layout(catalogue: Catalogue) -> Layout:
    raw = catalogue.layouts["common"]["feedback"]["header"]
    return _layout(raw, FEEDBACK_PARTS, raw["length"])


def day_of(text: str) -> date | None:
    """The day an eight-digit text means; None if it means none."""
    moment = _moment(text, "%Y%m%d", 8)
    return moment.date() if moment else None


def moment_of(text: str) -> datetime | None:
    """The moment a fourteen-digit text means; None if it means none."""
    return _moment(text, "%Y%m%d%H%M%S", 14)


def _moment(text: str, form: str, width: int) -> datetime | None:
    if not re.fullmatch(rf"[0-9]{{{width}}}", text):
        return None
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the files carry clock time without a zone
    except ValueError:
        return None


class Judge:
    """Collects what is wrong with the parts of one fixed text."""

    def __init__(self, layout: Layout, text: str, code: str, line: int) -> None:
        self.layout, self.code, self.line = layout, code, line
        self.parts = layout.split(text)
        self.findings: list[Finding] = []
        if len(text) != layout.length:
            self.findings.append(
                Finding(
                    line,
                    code,
                    "0000",
                    Text("长度应为{length}个字符，实为{found}个", "must have {length} characters, has {found}").format(
                        length=layout.length, found=len(text)
                    ),
                    None,
                    str(layout.length),
                )
            )

    def want(self, name: str, holds: Callable[[str], object], expected: Text) -> None:
        part = next(part for part in self.layout.parts if part.name == name)
        value = self.parts[name]
        if not holds(value):
            self.findings.append(
                Finding(
                    self.line,
                    self.code,
                    "0000",
                    Text(
                        "第{start}至{end}位{zh}应为{want_zh}，实为“{value}”",
                        "positions {start} to {end}, {en}, must be {want_en}, not “{value}”",
                    ).format(
                        start=part.start + 1,
                        end=part.end,
                        zh=part.title.zh,
                        en=part.title.en,
                        want_zh=expected.zh,
                        want_en=expected.en,
                        value=value,
                    ),
                    part.start + 1,
                    expected.en,
                )
            )

    def want_pattern(self, *names: str) -> None:
        for name in names:
            pattern, expected = _PATTERNS[name]
            self.want(name, re.compile(pattern).fullmatch, expected)

    def want_literal(self, **values: str) -> None:
        for name, literal in values.items():
            self.want(name, literal.__eq__, Text(literal, literal))

    def want_record_type(self, catalogue: Catalogue) -> None:
        known = Text("接口标准中的信息记录类型", "a record type of the interface")
        self.want("record_type", lambda value: value in catalogue.records, known)

    def want_moment(self) -> None:
        self.want("created", moment_of, Text("有效时间YYYYMMDDHHMMSS", "a valid time YYYYMMDDHHMMSS"))


def refusal(code: str, findings: list[Finding]) -> Invalid:
    return Invalid(
        code, Text("；".join(found.message.zh for found in findings), "; ".join(found.message.en for found in findings))
    )

"""Reading a plain report file as the centre does: transport and header first, then line by line, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from app.simulator.centre.judge.case import Header
from app.simulator.centre.judge.values import WHOLE, Fault
from app.simulator.centre.registry import Registry
from app.standard import catalogue

_NAME = re.compile(r"(?P<provider>[0-9A-Za-z]{14})(?P<date>\d{8})(?P<type>\d{3})0(?P<serial>[0-9A-Za-z]{3})0", re.ASCII)
_HEADER = re.compile(
    r"A050(?P<type>\d{3})(?P<version>\d\.\d\.\d)(?P<template>\d{2}|  )"
    r"(?P<provider>[0-9A-Za-z]{14})(?P<created>\d{14})0(?P<count>\d{7})",
    re.ASCII,
)
_PIECE = 1 << 20
_BYTES_PER_CHARACTER = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One record line; `number` counts the header as 1."""

    number: int
    text: str


class FileFault(Exception):
    """The file as a whole is refused. Never leaves the centre: it becomes feedback with flag 2."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.fault: Fault = (code, WHOLE)


def name_faults(prefix: str, registry: Registry) -> list[Fault]:
    """ABN003 and ABN004: what is wrong with a file's name."""
    match = _NAME.fullmatch(prefix)
    if match is None or _moment(match["date"], "%Y%m%d") is None or match["type"] not in catalogue.current().records:
        return [("ABN003", WHOLE)]
    if registry.provider(match["provider"]) is None:
        return [("ABN004", WHOLE)]
    return []


def header_faults(prefix: str, line: str, registry: Registry) -> tuple[Header | None, int, list[Fault]]:
    """The header if it is in shape, the number of records it states, and ABH005, ABH006, ABF007 where they apply."""
    match = _HEADER.fullmatch(line)
    created = _moment(match["created"], "%Y%m%d%H%M%S") if match else None
    if match is None or created is None or match["type"] not in catalogue.current().records:
        return None, 0, [("ABH005", WHOLE)]
    header = Header(
        match["type"], match["version"], match["template"].strip(), match["provider"], f"{created:%Y-%m-%d}"
    )
    faults: list[Fault] = []
    provider = registry.provider(header.provider)
    if provider is not None and not provider.may_use(header.record_type, header.version, header.template):
        faults.append(("ABH006", WHOLE))
    if (header.provider, f"{created:%Y%m%d}", header.record_type) != (prefix[:14], prefix[14:22], prefix[22:25]):
        faults.append(("ABF007", WHOLE))
    return header, int(match["count"]), faults


def _moment(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the files carry clock time without a zone
    except ValueError:
        return None


def read_header(path: Path) -> str:
    """The first line; `FileFault` (ABH005, ABF011) if there is none of sensible length in UTF-8."""
    with open(path, "rb") as file:
        start = file.read(256)
    line, separator, _ = start.partition(b"\n")
    if separator:
        line = line.removesuffix(b"\r")
    elif len(start) == 256:
        raise FileFault("ABH005")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise FileFault("ABF011") from None


def record_lines(path: Path, record_type: str) -> Iterator[Line]:
    """The record lines of a file one by one.

    Raises `FileFault`: ABF010 where lines are not separated by exactly one CR LF, ABF008 for a line beyond the limit of
    its record type, ABF011 for bytes that are not UTF-8. Never holds more than one line and a little.
    """
    limit = catalogue.current().line_limit(record_type)
    with open(path, "rb") as file:
        for number, raw in enumerate(_raw_lines(file, limit * _BYTES_PER_CHARACTER), start=1):
            if number == 1:
                continue
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                raise FileFault("ABF011") from None
            if len(text) > limit:
                raise FileFault("ABF008")
            yield Line(number, text)


def _raw_lines(file: BinaryIO, most: int) -> Iterator[bytes]:
    """Lines without their CR LF; a last CR LF at the end of the file may stand or not."""
    held = b""
    while piece := file.read(_PIECE):
        held += piece
        lines = held.split(b"\r\n")
        held = lines.pop()
        for line in lines:
            yield _checked(line)
        if len(held) > most:
            raise FileFault("ABF008")
    if held:
        yield _checked(held)


def _checked(line: bytes) -> bytes:
    if not line or b"\n" in line or b"\r" in line:
        raise FileFault("ABF010")
    return line

"""Reads one record line into its fact.

The grammar of a line is tiny: elements without attributes, text, five entities. So no XML library reads it: there is
nothing here that could expand an entity, fetch a document type or recurse. A clean line takes the quick way
(`shape`); a line with any fault is read again by the slow way (`scan`), which knows the position of everything and
says what was expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.core.text import Text
from app.standard.catalogue import Catalogue, current
from app.standard.files.grammar import DOCUMENT
from app.standard.files.scan import MOST_FINDINGS, diagnose
from app.standard.files.shape import quick_reader
from app.standard.finding import Finding
from app.standard.model import RecordType

Fact = dict[str, Any]

_ROOT = re.compile(rf"<{DOCUMENT}><([A-Za-z_]\w*+)>", re.ASCII)


@dataclass(frozen=True, slots=True)
class Form:
    """How a line was built, for the rules: tags that the record does not have, tags and segments that stand more
    often than once, and whether the line could be read at all.
    """

    unknown: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    parsed: bool = True


CLEAN = Form()
UNREADABLE = Form(parsed=False)


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """What one line gave. `record_type` is the one its root names, `fact` None where the line is not a record of the
    type expected.
    """

    fact: Fact | None
    findings: tuple[Finding, ...] = ()
    form: Form = CLEAN
    record_type: RecordType | None = None


def read_line(
    line: str, number: int = 1, expected: RecordType | None = None, catalogue: Catalogue | None = None
) -> ParsedLine:
    """Read one line (without CR LF). `expected` is the record type of the file; without it the root element decides.

    Findings carry ABR006 where the line is not well formed and ABR000 where it holds what its record type does not
    have. Whatever can be read of a line with unknown or repeated tags is in the fact, the first occurrence counting.
    """
    record = expected
    if record is None:
        named = _ROOT.match(line)
        record = (catalogue or current()).roots().get(named[1]) if named else None
    if record is not None:
        fact = quick_reader(record).read(line)
        if fact is not None:
            return ParsedLine(fact, record_type=record)
    return _slow(line, number, record, catalogue or current())


def parse_record(
    line: str, record_type: RecordType | None = None, number: int = 1
) -> tuple[Fact | None, tuple[Finding, ...]]:
    """The fact of one line and the findings against it; see `read_line`."""
    parsed = read_line(line, number, record_type)
    return parsed.fact, parsed.findings


def _slow(line: str, number: int, expected: RecordType | None, catalogue: Catalogue) -> ParsedLine:
    roots = catalogue.roots()
    outcome = diagnose(line, number, roots)
    findings, record = outcome.findings, outcome.record_type
    if outcome.fact is None:
        return ParsedLine(None, findings, UNREADABLE, record)
    form = Form(outcome.unknown, outcome.repeated)
    if expected is not None and record is not None and record.root != expected.root:
        place = len(f"<{DOCUMENT}>") + 1
        other = Finding(
            number,
            "ABR000",
            "0000",
            Text("根元素应为{root}（{code}记录）", "the root element must be {root} (record {code})").format(
                root=expected.root, code=expected.code
            ),
            place,
            f"<{expected.root}>",
        )
        return ParsedLine(None, (other, *findings[: MOST_FINDINGS - 1]), form, record)
    return ParsedLine(outcome.fact if record else None, findings, form, (expected or record) if record else None)

"""Findings of the pre-check: grouped by rule, and row by row; and the feedback errors of the centre in the same two views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.core.text import Text
from app.rules.model import Rule
from app.standard import catalogue
from app.submission.content import judged_by
from app.submission.lake import lake
from app.submission.reading.days import item_title
from app.submission.reading.lake_rows import seen
from app.submission.tables import FEEDBACK, FILE_LINE, FINDING, reported_types
from app.web.listing import like_pattern

_GROUPS_MOST: Final = 300


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """How often one rule was violated in what is looked at."""

    record_type: str
    rule: str
    code: str
    severity: str
    findings: int
    records: int

    @property
    def title(self) -> Text:
        return rule_title(self.record_type, self.rule, self.code)


@dataclass(frozen=True, slots=True)
class Selection:
    """A SELECT with its bound values."""

    select: str
    parameters: tuple[Any, ...]


def rule_title(code: str, rule: str, error: str = "") -> Text:
    """The title of a rule as it stands now; of a rule that is gone, of its error code; else its id."""
    found = rule_of(code, rule)
    if found is not None:
        return found.title
    return error_title(code, error) if error else Text(rule, rule)


def rule_of(code: str, rule: str) -> Rule | None:
    """A rule about a record type as it stands now; None where it is gone."""
    return next((each for ruleset in judged_by(code) for each in ruleset.rules if each.id == rule), None)


def error_title(code: str, error: str) -> Text:
    """What an error code of the centre means for a record type."""
    known = catalogue.current().errors.get(error)
    return known.meaning(code).title if known else Text(error, error)


def tag_title(tag: str) -> Text:
    """The name of the blamed item; `0000` blames the record as a whole."""
    return Text("整条记录", "the whole record") if tag in ("", "0000") else item_title(tag)


def rules_with_code(code: str, error: str) -> tuple[str, ...]:
    """Our rules that stand for an error code of the centre."""
    rulesets = judged_by(code) if code in reported_types() else ()
    return tuple(rule.id for ruleset in rulesets for rule in ruleset.rules if rule.code == error)


def selected_findings(filters: Mapping[str, str]) -> Selection:
    """Findings that fit the filters: batch, type, rule, code, severity, tag, key (its end)."""
    conditions, values = [seen("batch")], []
    for name, column in (("batch", "batch"), ("type", "record_type"), ("severity", "severity")):
        if value := filters.get(name):
            conditions.append(f"{column} = ?")
            values.append(value)
    for name, column in (("rule", "rule"), ("code", "code"), ("tag", "tag")):
        if value := filters.get(name):
            conditions.append(f"{column} ILIKE ? ESCAPE '\\'")
            values.append(like_pattern(value).lstrip("%"))
    if value := filters.get("key"):
        conditions.append("key ILIKE ? ESCAPE '\\'")
        values.append(like_pattern(value).rstrip("%"))
    columns = "batch, business_date, record_type, record_id, key, rule, code, tag, severity"
    return Selection(f"SELECT {columns} FROM {FINDING.path} WHERE {' AND '.join(conditions)}", tuple(values))


def group_by_rule(selection: Selection) -> tuple[RuleGroup, ...]:
    """The rules violated, blocking ones first, the most frequent first."""
    rows = lake().rows(
        "SELECT record_type, rule, code, severity, count(*) AS findings, count(DISTINCT record_id) AS records"
        f" FROM ({selection.select}) GROUP BY record_type, rule, code, severity"
        " ORDER BY CASE severity WHEN 'block' THEN 0 WHEN 'warn' THEN 1 WHEN 'exempt' THEN 3 ELSE 2 END, findings DESC, rule, record_type"
        f" LIMIT {_GROUPS_MOST}",
        list(selection.parameters),
    )
    return tuple(RuleGroup(*row) for row in rows)


FINDING_SORTS: Final = {
    "date": "business_date",
    "type": "record_type",
    "rule": "rule",
    "code": "code",
    "tag": "tag",
    "severity": "severity",
}
FINDING_TIE: Final = "record_type, key, rule, tag, batch"


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """How often the centre gave one error code, over how many records and files."""

    record_type: str
    code: str
    tag: str
    errors: int
    records: int
    files: int

    @property
    def title(self) -> Text:
        return error_title(self.record_type, self.code)


def selected_errors(filters: Mapping[str, str]) -> Selection:
    """Feedback errors that fit the filters: batch, type, file, code, tag; with the batch and line they belong to."""
    conditions, values = [seen("e.file")], []
    columns = (("batch", "l.batch"), ("type", "e.record_type"), ("file", "e.file"))
    for name, column in columns:
        if value := filters.get(name):
            conditions.append(f"{column} = ?")
            values.append(value)
    for name in ("code", "tag"):
        if value := filters.get(name):
            conditions.append(f"e.{name} ILIKE ? ESCAPE '\\'")
            values.append(like_pattern(value).lstrip("%"))
    narrow = ""
    if batch := filters.get("batch"):
        narrow = " WHERE batch = ?"
        values.insert(0, batch)
    lines = f"(SELECT file, record_id, batch, line FROM {FILE_LINE.path}{narrow})"
    select = (
        "SELECT e.file, l.line, e.record_type, e.record_id, e.key, e.code, e.tag, e.received_on, l.batch"
        f" FROM {FEEDBACK.path} e JOIN {lines} l ON l.file = e.file AND l.record_id = e.record_id"
        f" WHERE {' AND '.join(conditions)}"
    )
    return Selection(select, tuple(values))


def group_by_code(selection: Selection) -> tuple[ErrorGroup, ...]:
    """The centre's error codes, the most frequent first."""
    rows = lake().rows(
        "SELECT record_type, code, tag, count(*) AS errors, count(DISTINCT record_id), count(DISTINCT file)"
        f" FROM ({selection.select}) GROUP BY ALL ORDER BY errors DESC, record_type, code, tag LIMIT {_GROUPS_MOST}",
        list(selection.parameters),
    )
    return tuple(ErrorGroup(*row) for row in rows)


ERROR_SORTS: Final = {"date": "received_on", "type": "record_type", "code": "code", "tag": "tag", "file": "file"}
ERROR_TIE: Final = "file, line, code, tag"


def errors_of_lines(file: str, lines: Sequence[int]) -> Mapping[int, tuple[tuple[str, str], ...]]:
    """Error codes with their tags of some lines of a file; line 0 stands for the file as a whole."""
    if not lines:
        return {}
    numbers = ", ".join(str(int(line)) for line in lines)
    found: dict[int, list[tuple[str, str]]] = {}
    for line, code, tag in lake().rows(
        f"SELECT DISTINCT line, code, tag FROM {FEEDBACK.path} WHERE file = ? AND line IN ({numbers}) ORDER BY 1, 2, 3",
        [file],
    ):
        found.setdefault(int(line), []).append((code, tag))
    return {line: tuple(each) for line, each in found.items()}

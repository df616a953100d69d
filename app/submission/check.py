"""Judging a report file offline: what the reader finds in its form, and what the rules say of its content.

No accepted state is known here, so rules that ask the centre's state take every subject and account as new; rules that ask a
register which is not given stay silent.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.core.errors import Invalid
from app.core.text import Text
from app.lake.connection import Connection, scratch, unoptimised
from app.rules.explain import judge_of
from app.rules.model import Ruleset
from app.rules.vocabulary import column_types, record_vocabulary
from app.standard.catalogue import RecordType, Subject
from app.standard.files import ReportFile, ReportLine, read_report
from app.submission.content import file_rules, present_force, rules_in
from app.submission.rulings import sweep_select

_DEBTOR_KIND, _ORGANISATION = "InfoIDType", "2"

STAGES_OFFLINE = frozenset({"format", "file"})
_UNKNOWN_FILE = {"decrypts": True, "decompresses": True, "received_before": False}


@dataclass(frozen=True, slots=True, order=True)
class LineFinding:
    """One finding in a file. `line` 1 is the header, 0 the file as a whole; `rule` is '' for a fault of form that no rule names."""

    line: int
    rule: str
    code: str
    tag: str
    severity: str
    message_zh: str
    message_en: str

    def as_data(self, language: str = "zh") -> dict[str, Any]:
        message = self.message_zh if language == "zh" else self.message_en
        return {
            "line": self.line,
            "rule": self.rule,
            "code": self.code,
            "tag": self.tag,
            "severity": self.severity,
            "message": message,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found in a file; `blocked` says whether anything in it would be held back."""

    file: str
    records: int
    findings: tuple[LineFinding, ...]

    @property
    def blocked(self) -> bool:
        return any(finding.severity == "block" for finding in self.findings)


def check_file(path: Path) -> Judgement:
    """Judge a report file of any record or operation that has rules. Raises Invalid when it has none, or cannot be opened."""
    try:
        report = read_report(path)
    except OSError as problem:
        raise Invalid(
            "submission.file",
            Text("文件无法打开：{why}", "The file cannot be opened: {why}").format(why=problem.strerror),
        ) from problem
    record = report.record_type
    force = present_force()
    subjects = force.subjects_of(record.code) if record else ()
    if record is not None and not subjects:
        raise Invalid(
            "submission.file_type",
            Text("{code} 类记录没有校验规则", "There are no rules for records of type {code}").format(code=record.code),
        )
    # Contracts are reported for both; their files, and those of no known type, go by the personal numbers.
    of_file = file_rules(force, record.subject if record is not None else "person")
    found: dict[tuple[int, str, str], LineFinding] = {}
    with tempfile.TemporaryDirectory() as folder:
        facts = Path(folder) / "facts.ndjson"
        records = _write_facts(report, facts, found)
        for finding in _file_findings(report, of_file, readable=facts.stat().st_size > 0 or records == 0):
            found.setdefault((finding.line, finding.code, finding.tag), finding)
        if record is not None and records:
            rulesets = {subject: rules_in(force, record.code, subject) for subject in subjects}
            for finding in _record_findings(record, rulesets, facts, report):
                found[(finding.line, finding.code, finding.tag)] = finding
    asked = [of_file, *(rules_in(force, record.code, subject) for subject in subjects if record)]
    named = {rule.code: rule.id for ruleset in reversed(asked) for rule in ruleset.rules}
    findings = (each if each.rule else replace(each, rule=named.get(each.code, "")) for each in found.values())
    return Judgement(path.name, records, tuple(sorted(findings)))


def _write_facts(report: ReportFile, target: Path, found: dict[tuple[int, str, str], LineFinding]) -> int:
    records = 0
    with target.open("w", encoding="utf-8") as out:
        for line in report:
            records += 1
            for finding in line.findings:
                key = (finding.line, finding.code, finding.tag)
                found.setdefault(key, _from_reader(finding.line, finding.code, finding.tag, finding.message))
            if line.record is not None:
                out.write(json.dumps(_fact(line), ensure_ascii=False))
                out.write("\n")
    return records


def _fact(line: ReportLine) -> dict[str, Any]:
    form = {"unknown": line.form.unknown, "repeated": line.form.repeated, "parsed": line.form.parsed}
    return {**(line.record or {}), "line": line.number, "form": form}


def _from_reader(line: int, code: str, tag: str, message: Text) -> LineFinding:
    return LineFinding(line, "", code, tag, "block", message.zh, message.en)


def _file_findings(report: ReportFile, ruleset: Ruleset, *, readable: bool) -> Iterator[LineFinding]:
    facts: dict[str, Any] = report.facts()
    # A line that cannot be read is a fault of its record; the file is unreadable when no line can.
    facts["file"] = {**_UNKNOWN_FILE, **facts["file"], "parses": readable}
    ruled = {}
    for finding in judge_of(ruleset).judge(facts):
        ruled[finding.code] = finding
        yield LineFinding(
            0, finding.rule, finding.code, finding.tag, finding.severity, finding.message.zh, finding.message.en
        )
    for each in report.findings:
        if each.code not in ruled or each.line > 0:
            rule = ruled[each.code].rule if each.code in ruled else ""
            yield LineFinding(each.line, rule, each.code, each.tag, "block", each.message.zh, each.message.en)


def _record_findings(
    record: RecordType, rulesets: Mapping[Subject, Ruleset], facts: Path, report: ReportFile
) -> Iterator[LineFinding]:
    with scratch() as connection:
        relation = _relation(connection, record, facts)
        for subject, ruleset in rulesets.items():
            whose = f"(SELECT * FROM {relation} WHERE {_is_of(record, subject)})" if record.shared else relation
            offline = {rule.id: rule for rule in ruleset.rules if rule.stage in STAGES_OFFLINE}
            statement = sweep_select(ruleset, whose, "line", _constants(report))
            with unoptimised(connection):
                found = connection.execute(statement).fetchall()
            for line, rule_id, error, tag, severity in found:
                if rule_id in offline:
                    title = offline[rule_id].title
                    yield LineFinding(int(line), rule_id, error or rule_id, tag, severity, title.zh, title.en)


def _is_of(record: RecordType, subject: Subject) -> str:
    """Whether a record of a type for both subjects is about this one: its debtor's kind says so, without one it is a person's."""
    columns = _columns(record)
    if _DEBTOR_KIND not in columns:
        return "TRUE" if subject == "person" else "FALSE"
    comparison = "IS NOT DISTINCT FROM" if subject == "organisation" else "IS DISTINCT FROM"
    return f"{columns[_DEBTOR_KIND]} {comparison} '{_ORGANISATION}'"


def _columns(record: RecordType) -> Mapping[str, str]:
    """Where the single items outside the corrected segment stand; of a tag in several segments the first."""
    columns: dict[str, str] = {}
    for segment in record.segments:
        for item in segment.plain:
            columns.setdefault(item.tag, f'"{segment.code}"."{item.tag}"' if segment.code else f'"{item.tag}"')
    return columns


def _relation(connection: Connection, record: RecordType, facts: Path) -> str:
    types = column_types(record_vocabulary(record.code))
    given = {name: kind for name, kind in types.items() if name not in ("header", "batch", "sets", "accepted")}
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in ({"line": "BIGINT"} | given).items())
    columns = _columns(record)
    # A change of the same subject on another day is another record, whether or not the standard's key names the day.
    key = ", ".join(columns[tag] for tag in dict.fromkeys((*record.key, "RptDate")) if tag in columns)
    connection.execute(
        "CREATE TEMP TABLE facts AS SELECT *,"
        f" CAST(struct_pack(same_key := count(*) OVER (PARTITION BY {key})) AS {types['batch']}) AS batch,"
        f" CAST(NULL AS {types['accepted']}) AS accepted"
        f" FROM read_json('{facts}', columns = {{{listed}}}, format = 'newline_delimited',"
        " maximum_object_size = 67108864)"
    )
    return "facts"


def _constants(report: ReportFile) -> dict[str, Any]:
    header = report.facts()["header"]
    fields = ("provider", "created_date", "record_type", "version", "template")
    return {"header": {name: header[name] for name in fields if name in header}, "sets": {}}

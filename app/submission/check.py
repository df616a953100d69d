"""Judging a report file offline: what the reader finds in its form, and what the rules say of its content.

No accepted state is known here, so rules that ask the centre's state take every subject and account as new; rules that ask a
register which is not given stay silent.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.core.errors import Invalid
from app.core.text import Text
from app.lake.connection import Connection, scratch, unoptimised
from app.rules.explain import judge_of
from app.rules.vocabulary import column_types, record_vocabulary
from app.standard.files import ReportFile, ReportLine, read_report
from app.submission.content import file_rules, rules_of
from app.submission.rulings import sweep_select
from app.submission.tables import RECORD_TYPES

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
    """Judge a report file of types 110, 210, 310, 410. Raises Invalid when it is not one of these, or cannot be opened."""
    try:
        report = read_report(path)
    except OSError as problem:
        raise Invalid(
            "submission.file",
            Text("文件无法打开：{why}", "The file cannot be opened: {why}").format(why=problem.strerror),
        ) from problem
    code = report.record_type.code if report.record_type else None
    found: dict[tuple[int, str, str], LineFinding] = {}
    with tempfile.TemporaryDirectory() as folder:
        facts = Path(folder) / "facts.ndjson"
        records = _write_facts(report, facts, found)
        for finding in _file_findings(report, readable=facts.stat().st_size > 0 or records == 0):
            found.setdefault((finding.line, finding.code, finding.tag), finding)
        if code in RECORD_TYPES and records:
            for finding in _record_findings(code, facts, report):
                found[(finding.line, finding.code, finding.tag)] = finding
        elif code is not None and code not in RECORD_TYPES:
            raise Invalid(
                "submission.file_type",
                Text("暂不能离线校验 {code} 类记录", "Records of type {code} cannot be checked offline yet").format(
                    code=code
                ),
            )
    rulesets = [file_rules(), *([rules_of(code)] if code in RECORD_TYPES else [])]
    named = {rule.code: rule.id for ruleset in rulesets for rule in ruleset.rules}
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


def _file_findings(report: ReportFile, *, readable: bool) -> Iterator[LineFinding]:
    facts: dict[str, Any] = report.facts()
    # A line that cannot be read is a fault of its record; the file is unreadable when no line can.
    facts["file"] = {**_UNKNOWN_FILE, **facts["file"], "parses": readable}
    ruled = {}
    for finding in judge_of(file_rules()).judge(facts):
        ruled[finding.code] = finding
        yield LineFinding(
            0, finding.rule, finding.code, finding.tag, finding.severity, finding.message.zh, finding.message.en
        )
    for each in report.findings:
        if each.code not in ruled or each.line > 0:
            rule = ruled[each.code].rule if each.code in ruled else ""
            yield LineFinding(each.line, rule, each.code, each.tag, "block", each.message.zh, each.message.en)


def _record_findings(code: str, facts: Path, report: ReportFile) -> Iterator[LineFinding]:
    rules = rules_of(code)
    offline = {rule.id: rule for rule in rules.rules if rule.stage in STAGES_OFFLINE}
    with scratch() as connection:
        relation = _relation(connection, code, facts, report)
        with unoptimised(connection):
            found = connection.execute(sweep_select(code, relation, "line", _constants(report))).fetchall()
        for line, rule_id, error, tag, severity in found:
            if rule_id in offline:
                title = offline[rule_id].title
                yield LineFinding(int(line), rule_id, error, tag, severity, title.zh, title.en)


def _relation(connection: Connection, code: str, facts: Path, report: ReportFile) -> str:
    types = column_types(record_vocabulary(code))
    given = {name: kind for name, kind in types.items() if name not in ("header", "batch", "sets", "accepted")}
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in ({"line": "BIGINT"} | given).items())
    record = report.record_type
    assert record is not None  # noqa: S101 - a type was found before
    key = ", ".join(f'B."{tag}"' for tag in dict.fromkeys((*record.key, "RptDate")))
    connection.execute(
        "CREATE TEMP TABLE facts AS SELECT *,"
        f" CAST(struct_pack(same_key := count(*) OVER (PARTITION BY {key})) AS {types['batch']}) AS batch,"
        f" CAST(NULL AS {types['accepted']}) AS accepted"
        f" FROM read_json('{facts}', columns = {{{columns}}}, format = 'newline_delimited',"
        " maximum_object_size = 67108864)"
    )
    return "facts"


def _constants(report: ReportFile) -> dict[str, Any]:
    header = report.facts()["header"]
    fields = ("provider", "created_date", "record_type", "version", "template")
    return {"header": {name: header[name] for name in fields if name in header}, "sets": {}}

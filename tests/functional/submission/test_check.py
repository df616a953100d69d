"""`creditlink check FILE`: report files of every record and operation judged offline, from the command line."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from app.cli import cli
from app.core.errors import Invalid
from app.rules.loading import find_rulesets, read_facts
from app.rules.registry import InForce
from app.standard.catalogue import current
from app.standard.files import FileHeader, FileName, render_record
from app.submission.check import check_file

ROOT = Path(__file__).parents[3]
DAILY = ("110", "210", "310", "410")
FOLDERS = find_rulesets(ROOT / "rulesets" / "submission")
RULESETS = {
    folder.name: facts.removeprefix("record.")
    for folder in FOLDERS
    if (facts := read_facts(folder)[0]).startswith("record.")
}
FOLDER_OF = {code: folder for folder, code in reversed(RULESETS.items())}
PROVIDER = "A1234567890123"
CREATED = datetime(2026, 11, 20, 8, 0, 0)
BESIDE = {"header", "form", "batch", "sets", "accepted"}
FINDING = {"line", "rule", "code", "tag", "severity", "message"}

Fact = dict[str, Any]


@lru_cache
def valid(folder: str) -> dict[str, Fact]:
    """Complete valid records by name, the ones that the rules' own cases start from."""
    path = ROOT / "rulesets" / "submission" / folder / "cases" / "_base.yaml"
    bases = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        name: {letter: part for letter, part in fact.items() if letter not in BESIDE} for name, fact in bases.items()
    }


def some(code: str) -> Fact:
    return copy.deepcopy(next(iter(valid(FOLDER_OF[code]).values())))


def key_of(code: str, fact: Fact) -> tuple[str, ...]:
    """What tells a record from the others of a file."""
    record = current().record(code)
    base = fact if record.flat else fact[record.segments[0].code]
    return tuple(base.get(tag, "") for tag in (*record.key, "RptDate"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a report file of these facts."""

    def make(code: str, facts: Sequence[Fact], *, count: int | None = None, date: datetime = CREATED) -> Path:
        record = current().record(code)
        header = FileHeader(code, PROVIDER, CREATED, len(facts) if count is None else count, template=record.template)
        path = tmp_path / f"{FileName(PROVIDER, date.date(), code, '001').text}.txt"
        lines = [header.text, *(render_record(record, fact) for fact in facts)]
        path.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
        return path

    return make


def check(path: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["check", str(path), *options])


def told(path: Path, exit_code: int) -> dict[str, Any]:
    """What the command says as JSON; its shape is the promise."""
    result = check(path, "--json")
    assert result.exit_code == exit_code, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    assert said.keys() == {"file", "records", "findings"}
    assert said["file"] == path.name
    for finding in said["findings"]:
        assert finding.keys() == FINDING
        assert finding["severity"] in ("block", "warn", "info")
        assert isinstance(finding["line"], int)
        assert finding["message"]
        assert finding["tag"]
        assert finding["code"]
    return said


def test_there_are_rules_for_every_record_and_operation() -> None:
    assert set(RULESETS.values()) == set(current().records)


@pytest.mark.whole
@pytest.mark.parametrize("folder", RULESETS)
def test_in_a_file_of_any_type_only_the_bad_record_is_blocked(write, folder: str) -> None:
    code = RULESETS[folder]
    record = current().record(code)
    bad, *good = {key_of(code, fact): copy.deepcopy(fact) for fact in valid(folder).values()}.values()
    tag = record.segments[0].plain[1].tag
    (bad if record.flat else bad[record.segments[0].code])[tag] = " "

    said = told(write(code, [*good, bad]), 1)

    assert said["records"] == len(good) + 1
    blocked = [finding for finding in said["findings"] if finding["severity"] == "block"]
    assert {finding["line"] for finding in blocked} == {len(good) + 2}
    assert ("ABE000", tag) in {(finding["code"], finding["tag"]) for finding in blocked}


def test_a_collateral_contract_is_judged_by_the_rules_of_its_debtors_kind(write) -> None:
    person, company = (
        copy.deepcopy(next(iter(valid(f"{whose}_collateral_contract").values()))) for whose in ("personal", "corporate")
    )
    person["B"]["Name"] = company["B"]["Name"] = ""

    said = told(write("510", [person, company]), 1)

    rules = {each["line"]: each["rule"] for each in said["findings"] if each["code"] == "ABE000"}
    assert rules == {2: "P000-020", 3: "CALL-I0000101"}


WRONG_FORM = {
    "110": ("D", "Sex", "X", "ABE001"),
    "210": ("H", "AcctBal", "12,5", "ABE001"),
    "310": ("D", "EstablishDate", "2026-02-30", "ABE008"),
    "410": ("H", "FiveCate", "77", "ABE001"),
}


@pytest.mark.parametrize("code", DAILY)
def test_a_wrong_value_is_found_on_its_line(write, code: str) -> None:
    good, bad = some(code), some(code)
    letter, tag, value, error = WRONG_FORM[code]
    bad[letter][tag] = value
    bad["B"]["RptDate"] = "2026-10-28"

    said = told(write(code, [good, bad]), 1)

    hits = [finding for finding in said["findings"] if finding["tag"] == tag]
    assert {finding["line"] for finding in hits} == {3}
    assert {finding["code"] for finding in hits} == {error}
    assert all(finding["rule"] and finding["severity"] == "block" for finding in hits)


def test_all_errors_of_a_file_come_at_once(write) -> None:
    first, second = some("210"), some("210")
    second["B"]["AcctCode"] = first["B"]["AcctCode"][:-1] + "9"
    first["C"]["Cy"] = "ZZZ"
    del first["H"]["FiveCate"]
    second["B"]["IDNum"] = "990000198506150003"
    path = write("210", [first, second])
    with path.open("ab") as file:
        file.write("<Document><InAcctInf>没有完\r\n".encode())

    said = told(path, 1)

    found = {(finding["line"], finding["tag"]) for finding in said["findings"]}
    assert {(2, "Cy"), (2, "FiveCate"), (3, "IDNum")} <= found
    assert {line for line, _ in found} >= {1, 2, 3, 4}


def test_the_header_is_line_1_and_the_file_as_a_whole_line_0(write) -> None:
    path = write("210", [some("210")], count=7)
    renamed = path.with_name("not-a-report-name.txt")
    path.rename(renamed)

    said = told(renamed, 1)

    found = {(finding["line"], finding["code"]) for finding in said["findings"]}
    assert (0, "ABN003") in found
    assert any(code == "ABH005" and line in (0, 1) for line, code in found)


@pytest.mark.parametrize(("code", "rule"), [("110", "P000-008"), ("510", "P000-008"), ("310", "CALL-F0000401")])
def test_a_file_is_judged_once_under_the_numbers_of_its_subject(write, code: str, rule: str) -> None:
    path = write(code, [some(code)], date=datetime(2026, 11, 19))

    found = [(each["rule"], each["code"]) for each in told(path, 1)["findings"]]

    assert found == [(rule, "ABF007")]


def test_a_damaged_header_is_found_on_line_1(write) -> None:
    path = write("210", [some("210")])
    path.write_bytes(path.read_bytes().replace(b"A050", b"A05X", 1))

    said = told(path, 1)

    assert (1, "ABH005") in {(finding["line"], finding["code"]) for finding in said["findings"]}


def test_the_same_record_twice_is_found(write) -> None:
    said = told(write("210", [some("210"), some("210")]), 1)

    assert {finding["line"] for finding in said["findings"] if finding["severity"] == "block"} == {2, 3}


def test_for_people_a_table_in_both_languages(write) -> None:
    fact = some("210")
    fact["C"]["Cy"] = "ZZZ"

    result = check(write("210", [fact]))

    assert result.exit_code == 1
    assert "ABE001" in result.output
    assert "问题 findings" in result.output


def garbage() -> dict[str, bytes]:
    return {
        "nothing": b"",
        "noise": bytes(range(256)) * 64,
        "text": "随便写的几行\n没有结构\n".encode(),
        "other encoding": "个人姓名".encode("utf-16"),
        "one long line": b"<Document>" + b"x" * 3_000_000,
        "entity bomb": b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>\r\n<Document>&c;</Document>\r\n',
        "zip": b"PK\x03\x04" + b"\0" * 500,
    }


@pytest.mark.parametrize("what", garbage())
def test_garbage_is_refused_without_a_traceback(tmp_path: Path, what: str) -> None:
    for name in (f"{PROVIDER}202611202100010.txt", "garbage.txt"):
        path = tmp_path / name
        path.write_bytes(garbage()[what])

        result = check(path, "--json")

        assert result.exit_code == 1, result.output
        assert json.loads(result.stdout)["findings"]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "app.cli", "check", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=ROOT)


def test_what_cannot_be_judged_ends_with_2_and_words(write, tmp_path: Path) -> None:
    for path in (tmp_path / "missing.txt", tmp_path):
        result = command(str(path), "--json")
        assert (result.returncode, result.stdout) == (2, ""), result
        assert "Traceback" not in result.stderr
        assert result.stderr.strip()


def test_a_record_type_without_rules_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.submission.check.present_force", lambda: InForce(CREATED.date(), {}))
    header = FileHeader("220", PROVIDER, CREATED, 0, template=current().record("220").template)
    path = tmp_path / f"{FileName(PROVIDER, CREATED.date(), '220', '001').text}.txt"
    path.write_bytes(f"{header.text}\r\n".encode())

    with pytest.raises(Invalid) as refused:
        check_file(path)

    assert refused.value.code == "submission.file_type"
    assert "220" in refused.value.message.zh
    assert "220" in refused.value.message.en


def test_the_whole_command_ends_with_1_when_something_would_be_held_back(write) -> None:
    fact = some("110")
    fact["B"]["CustomerType"] = "?"

    result = command(str(write("110", [fact])), "--json")

    assert result.returncode == 1, result.stderr
    assert json.loads(result.stdout)["records"] == 1

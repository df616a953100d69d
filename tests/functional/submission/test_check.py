"""`creditlink check FILE`: any report file of the four types judged offline, from the command line."""

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
from app.standard.catalogue import current
from app.standard.files import FileHeader, FileName, render_record

ROOT = Path(__file__).parents[3]
RULESETS = {
    "110": "personal_basic",
    "210": "personal_loan_account",
    "310": "corporate_basic",
    "410": "corporate_loan_account",
}
PROVIDER = "A1234567890123"
CREATED = datetime(2026, 11, 20, 8, 0, 0)
BESIDE = {"header", "form", "batch", "sets", "accepted"}
FINDING = {"line", "rule", "code", "tag", "severity", "message"}

Fact = dict[str, Any]


@lru_cache
def valid(code: str) -> dict[str, Fact]:
    """Complete valid records by name, the ones that the rules' own cases start from."""
    path = ROOT / "rulesets" / "submission" / RULESETS[code] / "cases" / "_base.yaml"
    bases = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        name: {letter: part for letter, part in fact.items() if letter not in BESIDE} for name, fact in bases.items()
    }


def some(code: str) -> Fact:
    return copy.deepcopy(next(iter(valid(code).values())))


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


@pytest.mark.parametrize("code", RULESETS)
def test_good_files_of_every_type_pass(write, code: str) -> None:
    record = current().record(code)
    facts = {tuple(fact["B"][tag] for tag in (*record.key, "RptDate")): fact for fact in valid(code).values()}.values()

    said = told(write(code, list(facts)), 0)

    assert said["records"] == len(facts)
    assert [finding for finding in said["findings"] if finding["severity"] == "block"] == []


WRONG_FORM = {
    "110": ("D", "Sex", "X", "ABE001"),
    "210": ("H", "AcctBal", "12,5", "ABE001"),
    "310": ("D", "EstablishDate", "2026-02-30", "ABE008"),
    "410": ("H", "FiveCate", "77", "ABE001"),
}


@pytest.mark.parametrize("code", RULESETS)
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


def test_a_record_type_without_rules_is_refused_in_words(tmp_path: Path) -> None:
    code = "220"
    header = FileHeader(code, PROVIDER, CREATED, 0, template=current().record(code).template)
    path = tmp_path / f"{FileName(PROVIDER, CREATED.date(), code, '001').text}.txt"
    path.write_bytes(f"{header.text}\r\n".encode())

    result = command(str(path), "--json")

    assert result.returncode == 2
    assert "220" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_whole_command_ends_with_1_when_something_would_be_held_back(write) -> None:
    fact = some("110")
    fact["B"]["CustomerType"] = "?"

    result = command(str(write("110", [fact])), "--json")

    assert result.returncode == 1, result.stderr
    assert json.loads(result.stdout)["records"] == 1

"""Files as a whole: name, header, lines, counts; and the command that judges plain files."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import app.simulator.centre
from app.simulator.centre.command import centre
from app.simulator.centre.inspection import Inspector
from app.simulator.centre.registry import load_registry
from app.standard import catalogue
from app.standard.files.names import FileHeader, FileName
from app.standard.files.render import render_record

PROVIDER = "Z9900000000001"
CREATED = datetime(2025, 4, 30, 8, 0, 0)
PREFIX = FileName(PROVIDER, CREATED.date(), "210", "001").text


def header(count: int, record_type: str = "210", **parts: object) -> str:
    template = "10" if record_type in ("110", "310") else "  "
    return FileHeader(record_type, PROVIDER, CREATED, count, **({"template": template} | parts)).text


@pytest.fixture
def line(facts):
    return render_record(catalogue.current().record("210"), facts["collection"])


@pytest.fixture
def inspect(tmp_path):
    """Judge the bytes of a file by name: (flag, codes of the file, refused lines)."""

    def run(content: bytes, prefix: str = PREFIX, repeated: bool = False):
        path = tmp_path / "plain.txt"
        path.write_bytes(content)
        refused = []
        inspector = Inspector(load_registry(tmp_path), None)
        outcome = inspector.inspect(
            path, prefix, 1, repeated, lambda line, faults: refused.append((line.number, faults))
        )
        return outcome.flag, [code for code, _ in outcome.faults], refused

    return run


def test_a_right_file(inspect, line):
    assert inspect(f"{header(1)}\r\n{line}\r\n".encode()) == ("1", [], [])
    assert inspect(f"{header(1)}\r\n{line}".encode()) == ("1", [], [])


def test_a_file_without_records(inspect):
    assert inspect(f"{header(0)}\r\n".encode()) == ("1", [], [])


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("short", "ABN003"),
        (PREFIX[:-1] + "1", "ABN003"),
        (PREFIX.replace("20250430", "20250431"), "ABN003"),
        (PREFIX.replace("2100001", "9990001"), "ABN003"),
        ("A1111111111111" + PREFIX[14:], "ABN004"),
        (PREFIX.replace("20250430", "20250429"), "ABF007"),
        (PREFIX.replace("210000", "220000"), "ABF007"),
    ],
)
def test_wrong_names(inspect, line, prefix, code):
    flag, codes, refused = inspect(f"{header(1)}\r\n{line}\r\n".encode(), prefix)
    assert flag == "2"
    assert code in codes
    assert refused == []


def test_a_name_that_came_before(inspect, line):
    assert inspect(f"{header(1)}\r\n{line}\r\n".encode(), repeated=True)[:2] == ("2", ["ABF009"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "ABH005"),
        (b"\x00" * 1000, "ABH005"),
        (header(1)[:-1].encode() + b"\r\nx", "ABH005"),
        (header(1).replace("A050", "B050").encode(), "ABH005"),
        (header(1).replace("20250430080000", "20250431080000").encode(), "ABH005"),
        (header(1, version="9.9.9").encode(), "ABH006"),
        (header(1, template="90").encode(), "ABH006"),
        (header(2).encode() + b"\r\n<Document/>\r\n", "ABH005"),
        (header(1).encode() + b"\n<Document/>\n", "ABF010"),
        (header(1).encode() + b"\r\n\r\n<Document/>\r\n", "ABF010"),
        (header(1).encode() + b"\r\n<Document/>\r", "ABF010"),
        (header(1).encode() + b"\r\n" + "测".encode("gbk"), "ABF011"),
        (b"\xff" * 50, "ABF011"),
        (header(1).encode() + b"\r\n" + b"x" * 100_001, "ABF008"),
        (header(1).encode() + b"\r\n" + b"x" * 3_000_000, "ABF008"),
    ],
)
def test_files_refused_as_a_whole(inspect, content, code):
    flag, codes, refused = inspect(content)
    assert (flag, codes, refused) == ("2", [code], [])


def test_lines_that_cannot_be_read(inspect, line):
    lines = [line, line[:-5], "<!DOCTYPE x>", line.replace("<Cy>CNY</Cy>", "<Cy>CNY</Cy><Odd>1</Odd>")]
    content = "\r\n".join([header(4), *lines]) + "\r\n"
    flag, _, refused = inspect(content.encode())
    assert flag == "3"
    assert dict(refused)[3] == [("ABR006", "0000")]
    assert dict(refused)[4] == [("ABR006", "0000")]
    assert ("ABR000", "0000") in dict(refused)[5]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_judged(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("any")
    path = folder / "plain.txt"
    path.write_bytes(f"{header(1)}\r\n".encode() + content)
    inspector = Inspector(load_registry(folder), None)
    outcome = inspector.inspect(path, PREFIX, 1, False, lambda line, faults: None)
    assert outcome.flag in ("2", "3")


def test_the_judge_command(tmp_path, line, facts):
    wrong = facts["collection"]
    wrong["B"]["AcctCode"] = PROVIDER + "C0002"
    wrong["J"]["AcctBal"] = "x"
    lines = [line, render_record(catalogue.current().record("210"), wrong)]
    file = tmp_path / f"{PREFIX}.txt"
    file.write_bytes(("\r\n".join([header(2), *lines]) + "\r\n").encode())
    result = CliRunner().invoke(centre, ["judge", str(file)])
    assert result.exit_code == 1
    (told,) = json.loads(result.stdout)
    assert (told["flag"], told["accepted"], told["rejected"]) == ("3", 1, 1)
    assert told["records"] == [{"line": 3, "faults": [{"code": "ABE001", "tag": "AcctBal"}]}]


def test_the_judge_command_keeps_nothing_and_sees_earlier_files(tmp_path, line):
    first, second = tmp_path / f"{PREFIX}.txt", tmp_path / f"{PREFIX.replace('0010', '0020')}.txt"
    for file in (first, second):
        file.write_bytes(f"{header(1)}\r\n{line}\r\n".encode())
    state = tmp_path / "state"
    for _ in range(2):
        result = CliRunner().invoke(centre, ["judge", str(first), str(second), "--state", str(state)])
        told = json.loads(result.stdout)
        assert [file["flag"] for file in told] == ["1", "3"]
        assert ("ABR004", "AcctCode") in {(f["code"], f["tag"]) for f in told[1]["records"][0]["faults"]}


def test_an_unusable_registry_is_told(tmp_path):
    (tmp_path / "registry.yaml").write_text("providers: 5")
    (tmp_path / "x.txt").write_text("x")
    result = CliRunner().invoke(centre, ["judge", str(tmp_path / "x.txt"), "--state", str(tmp_path)])
    assert result.exit_code == 2
    assert "registry" in result.output


def test_every_official_code_of_the_four_types_is_judged():
    judged = {"110", "210", "310", "410", "all"}
    folder = Path(app.simulator.centre.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    codes = {
        code
        for code, error in catalogue.current().errors.items()
        if any(judged & set(meaning.records) for meaning in error.meanings)
    }
    operations = {"CDR000", "CIR", "CMR", "CSE", "CSR", "CTR"}
    expected = {code for code in codes if not code.startswith(tuple(operations))}
    assert len(expected) > 150
    assert {code for code in expected if code not in source} == set()

"""`creditlink rules table …` as a person runs it: out to Excel, changed, in again; checks and explanations."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from app.cli import cli
from app.rules.tables import layout
from app.submission import rule_commands, table_commands
from app.submission.content import ROOT

NAME = "risk.overdue_to_five_level"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "risk" / "overdue_to_five_level", tmp_path / "risk" / "overdue_to_five_level")
    shutil.copytree(ROOT / "submission" / "corporate_report_file", tmp_path / "submission" / "corporate_report_file")
    monkeypatch.setattr(table_commands, "ROOT", tmp_path)
    monkeypatch.setattr(rule_commands, "ROOT", tmp_path)
    return tmp_path


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["rules", "table", *map(str, words)])


def change(path: Path, cell: str, value: Any) -> None:
    book = load_workbook(path)
    book[layout.TABLE][cell] = value
    book.save(path)


def test_a_table_goes_to_excel_and_comes_back_changed(root: Path) -> None:
    path = root / "t.xlsx"
    assert run("export", NAME, path).exit_code == 0
    assert "未写入 nothing written" in run("import", path).output
    change(path, "G10", "没有逾期")

    before = (root / "risk" / "overdue_to_five_level" / "ruleset.yaml").read_text("utf-8")
    assert json.loads(run("import", path, "--check", "--json").stdout)["written"] is False
    assert (root / "risk" / "overdue_to_five_level" / "ruleset.yaml").read_text("utf-8") == before
    said = json.loads(run("import", path, "--json").stdout)

    assert (said["changed"], said["added"], said["removed"], said["written"]) == (["Z01"], [], [], True)
    proved = CliRunner().invoke(cli, ["rules", "test", "--json"])
    assert proved.exit_code == 0, proved.output
    assert json.loads(proved.stdout)["agreement"]["disagreements"] == 0


def test_a_broken_sheet_is_told_by_cell_and_changes_nothing(root: Path) -> None:
    path = root / "t.xlsx"
    run("export", NAME, path)
    change(path, "B17", "> 95")
    before = (root / "risk" / "overdue_to_five_level" / "ruleset.yaml").read_text("utf-8")

    result = run("import", path)

    assert result.exit_code == 1
    assert "t.xlsx 决策表_Table!A10  没有行覆盖：当前逾期天数为(90, 95]" in result.output
    assert "no row covers days overdue is (90, 95]" in result.output
    assert "例如当前逾期天数为91" in result.output
    assert (root / "risk" / "overdue_to_five_level" / "ruleset.yaml").read_text("utf-8") == before
    assert json.loads(run("import", path, "--json").stdout)["faults"][0]["file"] == "t.xlsx 决策表_Table!A10"


def test_check_tells_what_order_alone_decides(root: Path) -> None:
    result = run("check", NAME)

    assert result.exit_code == 0
    assert "Z02与Z06重叠" in result.output
    said = json.loads(run("check", NAME, "--json").stdout)
    assert {remark["kind"] for remark in said["remarks"]} == {"overlap"}
    assert said["remarks"][0]["example"] == {"overdue": "1", "guarantee": "0", "restructured": "3"}


def test_explain_names_the_row_and_why_the_others_not(root: Path) -> None:
    fact = root / "fact.json"
    fact.write_text(json.dumps({"H": {"OverdDy": "95"}, "C": {"GuarMode": "1", "LoaFrm": "1"}}), "utf-8")

    result = run("explain", NAME, fact)

    assert result.exit_code == 0
    assert "决定的行 decided by: Z08" in result.output
    assert "Z09  当前逾期天数为95，不符合“> 270”" in result.output
    said = json.loads(run("explain", NAME, fact, "--json").stdout)
    colours = {row["row"]: [cell["colour"] for cell in row["cells"]] for row in said["rows"]}
    assert colours["Z08"] == ["hit", "any", "any"]
    assert colours["Z04"] == ["miss", "miss", "any"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("check", "risk.nothing"), 2, "there is no ruleset"),
        (("check", "submission.corporate_report_file"), 2, "is not a decision table"),
        (("export", NAME, "/nowhere/at/all.xlsx"), 2, "cannot be written"),
        (("export", NAME, "t.csv"), 2, "must end with .xlsx"),
        (("explain", NAME, "/nowhere.json"), 2, "one JSON object"),
        (("import", "/nowhere.xlsx"), 1, "cannot be opened"),
    ],
)
def test_bad_use_is_told_in_words(root: Path, words: tuple[str, ...], code: int, says: str) -> None:
    result = run(*words)

    assert (result.exit_code, says in result.output) == (code, True)

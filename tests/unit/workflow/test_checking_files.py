"""`creditlink workflow check` on whatever people send: files of other tools, garbage, bombs, and a good one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from sketch import sketch

from app.core.errors import Invalid
from app.core.registry import Registry
from app.factory import assemble
from app.workflow.checking.check import check_graph
from app.workflow.checking.foreign import unsupported
from app.workflow.checking.graph import read_graph
from app.workflow.commands import commands
from app.workflow.definitions import FORMS, ROOT

SAMPLES = Path(__file__).parent / "samples"
DAILY = ROOT / "submission" / "daily_batch"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return assemble()


def run(registry: Registry, *words: str) -> Result:
    result = CliRunner().invoke(commands(registry), list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def checked(registry: Registry, file: Path) -> tuple[int, dict[str, Any]]:
    result = run(registry, "check", str(file), "--json")
    return result.exit_code, json.loads(result.stdout)


FOREIGN = {
    "camunda7": (
        {
            "Camunda 7 attribute assignee",
            "Camunda 7 element formData",
            "Camunda 7 attribute class",
            "Camunda Modeler attribute",
        },
        {"refused-element", "condition", "no-default", "no-step", "no-form"},
    ),
    "camunda8": (
        {
            "Camunda 8 element taskDefinition",
            "Camunda 8 element assignmentDefinition",
            "Camunda 8 element subscription",
        },
        {"refused-element", "no-step", "no-collection"},
    ),
    "flowable": ({"Flowable attribute formKey", "Flowable element stencilid"}, {"refused-element", "no-step"}),
    "bizagi": (
        {"Bizagi element BizagiExtensions", "BPMN element lane", "BPMN element dataObject", "BPMN element messageFlow"},
        {"refused-element", "loose-flow", "not-executable", "no-end", "unreachable", "no-name"},
    ),
    "signavio": ({"Signavio element signavioMetaData"}, {"refused-element", "not-executable", "name-language"}),
    "spiffarena": ({"SpiffArena element preScript", "SpiffArena element instructionsForEndUser"}, {"refused-element"}),
}


@pytest.mark.parametrize(("name", "expected"), FOREIGN.items(), ids=FOREIGN)
def test_what_other_tools_put_in_is_listed_with_the_reason(
    registry: Registry, name: str, expected: tuple[set[str], set[str]]
) -> None:
    parts, rules = expected
    code, found = checked(registry, SAMPLES / f"{name}.bpmn")

    assert code == 1
    assert set(found) == {"file", "problems", "unsupported", "sound", "states"}
    for part in parts:
        assert any(each["en"].startswith(part) for each in found["unsupported"]), part
    assert all("：" in each["zh"] and ": " in each["en"] for each in found["unsupported"])
    assert rules <= {each["rule"] for each in found["problems"]}


def test_what_is_ours_is_not_called_unsupported() -> None:
    assert unsupported(read_graph((DAILY / "daily_batch.bpmn").read_bytes()).root) == ()


def test_a_shipped_diagram_is_checked_with_its_description_and_cases(registry: Registry) -> None:
    code, found = checked(registry, DAILY / "daily_batch.bpmn")
    assert code == 0
    assert found["sound"] is True
    assert [each for each in found["problems"] if each["severity"] == "error"] == []
    assert not {"facts-unknown", "no-cases"} & {each["rule"] for each in found["problems"]}


def test_a_bare_file_is_read_for_syntax_only_and_that_is_said(registry: Registry, tmp_path: Path) -> None:
    shutil.copy(DAILY / "daily_batch.bpmn", tmp_path)
    code, found = checked(registry, tmp_path / "daily_batch.bpmn")
    assert code == 0
    assert [each["rule"] for each in found["problems"]] == ["facts-unknown"]


def test_cases_beside_a_file_are_played(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "bpmn" / "submission" / "daily_batch"
    shutil.copytree(DAILY, folder)
    shutil.copytree(FORMS, tmp_path / "forms")
    cases = folder / "cases" / "paths.yaml"
    cases.write_text(cases.read_text(encoding="utf-8").replace("end: Stopped", "end: Done"), encoding="utf-8")

    code, found = checked(registry, folder / "daily_batch.bpmn")

    assert code == 1
    [problem] = [each for each in found["problems"] if each["severity"] == "error"]
    assert problem["rule"] == "case"
    assert "expected Done, got Stopped" in problem["en"]
    assert "应为 Done，实为 Stopped" in problem["zh"]


def test_a_broken_description_beside_a_file_is_said(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(sketch("start S\nend E\nS > E"))
    (tmp_path / "process.yaml").write_text("{", encoding="utf-8")
    code, found = checked(registry, tmp_path / "p.bpmn")
    assert code == 1
    assert found["problems"][0]["rule"] == "definition"
    assert found["sound"] is True


GOOD = sketch("start S\nend E\nS > E")
BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>' + GOOD.replace(
    b"\xe5", b"&b;", 1
)
UNREADABLE = {
    "nothing": b"",
    "text": "这不是流程图".encode(),
    "zeros": b"\0" * 1_000,
    "half": GOOD[: len(GOOD) // 2],
    "other XML": b"<html/>",
    "BPMN of another version": GOOD.replace(b"20100524", b"20090101"),
    "external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + GOOD,
    "billion laughs": BOMB,
    "bomb in UTF-16": ('<?xml version="1.0" encoding="utf-16"?>' + BOMB.decode(errors="ignore")).encode("utf-16"),
    "an encoding that it has not": b'<?xml version="1.0" encoding="utf-16"?>' + GOOD,
    "an encoding that nobody knows": b'<?xml version="1.0" encoding="x-secret"?>' + GOOD,
    "bytes that are no UTF-8": GOOD.replace(b"\xe5", b"\xff"),
    "twenty megabytes": b" " * 20_000_000,
    "deep": b"<a>" * 400_000,
}


@pytest.mark.parametrize("given_bytes", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_diagram_ends_with_code_2_and_words(registry: Registry, tmp_path: Path, given_bytes: bytes) -> None:
    file = tmp_path / "x.bpmn"
    file.write_bytes(given_bytes)

    code, found = checked(registry, file)
    told = run(registry, "check", str(file))

    assert code == told.exit_code == 2
    [problem] = found["problems"]
    assert problem["rule"] == "diagram"
    assert problem["zh"]
    assert problem["en"]
    assert "root:" not in json.dumps(found)
    assert problem["zh"] in told.output


def test_another_encoding_that_is_told_is_read(registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "x.bpmn"
    file.write_bytes(('<?xml version="1.0" encoding="GB18030"?>' + GOOD.decode()).encode("gb18030"))
    assert checked(registry, file)[0] == 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_file_with_anything_broken_in_it_is_read_or_refused_in_words(data: st.DataObject) -> None:
    """Names of attributes, elements and values are swapped about; whatever comes of it, nothing is raised but Invalid."""
    source = data.draw(st.sampled_from(sorted(SAMPLES.glob("*.bpmn")))).read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 4))):
        old, new = data.draw(st.sampled_from(SWAPS))
        source = source.replace(old, new, data.draw(st.integers(1, 3)))
    try:
        graph = read_graph(source.encode())
    except Invalid:
        return
    report = check_graph(graph, Registry())
    assert all(each.message.zh and each.message.en for each in report.problems)


SWAPS = [
    ('id="', 'ID="'), ("sourceRef=", "targetRef_="), ("startEvent", "endEvent"), ("userTask", "subProcess"),
    ("serviceTask", "boundaryEvent"), ('name="', 'default="'), ("exclusiveGateway", "inclusiveGateway"),
    ("task", "receiveTask"), ("endEvent", "exclusiveGateway"), ("Flow_", "Event_"), ('id="f1"', 'id="f2"'),
    ("process ", "process id2='x' "), ("messageEventDefinition", "timerEventDefinition"), ('"t"', '"s"'),
    ("Activity_1", "Gateway_1"), ("isExecutable", "x"), ("sequenceFlow", "callActivity"), ("Id_", "leave"),
]  # fmt: skip


def test_the_test_command_counts_every_shipped_process(registry: Registry) -> None:
    result = run(registry, "test", "--json")
    found = json.loads(result.stdout)
    assert set(found) == {"processes", "cases", "failed", "unsound", "without_cases"}
    assert found["processes"] >= 1
    assert found["cases"] >= 3
    assert (found["failed"], found["unsound"], found["without_cases"]) == (0, 0, 0)
    assert result.exit_code == 0


def test_a_report_for_people_has_both_languages(registry: Registry) -> None:
    result = run(registry, "check", str(SAMPLES / "camunda7.bpmn"))
    assert result.exit_code == 1
    assert "不支持 unsupported: Camunda 7" in result.output
    assert "未判断" in result.output or "健全" in result.output

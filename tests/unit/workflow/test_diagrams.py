"""What a diagram may hold, and that nothing in it is ever run as Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import Invalid
from app.core.text import Text
from app.language import Field, Kind, Scalar, Struct, Vocabulary
from app.workflow.definitions import definition, definitions
from app.workflow.engine import Diagram, Run

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="D" targetNamespace="urn:t">'
)
VOCABULARY = Vocabulary(
    {
        "judged": Field(
            "judged",
            Struct({"blocked": Field("blocked", Scalar(Kind.NUMBER), Text("拦截", "blocked"), written=False)}),
            Text("结果", "result"),
        )
    }
)


def diagram(body: str, condition: str = "judged.blocked > 3", start: str = "Begin") -> bytes:
    """begin → Ask (a gateway) → Many or Few → end, with `body` beside them."""
    return f"""{HEAD}<bpmn:process id="p" isExecutable="true">
      <bpmn:startEvent id="{start}"><bpmn:outgoing>f0</bpmn:outgoing></bpmn:startEvent>
      <bpmn:exclusiveGateway id="Ask" default="f2">
        <bpmn:incoming>f0</bpmn:incoming><bpmn:outgoing>f1</bpmn:outgoing><bpmn:outgoing>f2</bpmn:outgoing>
      </bpmn:exclusiveGateway>
      <bpmn:endEvent id="Many"><bpmn:incoming>f1</bpmn:incoming></bpmn:endEvent>
      <bpmn:endEvent id="Few"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
      <bpmn:sequenceFlow id="f0" sourceRef="{start}" targetRef="Ask" />
      <bpmn:sequenceFlow id="f1" sourceRef="Ask" targetRef="Many">
        <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>
      </bpmn:sequenceFlow>
      <bpmn:sequenceFlow id="f2" sourceRef="Ask" targetRef="Few" />
      {body}</bpmn:process></bpmn:definitions>""".encode()


def read(xml: bytes) -> Diagram:
    return Diagram(xml, "p", VOCABULARY)


@pytest.mark.parametrize(("blocked", "end"), [(4, "Many"), (3, "Few"), (None, "Few")])
def test_conditions_are_of_our_language_and_an_unknown_one_is_not_taken(blocked: int | None, end: str) -> None:
    run = read(diagram("")).start({"judged": {"blocked": blocked}})

    assert run.finished
    assert run.path()[-1] == end


def test_a_script_task_is_refused() -> None:
    script = '<bpmn:scriptTask id="S"><bpmn:script>import os</bpmn:script></bpmn:scriptTask>'
    with pytest.raises(Invalid, match="scriptTask") as refused:
        read(diagram(script))
    assert refused.value.code == "workflow.refused_element"


@pytest.mark.parametrize("element", ["businessRuleTask", "complexGateway"])
def test_elements_that_we_do_not_run_are_refused(element: str) -> None:
    with pytest.raises(Invalid, match=element):
        read(diagram(f'<bpmn:{element} id="X" />'))


@pytest.mark.parametrize("name", ["Start", "End", "Root"])
def test_identifiers_of_the_engine_are_refused(name: str) -> None:
    with pytest.raises(Invalid, match=name) as refused:
        read(diagram("", start=name))
    assert refused.value.code == "workflow.refused_element"


@pytest.mark.parametrize(
    "condition",
    [
        "__import__('os').system('true')",
        "judged.blocked.__class__",
        "(lambda: True)()",
        "judged.blokced > 3",
        "stranger > 3",
        "judged.blocked >",
        "",
    ],
)
def test_a_condition_that_is_not_ours_is_refused_when_the_diagram_is_read(condition: str) -> None:
    with pytest.raises(Invalid):
        read(diagram("", condition.replace("<", "&lt;").replace(">", "&gt;")))


def script_on_a_task(kind: str) -> str:
    return (
        '<bpmn:sequenceFlow id="g0" sourceRef="Other" targetRef="T" /><bpmn:startEvent id="Other" />'
        f'<bpmn:{kind} id="T"><bpmn:extensionElements><spiffworkflow:preScript>open("never", "w")'
        f"</spiffworkflow:preScript></bpmn:extensionElements></bpmn:{kind}>"
    )


@pytest.mark.parametrize("kind", ["userTask", "serviceTask", "manualTask", "task"])
@pytest.mark.parametrize("when", ["preScript", "postScript"])
def test_scripts_hidden_in_other_tasks_are_refused(kind: str, when: str) -> None:
    with pytest.raises(Invalid, match=when):
        read(diagram(script_on_a_task(kind).replace("preScript", when)))


BOMB = (
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-7"])
def test_entity_bombs_are_refused(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{BOMB}{diagram("").decode().replace("D", "&i;", 1)}'

    with pytest.raises(Invalid):
        read(text.encode(encoding))


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"not xml",
        b"<a",
        b"\0" * 100,
        b"<a/>",
        HEAD.encode() + b"</bpmn:definitions>",
        b"<a>" * 400_000,
        b"x" * 4_000_001,
    ],
)
def test_what_is_no_diagram_is_refused_in_words(xml: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read(xml)
    assert refused.value.message.zh
    assert refused.value.message.en


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("judged.blocked &gt; 0")
    xml = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>'.encode() + diagram("", "&x;")

    with pytest.raises(Invalid):
        read(xml)


def test_a_run_goes_on_from_its_saved_state() -> None:
    first = definition("submission.daily_batch").diagram.start({"batch": "B1"})
    saved = first.state
    (call,) = first.steps()

    again = definition("submission.daily_batch").diagram.resume(saved)

    assert [each.task_id for each in again.steps()] == [call.task_id]
    again.complete(call.task_id, call.result, {"landed": 1})
    assert [each.step for each in again.steps()] == ["submission.standardise"]
    assert again.data["collected"] == {"landed": 1}
    assert again.data["batch"] == "B1"


def test_a_task_that_does_not_wait_cannot_be_completed() -> None:
    run = definition("submission.daily_batch").diagram.start({"batch": "B1"})
    (call,) = run.steps()
    run.complete(call.task_id, call.result, {})

    for task in (call.task_id, "no such task"):
        with pytest.raises(Invalid) as refused:
            run.complete(task, "x", {})
        assert refused.value.code == "workflow.not_waiting"


def test_every_node_has_a_title_and_words() -> None:
    for defined in definitions().values():
        assert all(node.title for node in defined.diagram.nodes), defined.process
        assert defined.title.zh
        assert defined.title.en
        assert defined.purpose.en
        assert len(defined.version) == 64


def test_state_stays_small() -> None:
    run: Run = definition("submission.daily_batch").diagram.start({"batch": "B1"})
    while calls := list(run.steps()):
        for call in calls:
            run.complete(call.task_id, call.result, {"share_above_limit": False} if call.node == "Judge" else {})
    assert run.finished
    assert len(run.state) < 60_000

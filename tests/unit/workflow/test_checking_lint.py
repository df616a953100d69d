"""Every lint rule: hit by a small diagram, and not by a good one that has everything."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from typing import Any

import pytest
from sketch import content

from app.core.registry import Registry, Step
from app.core.text import Text
from app.workflow.checking import Report, bindings, check_content, conditions, descriptions, naming, structure
from app.workflow.checking.naming import is_identifier
from app.workflow.content import Content

WORDS = Text("试验", "trial")
FORM = {
    "id": "ask", "type": "default", "schemaVersion": 17, "title": {"zh": "审批", "en": "Approve"},
    "components": [
        {"id": "a", "type": "textfield", "key": "reason", "label": "理由", "label_en": "Reason", "validate": {"required": True}}
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Params:
    value: str
    note: str = ""


@pytest.fixture(scope="module")
def registry() -> Registry:
    made = Registry()
    made.room("test", announce)
    return made


def announce(registry: Registry) -> None:
    registry.role("reviewer", WORDS)
    registry.permission("test.approve", WORDS)
    registry.step(Step("test.echo", WORDS, lambda context, given: {}, Params))


GOOD = """
    start S
    user A form=test/ask role=reviewer permission=test.approve result=asked within=2天 priority=70
    user B form=test/ask role=reviewer not_by=A,start
    x G
    service C step=test.echo result=echoed value=key
    catch W message=Paid
    edge T on=B timer=P3D
    sub P
      start S2
      service D step=test.echo result=more value=echoed note=asked
      end E2
      S2 > D > E2
    edge X on=P error=BAD
    end E
    end F
    end H
    S > A > B > G > C > W > P > E
    G >> F
    T > H2 > F
    X > H
    x H2
"""
CLOCK = {
    "title": {"zh": "答复", "en": "Answer"},
    "kind": "house",
    "from": "start",
    "until": ["B"],
    "within": "10 days",
    "escalate": "reviewer",
}


def good(text: str = GOOD, **changed: Any) -> Content:
    told = {
        "facts": {"asked": {"reason": "text", "sum": "number"}}, "data": ["key"], "clocks": {"answer": CLOCK},
        "forms": {"test/ask": FORM}, **changed,
    }  # fmt: skip
    return content(text.replace("B > G > C >", "B > G\n    G > C : asked.sum > 3\n    C >"), **told)


def found(registry: Registry, text: str, **changed: Any) -> list[tuple[str, str, str]]:
    report: Report = check_content(good(text, **changed), registry)
    return [(each.severity, each.rule, each.element) for each in report.problems if each.rule != "no-cases"]


def test_a_good_diagram_has_nothing_but_no_picture(registry: Registry) -> None:
    assert found(registry, GOOD) == [("warning", "not-drawn", "")]


REPLACED = {
    "no-default": ("G >> F", "G > F : asked.sum > 4", "error", "G"),
    "no-condition": ("G >> F", "G >> F\n    G > H2", "error", "G_H2"),
    "condition": ("S2 > D", "S2 > D", "error", "G_C"),
    "dead-end": ("    X > H\n", "", "error", "X"),
    "unreachable": ("    X > H\n", "", "error", "H"),
    "no-start": ("      start S2\n", "      user S2 form=test/ask role=reviewer\n", "error", "P"),
    "several-starts": ("start S\n", "start S\n    start S9\n    S9 > A\n", "error", "S9"),
    "start-kind": ("start S\n", "start S timer=P1D\n", "error", "S"),
    "no-end": ("end E2", "x E2", "error", "P"),
    "loose-flow": ("X > H\n", "X > H\n    F2 > H\n", "error", "F2_H"),
    "after-the-end": ("X > H\n", "X > H\n    H > F\n", "error", "H"),
    "before-the-start": ("X > H\n", "X > H\n    H2 > X\n", "error", "X"),
    "split-without-gateway": ("X > H\n", "X > H\n    A > H\n", "error", "A"),
    "loose-boundary": ("edge X on=P", "edge X on=Nowhere", "error", "X"),
    "event-without-kind": ("catch W message=Paid", "catch W", "error", "W"),
    "event-gateway": ("x H2", "e H2", "error", "H2"),
    "refused-element": ("service C step=test.echo result=echoed value=key", "scriptTask C", "error", "C"),
    "several-events": ("catch W message=Paid", "catch W message=Paid timer=P1D", "error", "W"),
    "taken-id": ("X > H\n    x H2", "X > End\n    end End\n    x H2\n    H2 > H", "error", "End"),
    "duplicate-id": ("end H\n", "end H\n    end H\n", "error", "H"),
    "no-name": ("user A form", "user A name=_ form", "error", "A"),
    "identifier-as-name": ("user A form", "user A name=Task_1 form", "error", "A"),
    "name-language": ("user A form", "user A name=Approve form", "warning", "A"),
    "no-step": ("service C step=test.echo result=echoed value=key", "service C", "error", "C"),
    "unknown-step": ("service C step=test.echo", "service C step=test.ecko", "error", "C"),
    "missing-parameter": ("result=echoed value=key", "result=echoed note=key", "error", "C"),
    "unknown-parameter": ("result=echoed value=key", "result=echoed value=key vaule=key", "error", "C"),
    "unknown-variable": ("result=echoed value=key", "result=echoed value=kye", "warning", "C"),
    "no-result": ("result=more value=echoed", "value=echoed", "warning", "D"),
    "no-form": ("user A form=test/ask", "user A", "error", "A"),
    "no-role": ("test/ask role=reviewer permission", "test/ask permission", "error", "A"),
    "unknown-form": ("user A form=test/ask", "user A form=test/aks", "error", "A"),
    "unknown-role": ("role=reviewer permission", "role=reviewers permission", "error", "A"),
    "unknown-permission": ("permission=test.approve", "permission=test.approove", "error", "A"),
    "not-by": ("not_by=A,start", "not_by=A,C", "error", "B"),
    "time-limit": ("within=2天", "within=soon", "error", "A"),
    "priority": ("priority=70", "priority=101", "error", "A"),
    "unknown-property": ("priority=70", "colour=red", "warning", "A"),
    "no-message": ("catch W message=Paid", "catch W message=", "error", "W"),
    "unknown-process": ("catch W message=Paid", "call W called=a.b", "error", "W"),
    "no-call": ("catch W message=Paid", "call W", "error", "W"),
    "no-collection": ("role=reviewer permission", "role=reviewer many= permission", "error", "A"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "change"), REPLACED.items(), ids=REPLACED)
def test_each_rule_is_hit(registry: Registry, rule: str, change: tuple[str, str, str, str]) -> None:
    old, new, severity, element = change
    assert old in GOOD
    facts = {"asked": {"sum": "text"}} if rule == "condition" else {"asked": {"reason": "text", "sum": "number"}}
    assert (severity, rule, element) in found(registry, GOOD.replace(old, new, 1), facts=facts)


def test_a_timer_that_cannot_be_read(registry: Registry) -> None:
    assert ("error", "time-limit", "T") in found(registry, GOOD.replace("timer=P3D", "timer=R3/PT1H"))


def test_a_timer_may_take_its_time_from_a_variable_that_there_is(registry: Registry) -> None:
    assert found(registry, GOOD.replace("timer=P3D", "timer=asked.until")) == [("warning", "not-drawn", "")]
    assert ("error", "time-limit", "T") in found(registry, GOOD.replace("timer=P3D", "timer=stranger.until"))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("asked.smu > 3", "asked.sum"),
        ("stranger > 3", "stranger"),
        ("asked.sum >", "syntax"),
        ("asked.sum", "true or false"),
        ("${asked}", "another tool"),
    ],
)
def test_what_is_wrong_with_a_condition_is_said(registry: Registry, condition: str, words: str) -> None:
    text = "start S\nx G\nend E\nend F\nS > G\nG >> F\nG > E : " + condition
    [told] = [each for each in check_content(good(text, clocks={}), registry).problems if each.rule == "condition"]
    assert words in told.message.en
    assert told.element == "G_E"


def test_a_condition_elsewhere_has_no_effect(registry: Registry) -> None:
    text = "start S\nuser A form=test/ask role=reviewer\nend E\nS > A\nA > E : asked.sum > 3"
    assert ("error", "condition-place", "A_E") in found(registry, text, clocks={})


def test_a_condition_on_the_default_flow_and_a_flow_without_a_name(registry: Registry) -> None:
    made = good()
    xml = made.xml.replace(b'name="\xe5\x90\x8d" id="G_F" sourceRef="G" targetRef="F">', b'id="G_F" sourceRef="G" targetRef="F">'
                           b"<bpmn:conditionExpression>true</bpmn:conditionExpression>")  # fmt: skip
    assert xml != made.xml
    rules = {
        (each.rule, each.element)
        for each in check_content(Content("test.p", made.description, xml, made.forms), registry).problems
    }
    assert {("default-condition", "G_F"), ("unnamed-flow", "G_F")} <= rules


@pytest.mark.parametrize(
    ("changed", "rule", "element"),
    [
        ({"title": {"zh": "只有中文"}}, "description", "title"),
        ({"purpose": None}, "description", "purpose"),
        ({"facts": ["asked"]}, "facts", "facts"),
        ({"facts": {"asked": "text"}}, "facts", "asked"),
        ({"facts": {"asked": {"sum": "money"}}}, "facts", "asked.sum"),
        ({"clocks": {"c": {**CLOCK, "from": "Nowhere"}}}, "clock", "clocks.c.from"),
        ({"clocks": {"c": {**CLOCK, "until": ["Nowhere"]}}}, "clock", "clocks.c.until"),
        ({"clocks": {"c": {**CLOCK, "escalate": "nobody"}}}, "clock", "clocks.c.escalate"),
        ({"clocks": {"c": {**CLOCK, "kind": "mine"}}}, "clock", "clocks.c.kind"),
        ({"clocks": {"c": {**CLOCK, "within": "a while"}}}, "clock", "clocks.c.within"),
        ({"start": "operator"}, "start", "start"),
        ({"start": {"from": "test/ask"}}, "start", "start"),
        ({"start": {"form": "test/aks"}}, "start", "start.form"),
        ({"start": {"form": ["test/ask"]}}, "start", "start.form"),
        ({"start": {"role": "reviewers"}}, "start", "start.role"),
        ({"start": {"form": "test/ask"}, "data": ["key", "amount"]}, "start", "start.form"),
        ({"start": {}, "data": ["key", "two words"]}, "start", "data"),
    ],
)  # fmt: skip
def test_the_description_is_checked(registry: Registry, changed: dict[str, Any], rule: str, element: str) -> None:
    assert ("error", rule, element) in found(registry, GOOD, **changed)


def test_the_process_is_there_and_executable(registry: Registry) -> None:
    made = good()
    other = check_content(Content("test.other", made.description, made.xml), registry)
    still = check_content(Content("test.p", made.description, made.xml.replace(b'"true"', b'"false"')), registry)
    two = made.xml.replace(b"</bpmn:definitions>", b'<bpmn:process id="q" /></bpmn:definitions>')
    pools = check_content(Content("test.p", made.description, two, made.forms), registry)

    assert "process-id" in {each.rule for each in other.errors}
    assert "not-executable" in {each.rule for each in still.errors}
    assert ("warning", "other-process", "q") in {(each.severity, each.rule, each.element) for each in pools.problems}


def test_an_element_without_an_id(registry: Registry) -> None:
    made = good()
    xml = made.xml.replace(b'<bpmn:endEvent id="H"', b"<bpmn:endEvent")
    assert "no-id" in {each.rule for each in check_content(Content("test.p", made.description, xml), registry).errors}


def test_elements_that_lie_on_each_other_or_are_not_drawn(registry: Registry) -> None:
    made = content("start S\nend E\nS > E")
    shape = '<bpmndi:BPMNShape bpmnElement="{}"><dc:Bounds x="{}" y="0" width="36" height="36" /></bpmndi:BPMNShape>'
    edge = '<bpmndi:BPMNEdge bpmnElement="S_E" />'

    def drawn(*parts: str) -> set[tuple[str, str]]:
        xml = made.xml.replace(b"</bpmn:definitions>", "".join((*parts, "</bpmn:definitions>")).encode())
        report = check_content(Content("test.p", made.description, xml), registry)
        return {(each.rule, each.element) for each in report.problems if each.rule != "no-cases"}

    assert drawn(shape.format("S", 0), shape.format("E", 100), edge) == set()
    assert drawn(shape.format("S", 0), shape.format("E", 20), edge) == {("overlap", "E")}
    assert drawn(shape.format("S", 0)) == {("not-drawn", "E"), ("not-drawn", "S_E")}


def test_a_form_that_is_wrong_is_found_with_its_name(registry: Registry) -> None:
    broken = {**FORM, "components": [{"type": "script", "key": "x"}]}
    report = check_content(good(forms={"test/ask": broken}), registry)
    assert any(each.rule.startswith("form.") and each.element == "test/ask" for each in report.errors)


def test_the_nearest_name_is_suggested(registry: Registry) -> None:
    report = check_content(good(GOOD.replace("role=reviewer perm", "role=reviewr perm")), registry)
    [told] = [each for each in report.problems if each.rule == "unknown-role"]
    assert told.message == Text(
        "「名A」：没有岗位 reviewr（→ reviewer）", "“名A”: there is no role reviewr（→ reviewer）"
    )


@pytest.mark.parametrize("name", ["Task_1", "Gateway 3", "checkLimit", "Activity_0x1f", "CheckLimit", "flow2"])
def test_names_that_only_a_program_gives(name: str) -> None:
    assert is_identifier(name)


@pytest.mark.parametrize("name", ["复核", "Approve the request", "Review", "ABC", "复核_2"])
def test_names_that_people_give(name: str) -> None:
    assert not is_identifier(name)


def test_every_rule_that_there_is_is_hit_by_a_test() -> None:
    """Rules are the second argument of `found(…)` and of `Problem(…)` in the modules of rules."""
    told = set()
    for module in (structure, naming, conditions, bindings, descriptions):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
                "found",
                "Problem",
            ):
                rule = node.args[1]
                if isinstance(rule, ast.Constant):
                    told.add(rule.value)
    tried = inspect.getsource(inspect.getmodule(found)) + " facts-unknown"  # type: ignore[arg-type] # this module; see files
    assert {rule for rule in told if f'"{rule}"' not in tried and rule not in tried.split()} == set()


def test_flows_without_a_name_are_told_by_their_ends(registry: Registry) -> None:
    made = good()
    xml = made.xml.replace('name="名" id="G_C"'.encode(), b'id="G_C"').replace(b"asked.sum &gt; 3", b"asked.smu &gt; 3")
    assert xml.count(b"asked.smu") == 1
    told = {
        each.rule: each.message
        for each in check_content(Content("test.p", made.description, xml, made.forms), registry).problems
    }
    assert told["unnamed-flow"].zh == "出线「名G → 名C」没有名称，请写明何时走这条"
    assert told["condition"].zh.startswith("连线「名G → 名C」的条件“asked.smu > 3”有误：")
    assert told["condition"].en.startswith("the condition “asked.smu > 3” on the flow “名G → 名C” is wrong: ")

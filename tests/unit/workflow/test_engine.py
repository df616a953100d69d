"""What diagrams may hold beyond steps and questions: messages, time limits, errors, repetitions, calls, and moved tokens."""

from __future__ import annotations

import json

import pytest
from drawing import chain, diagram, element, flow, properties, verb

from app.core.errors import Invalid
from app.language import Vocabulary
from app.workflow.engine import Diagram, Run

ASK = properties(form="a/b", role="reviewer")


def drawn(*parts: str, before: str = "") -> Diagram:
    return Diagram(diagram("p", parts, before), "p", Vocabulary({}))


def again(made: Diagram, run: Run) -> Run:
    """The same run, kept and taken up."""
    return made.resume(run.state)


def ask(run: Run, node: str) -> str:
    return next(each.task_id for each in run.questions() if each.node == node)


def test_state_holds_no_diagram() -> None:
    made = drawn(
        element("startEvent", "Begin"),
        element("userTask", "Ask", ASK),
        element("endEvent", "Done"),
        chain("Begin", "Ask", "Done"),
    )
    run = made.start({"x": 1})
    assert "spec" not in json.loads(run.state)
    run = again(made, run)
    run.complete(ask(run, "Ask"), "answer", {"ok": True})
    assert run.finished
    assert run.data == {"x": 1, "answer": {"ok": True}}


def test_a_question_says_all_that_the_diagram_says() -> None:
    said = properties(
        form="a/b",
        role="manager",
        permission="x.y",
        result="r",
        within="2 working days",
        priority="80",
        not_by="One, start",
    )
    made = drawn(
        element("startEvent", "Begin"),
        element("userTask", "Ask", said, name="审批"),
        element("endEvent", "Done"),
        chain("Begin", "Ask", "Done"),
    )
    (question,) = made.start({}).questions()
    assert (question.title, question.form, question.role, question.permission, question.result) == (
        "审批",
        "a/b",
        "manager",
        "x.y",
        "r",
    )
    assert (question.within, question.priority, question.not_by) == ("2 working days", 80, ("One", "start"))


def test_a_message_is_waited_for_and_its_payload_kept() -> None:
    made = drawn(
        element("startEvent", "Begin"),
        element("intermediateCatchEvent", "Wait", '<bpmn:messageEventDefinition messageRef="M" />'),
        element("endEvent", "Done"),
        chain("Begin", "Wait", "Done"),
        before='<bpmn:message id="M" name="reply" />',
    )
    run = again(made, made.start({}))
    assert [(each.node, each.message) for each in run.messages()] == [("Wait", "reply")]
    assert not run.catch("other", {})
    assert run.catch("reply", {"text": "好"})
    assert run.finished
    assert run.data["Wait"] == {"text": "好"}


@pytest.mark.parametrize(("interrupts", "left"), [("true", []), ("false", ["Ask"])])
def test_a_time_limit_at_the_edge_of_a_question(interrupts: str, left: list[str]) -> None:
    timer = (
        "<bpmn:timerEventDefinition><bpmn:timeDuration>2 working days</bpmn:timeDuration></bpmn:timerEventDefinition>"
    )
    made = drawn(
        element("startEvent", "Begin"),
        element("userTask", "Ask", ASK),
        element("boundaryEvent", "Late", timer, attachedToRef="Ask", cancelActivity=interrupts),
        element("userTask", "Remind", ASK),
        element("endEvent", "Done"),
        element("endEvent", "Told"),
        chain("Begin", "Ask", "Done"),
        chain("Late", "Remind", "Told"),
    )
    run = again(made, made.start({}))
    assert [each.message for each in run.messages()] == ["clock:Late"]
    assert run.catch("clock:Late")
    run = again(made, run)
    assert sorted(each.node for each in run.questions()) == sorted([*left, "Remind"])
    run.complete(ask(run, "Remind"), "r", {})
    assert run.finished is (not left)


def test_an_answered_question_takes_its_time_limit_along() -> None:
    timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>P2D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    made = drawn(
        element("startEvent", "Begin"),
        element("userTask", "Ask", ASK),
        element("boundaryEvent", "Late", timer, attachedToRef="Ask"),
        element("endEvent", "Done"),
        element("endEvent", "Missed"),
        chain("Begin", "Ask", "Done"),
        chain("Late", "Missed"),
    )
    run = again(made, made.start({}))
    run.complete(ask(run, "Ask"), "r", {})
    assert run.finished
    assert list(run.messages()) == []


def test_an_event_gateway_takes_what_comes_first() -> None:
    timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>P2D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    made = drawn(
        element("startEvent", "Begin"),
        element("eventBasedGateway", "Which"),
        element("intermediateCatchEvent", "Reply", '<bpmn:messageEventDefinition messageRef="M" />'),
        element("intermediateCatchEvent", "Late", timer),
        element("endEvent", "Done"),
        element("endEvent", "Missed"),
        chain("Begin", "Which", "Reply", "Done"),
        chain("Which", "Late", "Missed"),
        before='<bpmn:message id="M" name="reply" />',
    )
    run = again(made, made.start({}))
    assert sorted(each.message for each in run.messages()) == ["clock:Late", "reply"]
    assert run.catch("clock:Late")
    assert run.finished
    assert run.path()[-1] == "Missed"


ERRORS = '<bpmn:error id="E" name="没有" errorCode="NOT_THERE" />'


def _failing() -> Diagram:
    return drawn(
        element("startEvent", "Begin"),
        element("serviceTask", "Look", verb("a.look", "found")),
        element("boundaryEvent", "Nothing", '<bpmn:errorEventDefinition errorRef="E" />', attachedToRef="Look"),
        element("userTask", "Mend", ASK),
        element("endEvent", "Done"),
        element("endEvent", "Mended"),
        chain("Begin", "Look", "Done"),
        chain("Nothing", "Mend", "Mended"),
        before=ERRORS,
    )


def test_a_step_that_fails_by_a_known_error_goes_on_at_its_edge() -> None:
    made = _failing()
    run = again(made, made.start({}))
    (call,) = run.steps()
    assert run.fail(call.task_id, "NOT_THERE")
    assert [each.node for each in run.questions()] == ["Mend"]
    assert list(run.steps()) == []


def test_an_error_that_the_diagram_does_not_know_changes_nothing() -> None:
    made = _failing()
    run = made.start({})
    (call,) = run.steps()
    assert not run.fail(call.task_id, "OTHER")
    assert [each.node for each in run.steps()] == ["Look"]


@pytest.mark.parametrize("sequential", ["false", "true"])
def test_a_question_for_each_of_a_list(sequential: str) -> None:
    each = (
        f'{ASK}<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}">'
        "<bpmn:loopDataInputRef>people</bpmn:loopDataInputRef><bpmn:loopDataOutputRef>answers</bpmn:loopDataOutputRef>"
        '<bpmn:inputDataItem id="person" /><bpmn:outputDataItem id="said" />'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    made = drawn(
        element("startEvent", "Begin"),
        element("userTask", "Ask", each),
        element("endEvent", "Done"),
        chain("Begin", "Ask", "Done"),
    )
    run = made.start({"people": ["a", "b", "c"]})
    for turn in range(3):
        run = again(made, run)
        waiting = list(run.questions())
        assert len(waiting) == (1 if sequential == "true" else 3 - turn)
        run.complete(waiting[0].task_id, "said", turn)
    assert run.finished
    assert run.data["answers"] == [0, 1, 2]


def test_a_called_process_is_a_step_that_is_given_all_that_is_known() -> None:
    made = drawn(
        element("startEvent", "Begin"),
        element("callActivity", "Call", properties(result="deep"), calledElement="other.inner"),
        element("endEvent", "Done"),
        chain("Begin", "Call", "Done"),
    )
    run = again(made, made.start({"n": 1}))
    [step] = run.steps()
    assert (step.node, step.step, step.result) == ("Call", "workflow.call", "deep")
    assert step.parameters == {"process": "other.inner", "data": {"n": 1}}
    run.complete(step.task_id, step.result, {"m": 2})
    assert run.finished
    assert run.data["deep"] == {"m": 2}


def _two_branches() -> Diagram:
    return drawn(
        element("startEvent", "Begin"),
        element("parallelGateway", "Fork"),
        element("userTask", "One", ASK),
        element("userTask", "Two", ASK),
        element("parallelGateway", "Join"),
        element("userTask", "Last", ASK),
        element("endEvent", "Done"),
        chain("Begin", "Fork", "One", "Join", "Last", "Done"),
        chain("Fork", "Two", "Join"),
    )


def test_a_token_is_moved_with_what_it_knows() -> None:
    made = drawn(
        element("startEvent", "Begin"),
        element("userTask", "One", ASK),
        element("userTask", "Two", ASK),
        element("userTask", "Three", ASK),
        element("endEvent", "Done"),
        chain("Begin", "One", "Two", "Three", "Done"),
    )
    run = made.start({"x": 1})
    run.complete(ask(run, "One"), "one", {"said": "a"})
    run.move(ask(run, "Two"), "Three")
    run = again(made, run)
    assert [each.node for each in run.questions()] == ["Three"]
    assert run.data["one"] == {"said": "a"}
    run.move(ask(run, "Three"), "One")
    run = again(made, run)
    assert [each.node for each in run.questions()] == ["One"]
    for node in ("One", "Two", "Three"):
        run.complete(ask(run, node), node, {})
        run = again(made, run)
    assert run.finished
    run = made.start({})
    with pytest.raises(Invalid, match="no_such_place"):
        run.move(ask(run, "One"), "Nowhere")


def test_tokens_are_put_where_they_stood_and_meet_again() -> None:
    made = _two_branches()
    old = made.start({"x": 1})
    tokens = [(token.node, token.task_id, old.data) for token in old.tokens()]
    assert sorted(node for node, _, _ in tokens) == ["One", "Two"]
    run = again(made, made.place(tokens, {"x": 1}))
    assert {(each.node, each.task_id) for each in run.questions()} == {(node, identity) for node, identity, _ in tokens}
    run.complete(ask(run, "Two"), "two", {"b": 2})
    assert run.half_joined() == ["Join"]
    run = again(made, run)
    run.complete(ask(run, "One"), "one", {"a": 1})
    run = again(made, run)
    assert [each.node for each in run.questions()] == ["Last"]
    assert run.data == {"x": 1, "one": {"a": 1}, "two": {"b": 2}}
    run.complete(ask(run, "Last"), "last", {})
    assert run.finished


def test_a_condition_that_no_language_of_ours_reads_is_refused() -> None:
    with pytest.raises(Invalid):
        drawn(
            element("startEvent", "Begin"),
            element("exclusiveGateway", "Which", default="Which_Done"),
            element("endEvent", "Done"),
            element("endEvent", "Other"),
            chain("Begin", "Which", "Done"),
            flow("Which", "Other", "__import__('os').system('true')"),
        )

"""How the engine is made to read our diagrams: steps wait for the executor, timers for our clocks, conditions are ours."""

from __future__ import annotations

import re
from typing import Any, Final

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, IntermediateCatchEvent
from SpiffWorkflow.spiff.parser.event_parsers import SpiffBoundaryEventParser, SpiffIntermediateCatchEventParser
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import SpiffTaskParser
from SpiffWorkflow.spiff.specs.defaults import ServiceTask
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.task import Task

from app.core.errors import Invalid
from app.core.text import Text
from app.language import Vocabulary, evaluate, parse
from app.workflow.engine.xml import BPMN

CLOCK: Final = "clock:"
"""A timer waits for the message of this prefix and its own id; whoever keeps the clocks sends it."""
CALL: Final = "workflow.call"
"""The step behind a call activity."""
_WHOLE: Final = re.compile(r"\d{1,4}")


class StepTask(ServiceTask):  # type: ignore[misc]
    """A service task that waits for the job executor instead of running inside the engine's loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manual = True


class CallTask(StepTask):
    """A call activity: a step that starts the called process as an instance of its own and waits for its end."""

    def __init__(self, *args: Any, called: str = "", **kwargs: Any) -> None:
        super().__init__(*args, operation_name=CALL, operation_params={}, **kwargs)
        self.called = called


class _CallParser(SpiffTaskParser):  # type: ignore[misc]
    def create_task(self) -> CallTask:
        called = self.node.get("calledElement", "")
        given = self.parse_extensions().get("properties", {})
        result = given.get("result") or self.bpmn_id
        return CallTask(self.spec, self.bpmn_id, called=called, result_variable=result, **self.bpmn_attributes)


class _ClockEvents:
    """Mixed into the parsers of events: a timer is a message that our clock will send."""

    node: Any

    def parse_timer_event(self, event: Any) -> MessageEventDefinition:
        del event
        return MessageEventDefinition(CLOCK + self.node.get("id", ""))

    def parse_message_event(self, event: Any) -> MessageEventDefinition:
        found: MessageEventDefinition = super().parse_message_event(event)  # type: ignore[misc]
        if found.message_var is None:
            found.message_var = self.node.get("id", "")
        return found


class _CatchParser(_ClockEvents, SpiffIntermediateCatchEventParser):  # type: ignore[misc]
    pass


class _BoundaryParser(_ClockEvents, SpiffBoundaryEventParser):  # type: ignore[misc]
    pass


class Parser(SpiffBpmnParser):  # type: ignore[misc]
    """The engine's parser with our readings of some elements."""

    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012 - the engine's own way of overriding
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        f"{BPMN}serviceTask": (SpiffBpmnParser.OVERRIDE_PARSER_CLASSES[f"{BPMN}serviceTask"][0], StepTask),
        f"{BPMN}callActivity": (_CallParser, CallTask),
        f"{BPMN}intermediateCatchEvent": (_CatchParser, IntermediateCatchEvent),
        f"{BPMN}boundaryEvent": (_BoundaryParser, BoundaryEvent),
    }


class Conditions(PythonScriptEngine):  # type: ignore[misc]
    """Evaluates conditions with our language and refuses everything else."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    def validate(self, expression: str) -> None:
        del expression  # checked against the process's own names when the definition is read

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        """A condition; or, where a message's payload or a number of repetitions stands, a variable or a whole number."""
        del external_context
        expression = expression.strip()
        if _WHOLE.fullmatch(expression):
            return int(expression)
        if expression.isidentifier():
            return task.data.get(expression)
        return evaluate(parse(expression, self._vocabulary), task.data).value is True

    def execute(self, task: Task, script: str, external_context: Any = None) -> Any:
        raise Invalid("workflow.script", Text("流程图中不允许脚本", "A diagram may not carry a script"))

"""SpiffWorkflow behind one wall: diagrams in, state in and out as JSON, conditions in our own language.

Nothing of a diagram is ever run as Python: conditions are read by `app.language`, script tasks are refused when a diagram is
read, and service tasks are only named here; the job executor runs them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.spiff.specs.defaults import ServiceTask, UserTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.core.errors import Invalid
from app.core.text import Text
from app.language import Vocabulary, evaluate, parse

_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
_REFUSED = ("scriptTask", "businessRuleTask", "complexGateway")
_SCRIPTS = ("preScript", "postScript", "calledDecisionId")
_TAKEN = ("Start", "End", "Root")
"""Identifiers that the engine uses for its own tasks; a diagram's element of that name would silently replace them."""


class StepTask(ServiceTask):  # type: ignore[misc]
    """A service task that waits for the job executor instead of running inside the engine's loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manual = True


class _Parser(SpiffBpmnParser):  # type: ignore[misc]
    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012 - the engine's own way of overriding
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        f"{_BPMN}serviceTask": (
            SpiffBpmnParser.OVERRIDE_PARSER_CLASSES[f"{_BPMN}serviceTask"][0],
            StepTask,
        ),
    }


class _Conditions(PythonScriptEngine):  # type: ignore[misc]
    """Evaluates conditions with our language and refuses everything else."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    def validate(self, expression: str) -> None:
        del expression  # checked against the process's own names when the definition is read

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        del external_context
        return evaluate(parse(expression, self._vocabulary), task.data).value is True

    def execute(self, task: Task, script: str, external_context: Any = None) -> Any:
        raise Invalid("workflow.script", Text("流程图中不允许脚本", "A diagram may not carry a script"))


_CONFIG = {**SPIFF_CONFIG, StepTask: SPIFF_CONFIG[ServiceTask]}
_serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(_CONFIG))


@dataclass(frozen=True, slots=True)
class StepCall:
    """A service task that is ready: which verb to run, and where its result goes."""

    task_id: str
    node: str
    title: str
    step: str
    parameters: Mapping[str, Any]
    result: str


@dataclass(frozen=True, slots=True)
class Question:
    """A user task that is ready: which form to show to whom."""

    task_id: str
    node: str
    title: str
    form: str
    role: str
    permission: str
    result: str


@dataclass(frozen=True, slots=True)
class Node:
    """One element of the diagram, as lists and checks need it."""

    id: str
    kind: str
    title: str


class Diagram:
    """A parsed diagram, able to start runs and to resume them from their saved state."""

    def __init__(self, xml: bytes, process: str, vocabulary: Vocabulary) -> None:
        root = _safe_root(xml)
        self._vocabulary = vocabulary
        found = [name for name in _REFUSED if root.find(f".//{_BPMN}{name}") is not None]
        found += [name for name in _SCRIPTS if root.find(f".//{_SPIFF}{name}") is not None]
        found += [name for name in _TAKEN if root.find(f".//{_BPMN}process/*[@id='{name}']") is not None]
        if found:
            raise Invalid(
                "workflow.refused_element",
                Text(
                    "流程图含有不允许的元素：{names}", "The diagram holds elements that are not allowed: {names}"
                ).format(names=", ".join(found)),
            )
        parser = _Parser()
        try:
            parser.add_bpmn_xml(root)
            self._spec = parser.get_spec(process)
            self._subprocesses = parser.get_subprocess_specs(process)
        except (SpiffWorkflowException, KeyError, ValueError) as problem:
            raise Invalid(
                "workflow.diagram",
                Text("流程图无法解析：{why}", "The diagram cannot be read: {why}").format(why=problem),
            ) from problem
        self.nodes = tuple(
            Node(element.get("id", ""), etree.QName(element).localname, element.get("name", ""))
            for element in root.iterfind(f".//{_BPMN}process/*")
            if element.get("id") and etree.QName(element).localname != "sequenceFlow"
        )
        self.conditions = tuple(
            (element.getparent().get("id", ""), (element.text or "").strip())
            for element in root.iterfind(f".//{_BPMN}conditionExpression")
        )
        operators = f".//{_SPIFF}serviceTaskOperator"
        self.step_names = frozenset(element.get("id", "") for element in root.iterfind(operators))
        properties = root.iterfind(f".//{_SPIFF}property[@name='permission']")
        self.permissions = frozenset(element.get("value", "") for element in properties)
        for _, condition in self.conditions:
            parse(condition, vocabulary)

    def start(self, data: Mapping[str, Any]) -> Run:
        workflow = BpmnWorkflow(self._spec, self._subprocesses, script_engine=_Conditions(self._vocabulary))
        run = Run(workflow)
        workflow.task_tree.data.update(data)
        workflow.data.update(data)
        workflow.do_engine_steps()
        return run

    def resume(self, state: str) -> Run:
        """Take up a run of this diagram from its saved state."""
        workflow = _serializer.deserialize_json(state)
        workflow.script_engine = _Conditions(self._vocabulary)
        return Run(workflow)


class Run:
    """One running process, in memory. `state` is all that has to be kept of it."""

    def __init__(self, workflow: BpmnWorkflow) -> None:
        self._workflow = workflow

    @property
    def state(self) -> str:
        return str(_serializer.serialize_json(self._workflow))

    @property
    def finished(self) -> bool:
        return bool(self._workflow.is_completed())

    @property
    def data(self) -> dict[str, Any]:
        """What the process knows: its start data and every result so far."""
        known = dict(self._workflow.data)
        for task in self._workflow.get_tasks(state=TaskState.COMPLETED | TaskState.READY | TaskState.STARTED):
            known.update(task.data)
        known.pop("data_objects", None)
        return known

    def steps(self) -> Iterator[StepCall]:
        """The service tasks that wait for the executor."""
        for task in self._workflow.get_tasks(state=TaskState.READY, spec_class=StepTask):
            spec = task.task_spec
            names = {key: value["value"] for key, value in spec.operation_params.items()}
            parameters = {key: task.data.get(name) for key, name in names.items()}
            yield StepCall(
                str(task.id), spec.bpmn_id, spec.bpmn_name, spec.operation_name, parameters, spec.result_variable
            )

    def questions(self) -> Iterator[Question]:
        """The user tasks that wait for a person."""
        for task in self._workflow.get_tasks(state=TaskState.READY, spec_class=UserTask):
            spec = task.task_spec
            given = spec.extensions.get("properties", {})
            yield Question(
                str(task.id),
                spec.bpmn_id,
                spec.bpmn_name,
                given.get("form", ""),
                given.get("role", ""),
                given.get("permission", ""),
                given.get("result", spec.bpmn_id),
            )

    def complete(self, task_id: str, result_name: str, result: Any) -> None:
        """Put a result into the process and go on until the next step or question. Raises Invalid if it does not wait."""
        ready = {str(task.id): task for task in self._workflow.get_tasks(state=TaskState.READY)}
        task = ready.get(task_id)
        if task is None:
            raise Invalid("workflow.not_waiting", Text("该任务已不在等待", "This task is not waiting any more"))
        task.data[result_name] = json.loads(json.dumps(result))
        task.complete()
        self._workflow.do_engine_steps()

    def path(self) -> list[str]:
        """Identifiers of the diagram's nodes that are behind us, in order."""
        done = [
            task
            for task in self._workflow.get_tasks(state=TaskState.COMPLETED)
            if getattr(task.task_spec, "bpmn_id", None)
        ]
        return [task.task_spec.bpmn_id for task in sorted(done, key=lambda task: task.last_state_change)]

    def waiting(self) -> list[str]:
        """Identifiers of the diagram's nodes where the process stands now."""
        tasks = self._workflow.get_tasks(state=TaskState.READY | TaskState.WAITING | TaskState.STARTED)
        return sorted({task.task_spec.bpmn_id for task in tasks if getattr(task.task_spec, "bpmn_id", None)})


def _safe_root(xml: bytes) -> Any:
    if len(xml) > 4_000_000 or b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise Invalid(
            "workflow.diagram", Text("流程图过大或含有实体声明", "The diagram is too large or declares entities")
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as problem:
        raise Invalid(
            "workflow.diagram", Text("流程图不是合法的 XML：{why}", "The diagram is not XML: {why}").format(why=problem)
        ) from problem
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr] # the stubs leave it out
        # In another encoding the bytes looked at above are not what stands there.
        raise Invalid("workflow.diagram", Text("流程图含有文档类型声明", "The diagram declares a document type"))
    return root

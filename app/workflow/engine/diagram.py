"""A parsed diagram: checked for what it may not hold, able to start runs and to take them up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from lxml import etree
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.util.task import TaskState

from app.core.errors import Invalid
from app.core.text import Text
from app.language import Vocabulary, parse
from app.workflow.engine.run import Run, place
from app.workflow.engine.spec import Conditions, Parser
from app.workflow.engine.state import read
from app.workflow.engine.xml import BPMN, SPIFF, safe_root

REFUSED: Final = ("scriptTask", "businessRuleTask", "complexGateway")
SCRIPTS: Final = ("preScript", "postScript", "calledDecisionId")
TAKEN: Final = ("Start", "End", "Root")
"""Identifiers that the engine uses for its own tasks; a diagram's element of that name would silently replace them."""


@dataclass(frozen=True, slots=True)
class Node:
    """One element of the diagram, as lists and checks need it."""

    id: str
    kind: str
    title: str


class Diagram:
    """A parsed diagram, able to start runs and to resume them from their saved state."""

    def __init__(self, xml: bytes, process: str, vocabulary: Vocabulary) -> None:
        """`process` is the id of its process element.

        Raises Invalid (`workflow.diagram`, `workflow.refused_element`, and the codes of the language).
        """
        root = safe_root(xml)
        self._vocabulary = vocabulary
        found = [name for name in REFUSED if root.find(f".//{BPMN}{name}") is not None]
        found += [name for name in SCRIPTS if root.find(f".//{SPIFF}{name}") is not None]
        found += [name for name in TAKEN if root.find(f".//{BPMN}process/*[@id='{name}']") is not None]
        if found:
            raise Invalid(
                "workflow.refused_element",
                Text(
                    "流程图含有不允许的元素：{names}", "The diagram holds elements that are not allowed: {names}"
                ).format(names=", ".join(found)),
            )
        parser = Parser()
        try:
            parser.add_bpmn_xml(root)
            self._spec = parser.get_spec(process)
            self._subprocesses = parser.get_subprocess_specs(process)
        except (SpiffWorkflowException, KeyError, ValueError, TypeError, AttributeError, AssertionError) as problem:
            raise Invalid(
                "workflow.diagram",
                Text("流程图无法解析：{why}", "The diagram cannot be read: {why}").format(why=problem),
            ) from problem
        self.nodes = tuple(
            Node(element.get("id", ""), etree.QName(element).localname, element.get("name", ""))
            for element in root.iterfind(f".//{BPMN}process/*")
            if element.get("id") and etree.QName(element).localname != "sequenceFlow"
        )
        self.conditions = tuple(
            (element.getparent().get("id", ""), (element.text or "").strip())
            for element in root.iterfind(f".//{BPMN}conditionExpression")
        )
        operators = f".//{SPIFF}serviceTaskOperator"
        self.step_names = frozenset(element.get("id", "") for element in root.iterfind(operators))
        properties = root.iterfind(f".//{SPIFF}property[@name='permission']")
        self.permissions = frozenset(element.get("value", "") for element in properties)
        for _, condition in self.conditions:
            parse(condition, vocabulary)
        forms = root.iterfind(f".//{SPIFF}property[@name='form']")
        self.forms = frozenset(element.get("value", "") for element in forms)
        self.errors = {
            each.getparent().get("id", ""): _error_code(root, each.get("errorRef", ""))
            for each in root.iterfind(f".//{BPMN}process/{BPMN}endEvent/{BPMN}errorEventDefinition")
        }
        """the ends of the top level that end the process with an error, and its code"""
        timers = root.iterfind(f".//{BPMN}timerEventDefinition")
        self.limits = {
            each.getparent().get("id", ""): (each.findtext(f"{BPMN}timeDuration") or "").strip() for each in timers
        }

    def start(self, data: Mapping[str, Any]) -> Run:
        workflow = BpmnWorkflow(self._spec, self._subprocesses, script_engine=Conditions(self._vocabulary))
        run = Run(workflow)
        workflow.task_tree.data.update(data)
        workflow.data.update(data)
        workflow.do_engine_steps()
        return run

    def resume(self, state: str) -> Run:
        """Take up a run of this diagram from its saved state."""
        workflow = read(state, self._spec, self._subprocesses)
        workflow.script_engine = Conditions(self._vocabulary)
        return Run(workflow)

    def place(self, tokens: Sequence[tuple[str, str, Mapping[str, Any]]], data: Mapping[str, Any]) -> Run:
        """A run that stands where it is told to: for each token the element, the id its task shall have, and its data.

        For taking an instance over to another version. Raises Invalid (`workflow.no_such_place`).
        """
        workflow = BpmnWorkflow(self._spec, self._subprocesses, script_engine=Conditions(self._vocabulary))
        workflow.data.update(data)
        root = workflow.task_tree
        root._drop_children(force=True)
        root._set_state(TaskState.COMPLETED)
        for node, _, known in tokens:
            place(workflow, root, node, known)
        workflow.do_engine_steps()
        for node, identity, _ in tokens:
            _keep_identity(workflow, node, UUID(identity))
        return Run(workflow)


def _error_code(root: Any, reference: str) -> str:
    found = next((each for each in root.iterfind(f"{BPMN}error") if each.get("id") == reference), None)
    return "" if found is None else found.get("errorCode") or found.get("name", "")


def _keep_identity(workflow: BpmnWorkflow, node: str, identity: UUID) -> None:
    for task in workflow.get_tasks(state=TaskState.READY | TaskState.WAITING):
        if task.task_spec.name == node and task.id != identity and identity not in workflow.tasks:
            del workflow.tasks[task.id]
            siblings = task.parent._children
            siblings[siblings.index(task.id)] = identity
            workflow.event_manager.remove_task(task)
            task.id = identity
            workflow.tasks[identity] = task
            for child in task._children:
                workflow.tasks[child]._parent = identity
            if task.has_state(TaskState.WAITING):
                workflow.event_manager.add_task(task)
            return

"""One running process, in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, EventBasedGateway, InclusiveGateway, ParallelGateway
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.specs.defaults import UserTask
from SpiffWorkflow.spiff.specs.event_definitions import ErrorEventDefinition, MessageEventDefinition
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.core.errors import Invalid
from app.core.text import Text
from app.workflow.engine.spec import CallTask, StepTask
from app.workflow.engine.state import written

_DEEPEST = 900
_HERE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


@dataclass(frozen=True, slots=True)
class StepCall:
    """A service task or call that is ready: which verb to run, and where its result goes."""

    task_id: str
    node: str
    title: str
    step: str
    parameters: Mapping[str, Any]
    result: str


@dataclass(frozen=True, slots=True)
class Question:
    """A user task that is ready: which form to show to whom.

    `within` is a time limit as the diagram writes it; `not_by` the user tasks (or `start`) whose doers may not do this one;
    `assignee` is `start` where whoever started the instance is to be asked first.
    """

    task_id: str
    node: str
    title: str
    form: str
    role: str
    permission: str
    result: str
    within: str = ""
    priority: int = 50
    not_by: tuple[str, ...] = ()
    assignee: str = ""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A message that the process waits for: `clock:` and the node's id where it is a time limit of the diagram."""

    task_id: str
    node: str
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Token:
    """Where the process stands: at an element of the top level, or (`inside`) within a sub-process or a repetition."""

    task_id: str
    node: str
    inside: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """An element that is behind us and when it was left, as seconds since 1970."""

    node: str
    at: float


class Run:
    """One running process. `state` is all that has to be kept of it."""

    def __init__(self, workflow: BpmnWorkflow) -> None:
        self._workflow = workflow

    @property
    def state(self) -> str:
        return written(self._workflow)

    @property
    def finished(self) -> bool:
        return bool(self._workflow.is_completed())

    @property
    def data(self) -> dict[str, Any]:
        """What the process knows: its start data and every result so far."""
        known = dict(self._workflow.data)
        if not self.finished:
            told = self._tasks(TaskState.COMPLETED | TaskState.READY | TaskState.STARTED)
            for task in sorted(told, key=lambda task: task.last_state_change):
                known.update(task.data)
        known.pop("data_objects", None)
        return known

    def steps(self) -> Iterator[StepCall]:
        """The service tasks that wait for the executor."""
        for task in self._tasks(TaskState.READY):
            spec = task.task_spec
            if not isinstance(spec, StepTask):
                continue
            if isinstance(spec, CallTask):
                parameters = {"process": spec.called, "data": json.loads(json.dumps(task.data))}
            else:
                names = {key: value["value"] for key, value in spec.operation_params.items()}
                parameters = {key: task.data.get(name) for key, name in names.items()}
            yield StepCall(
                str(task.id), spec.bpmn_id, _title(spec), spec.operation_name, parameters, spec.result_variable
            )

    def questions(self) -> Iterator[Question]:
        """The user tasks that wait for a person."""
        for task in self._tasks(TaskState.READY):
            spec = task.task_spec
            if not isinstance(spec, UserTask):
                continue
            given = spec.extensions.get("properties", {})
            yield Question(
                task_id=str(task.id),
                node=spec.bpmn_id,
                title=_title(spec),
                form=given.get("form", ""),
                role=given.get("role", ""),
                permission=given.get("permission", ""),
                result=given.get("result", spec.bpmn_id),
                within=given.get("within", ""),
                priority=_priority(given.get("priority", "")),
                not_by=tuple(name.strip() for name in given.get("not_by", "").split(",") if name.strip()),
                assignee=given.get("assignee", ""),
            )

    def messages(self) -> Iterator[Awaited]:
        """The messages that are waited for, time limits among them."""
        for task in self._tasks(TaskState.WAITING):
            definition: Any = getattr(task.task_spec, "event_definition", None)
            if isinstance(definition, MessageEventDefinition):
                spec = task.task_spec
                yield Awaited(str(task.id), spec.bpmn_id, _title(spec), definition.name)
            elif isinstance(task.task_spec, EventBasedGateway):
                for child, each in zip(task.task_spec.outputs, definition.event_definitions, strict=True):
                    if isinstance(each, MessageEventDefinition):
                        yield Awaited(str(uuid5(task.id, child.bpmn_id)), child.bpmn_id, _title(child), each.name)

    def complete(self, task_id: str, result_name: str, result: Any) -> None:
        """Put a result into the process and go on until the next step or question. Raises Invalid if it does not wait."""
        task = self._task(task_id, TaskState.READY)
        if result_name:
            task.data[result_name] = json.loads(json.dumps(result))
        task.complete()
        self._go_on()

    def catch(self, message: str, payload: Any = None) -> bool:
        """Give the process a message; whether it was waiting for it."""
        event = BpmnEvent(MessageEventDefinition(message), json.loads(json.dumps(payload)))
        if not self._workflow.event_manager.catch(event, internal=False):
            return False
        self._go_on()
        return True

    def fail(self, task_id: str, code: str) -> bool:
        """Let a step fail with an error code; whether the diagram has an event at its edge, or around it, for that."""
        task: Task | None = self._task(task_id, TaskState.READY)
        event = BpmnEvent(ErrorEventDefinition(code, code=code), None)
        while task is not None:
            for edge in _edges(task):
                if isinstance(edge.task_spec.event_definition, ErrorEventDefinition) and (
                    edge.task_spec.event_definition == event.event_definition
                ):
                    edge.task_spec.catch(edge, event)
                    edge.task_spec._update(edge)
                    self._go_on()
                    return True
            around = task.workflow.parent_task_id
            task = self._workflow.get_task_from_id(around) if around is not None else None
        return False

    def _go_on(self) -> None:
        """On to where the process waits next.

        Raises Invalid (`workflow.too_long`) before the engine's own limit, beyond which it would take the run for finished.
        """
        self._workflow.do_engine_steps()
        if len(self._workflow.tasks) > _DEEPEST and any(
            task.depth > _DEEPEST for task in self._workflow.tasks.values()
        ):
            raise Invalid(
                "workflow.too_long",
                Text(
                    "流程循环过多，请改为每次循环另起一个流程",
                    "The process has gone round too often; let each round be a process of its own",
                ),
            )

    def sent(self) -> list[tuple[str, Any]]:
        """Messages that the process has thrown since it was last asked: name and payload."""
        events = self._workflow.get_events()
        messages = [each for each in events if isinstance(each.event_definition, MessageEventDefinition)]
        return [(each.event_definition.name, each.payload) for each in messages]

    def path(self) -> list[str]:
        """Identifiers of the diagram's nodes that are behind us, in order."""
        return [visit.node for visit in self.visits()]

    def visits(self) -> list[Visit]:
        """The diagram's nodes that are behind us, in order."""
        done = [
            Visit(task.task_spec.bpmn_id, task.last_state_change)
            for task in self._tasks(TaskState.COMPLETED)
            if getattr(task.task_spec, "bpmn_id", None)
        ]
        return sorted(done, key=lambda visit: visit.at)

    def waiting(self) -> list[str]:
        """Identifiers of the diagram's nodes where the process stands now."""
        tasks = self._tasks(_HERE)
        return sorted({task.task_spec.bpmn_id for task in tasks if getattr(task.task_spec, "bpmn_id", None)})

    def tokens(self) -> list[Token]:
        """Where the process stands, one entry for each place that must go on: what waits at the edge of another is not."""
        return [
            Token(
                str(task.id),
                task.task_spec.bpmn_id or "",
                task.workflow is not self._workflow or task.task_spec.name != task.task_spec.bpmn_id,
            )
            for task in self._tasks(TaskState.READY | TaskState.WAITING)
            if getattr(task.task_spec, "bpmn_id", None) and not isinstance(task.task_spec, BoundaryEvent)
        ]

    def half_joined(self) -> list[str]:
        """The joins where some tokens have arrived and wait for the others: their arrival cannot be carried elsewhere."""
        joins = (ParallelGateway, InclusiveGateway)
        waiting = self._tasks(TaskState.WAITING)
        return [task.task_spec.bpmn_id for task in waiting if isinstance(task.task_spec, joins)]

    def move(self, task_id: str, node: str) -> None:
        """Take the token from a waiting task and put it before another element of the top level; its data go with it.

        Raises Invalid (`workflow.not_waiting`, `workflow.no_such_place`).
        """
        task = self._task(task_id, TaskState.READY | TaskState.WAITING)
        if task.workflow is not self._workflow:
            raise _no_place(node)
        data = dict(task.data)
        held = task.parent if isinstance(task.parent.task_spec, BoundaryEventSplit) else task
        before = held.parent
        place(self._workflow, before, node, data)
        for each in held.children if held is not task else [task]:
            each.cancel()
        self._go_on()

    def _tasks(self, state: int) -> list[Task]:
        """The tasks in any of these states, those inside sub-processes too; the engine's own walk takes far longer."""
        parts = (self._workflow, *self._workflow.subprocesses.values())
        return [task for part in parts for task in part.tasks.values() if task.state & state]

    def _task(self, task_id: str, state: int) -> Task:
        try:
            found = self._workflow.get_task_from_id(UUID(task_id))
        except ValueError:
            found = None
        if found is None or not found.has_state(state):
            raise Invalid("workflow.not_waiting", Text("该任务已不在等待", "This task is not waiting any more"))
        return found


def _edges(task: Task) -> list[Task]:
    """The events that wait at the edge of a task."""
    split = task.parent
    if split is None or not isinstance(split.task_spec, BoundaryEventSplit):
        return []
    return [
        each for each in split.children if isinstance(each.task_spec, BoundaryEvent) and each.state == TaskState.WAITING
    ]


def place(workflow: BpmnWorkflow, before: Task, node: str, data: Mapping[str, Any]) -> Task:
    """A new task for the element `node`, ready to go on, below `before`. Raises Invalid (`workflow.no_such_place`)."""
    specs = workflow.spec.task_specs
    spec = specs.get(f"{node}.BoundaryEventSplit") or specs.get(node)
    if spec is None or not getattr(specs.get(node), "bpmn_id", None):
        raise _no_place(node)
    task = before._add_child(spec, TaskState.FUTURE)
    task.triggered = True
    task.data = json.loads(json.dumps(dict(data)))
    spec._predict(task, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
    spec._update(task)
    task.data.update(json.loads(json.dumps(dict(data))))
    return task


def _no_place(node: str) -> Invalid:
    return Invalid(
        "workflow.no_such_place",
        Text("流程图最外层没有节点 {node}", "The top level of the diagram has no element {node}").format(node=node),
    )


def _title(spec: Any) -> str:
    return spec.bpmn_name or spec.bpmn_id or ""


def _priority(given: str) -> int:
    return min(100, int(given)) if given.isascii() and given.isdigit() and len(given) < 4 else 50

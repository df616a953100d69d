"""The engine by itself, as its makers ship it: what the host is raced against in `creditlink bench workflow`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.spiff.specs.defaults import ServiceTask, UserTask
from SpiffWorkflow.util.task import TaskState


def race_bare(xml: bytes, instances: int, kept: Callable[[int, str], str]) -> None:
    """Run the process `race` so many times from start to end, saved and loaded again at every stop.

    `kept` saves the JSON of an instance under its number, and gives it back as it was loaded.
    """
    parser = SpiffBpmnParser()
    parser.add_bpmn_str(xml)
    spec, parts = parser.get_spec("race"), parser.get_subprocess_specs("race")
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))

    def go_on(workflow: BpmnWorkflow, kind: type, name: str, result: dict[str, Any]) -> BpmnWorkflow:
        task = workflow.get_next_task(state=TaskState.READY, spec_class=kind)
        task.data[name] = result
        task.complete()
        workflow.do_engine_steps()
        return saved(workflow)

    def saved(workflow: BpmnWorkflow) -> BpmnWorkflow:
        return serializer.deserialize_json(kept(number, serializer.serialize_json(workflow)))

    for number in range(instances):
        workflow = BpmnWorkflow(spec, parts)
        workflow.task_tree.data.update({"number": number})
        _until_manual(workflow)
        workflow = saved(workflow)
        for kind, name in ((UserTask, "first"), (ServiceTask, "noted"), (UserTask, "second")):
            workflow = _manual(workflow)
            workflow = go_on(workflow, kind, name, {"said": "yes"})


def _manual(workflow: BpmnWorkflow) -> BpmnWorkflow:
    """The bare engine would run the step inside its loop; it is held there, as a job executor needs it to be."""
    for spec in workflow.spec.task_specs.values():
        if isinstance(spec, ServiceTask):
            spec.manual = True
    return workflow


def _until_manual(workflow: BpmnWorkflow) -> None:
    _manual(workflow).do_engine_steps()

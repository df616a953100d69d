"""The state of a run as JSON: its tasks and their data, without the diagram, which every version keeps for all its runs."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.spiff.specs.defaults import ServiceTask

from app.workflow.engine.spec import StepTask


class _Lean(BpmnWorkflowConverter):  # type: ignore[misc]
    """The engine's own converter without the diagram, which makes up most of what it writes."""

    def to_dict(self, workflow: BpmnWorkflow) -> dict[str, Any]:
        found: dict[str, Any] = super(BpmnWorkflowConverter, self).to_dict(workflow)
        found["subprocesses"] = self.mapping_to_dict(workflow.subprocesses)
        found["bpmn_events"] = self.registry.convert(workflow.bpmn_events)
        return found

    def from_dict(self, dct: dict[str, Any], spec: Any = None, subprocess_specs: Any = None) -> BpmnWorkflow:
        if spec is None:
            return super().from_dict(dct)
        workflow = self.target_class(spec, subprocess_specs, deserializing=True)
        workflow.tasks = self.mapping_from_dict(dct["tasks"], UUID, workflow=workflow)
        workflow.task_tree = workflow.tasks.get(UUID(dct["root"]))
        self.set_default_attributes(workflow, dct)
        self.subprocesses_from_dict(dct["subprocesses"], workflow)
        workflow.bpmn_events = self.registry.restore(dct.pop("bpmn_events", []))
        return workflow


_CONFIG = {**SPIFF_CONFIG, StepTask: SPIFF_CONFIG[ServiceTask], BpmnWorkflow: _Lean}
_serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(_CONFIG))


def written(workflow: BpmnWorkflow) -> str:
    """The state as it is kept."""
    return str(_serializer.serialize_json(workflow))


def read(state: str, spec: Any, subprocess_specs: Any) -> BpmnWorkflow:
    """A run of the diagram again; a state that was kept with its diagram is read by that."""
    found = json.loads(state)
    _serializer.migrate(found)
    if "spec" in found:
        workflow = _serializer.from_dict(found)
    else:
        workflow = _serializer.from_dict(found, spec=spec, subprocess_specs=subprocess_specs)
    return workflow

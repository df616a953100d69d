"""The process diagram of a batch as it was when the batch began, in the reader's language, and the way taken through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from lxml import etree

from app.core.db import current_session
from app.core.registry import Registry
from app.core.text import Language, Text
from app.workflow.models import ProcessInstance, ProcessTask, ProcessVersion

_BPMN: Final = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_DI: Final = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_DC: Final = "{http://www.omg.org/spec/DD/20100524/DC}"
_LABEL: Final = 84.0
_SPIFF: Final = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"

_WORDS: Final[Mapping[str, str]] = {
    "批次开始": "Begin",
    "拦截比例超限？": "Too many blocked?",
    "复核并放行": "Review and release",
    "是否放行？": "Released?",
    "登记中止": "Note the stop",
    "批次完成": "Done",
    "批次中止": "Stopped",
    "未超限": "within the limit",
    "超限": "above the limit",
    "放行": "release",
    "不放行": "do not release",
}
"""English for the names in the diagram that no step announces. The diagram itself is drawn in Chinese."""


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


def stored_diagram(version: str) -> bytes | None:
    """The diagram of a process version, as it was stored when an instance began on it."""
    found = current_session().get(ProcessVersion, version)
    return bytes(found.xml) if found else None


def worded_diagram(xml: bytes, language: Language, registry: Registry) -> bytes:
    """The diagram with its names in a language."""
    if language == "zh":
        return xml
    root = etree.fromstring(xml, _parser())
    for element in root.iter():
        name = element.get("name") if isinstance(element.tag, str) else None
        if name:
            element.set("name", _english(element, name, registry))
    _widen_labels(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _widen_labels(root: etree._Element) -> None:
    """Labels are drawn for Chinese words; English ones need room, on both sides where they stand under a symbol."""
    for label in root.iter(f"{_DI}BPMNLabel"):
        bounds, owner = label.find(f"{_DC}Bounds"), label.getparent()
        if bounds is None or owner is None:
            continue
        old = float(bounds.get("width", "0"))
        new = max(old, _LABEL)
        if owner.tag == f"{_DI}BPMNShape":
            bounds.set("x", str(float(bounds.get("x", "0")) - (new - old) / 2))
        bounds.set("width", str(new))


def _english(element: etree._Element, name: str, registry: Registry) -> str:
    operator = element.find(f".//{_SPIFF}serviceTaskOperator") if element.tag == f"{_BPMN}serviceTask" else None
    step = registry.steps.get(operator.get("id", "")) if operator is not None else None
    return step.title.en if step else _WORDS.get(name, name)


def task_title(task: ProcessTask, registry: Registry) -> Text:
    """What a task is called in both languages."""
    step = registry.steps.get(task.name) if task.kind == "step" else None
    return Text(task.title, step.title.en if step else _WORDS.get(task.title, task.title))


def marks_of(instance: ProcessInstance, tasks: Sequence[ProcessTask], xml: bytes) -> dict[str, str]:
    """Diagram element → done, current, waiting or failed: nodes behind us, the flows between them, and where we stand."""
    marks = dict.fromkeys(instance.path, "done")
    for task in tasks:
        if task.status == "failed":
            marks[task.node] = "failed"
        elif task.status == "open":
            marks[task.node] = "waiting" if task.kind == "question" else "current"
    order = list(dict.fromkeys([*instance.path, *(task.node for task in tasks if task.status != "done")]))
    pairs = set(pairwise(order))
    for flow in etree.fromstring(xml, _parser()).iter(f"{_BPMN}sequenceFlow"):
        if (flow.get("sourceRef"), flow.get("targetRef")) in pairs:
            marks[flow.get("id", "")] = "done"
    return marks

"""What elements and tasks are called in both languages: diagrams are drawn in Chinese, with English beside where it is known.

The English name is the property `name_en` of an element, else what the step that it calls is called; where there is
neither, the Chinese name stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from app.core.db import current_session
from app.core.registry import Registry
from app.core.text import Text
from app.workflow.engine.xml import BPMN, SPIFF, safe_root
from app.workflow.models import ProcessInstance, ProcessTask, ProcessVersion


@dataclass(frozen=True, slots=True)
class _Named:
    """An element as it is drawn: its name, its English name and the step that it calls, each empty where there is none."""

    zh: str
    en: str
    step: str


def element_titles(version: str, registry: Registry) -> Mapping[str, Text]:
    """The titles of all elements of a version by id, those within sub-processes among them; empty where it is unknown."""
    return {id_: _title(each, registry) for id_, each in _named(version).items()}


def task_titles(ids: Iterable[str], registry: Registry) -> dict[str, Text]:
    """The titles of tasks by id: the Chinese one as the task has it, the English one from the version that its case runs on."""
    query = (
        select(ProcessTask.id, ProcessTask.title, ProcessTask.node, ProcessInstance.version)
        .join(ProcessInstance, ProcessInstance.id == ProcessTask.instance_id)
        .where(ProcessTask.id.in_(list(ids)))
    )
    return {
        row.id: task_title(row.title, row.node, element_titles(row.version, registry))
        for row in current_session().execute(query)
    }


def task_title(title: str, node: str, titles: Mapping[str, Text]) -> Text:
    """What a task of an element is called; `titles` are those of the elements of its version."""
    found = titles.get(node)
    return Text(title, found.en if found and found.en != found.zh else title)


def drawn_title(title: str, node: str, version: str) -> Text:
    """What a task that calls no step is called."""
    found = _named(version).get(node)
    return Text(title, (found and found.en) or title)


def _title(named: _Named, registry: Registry) -> Text:
    step = registry.steps.get(named.step)
    return Text(named.zh, named.en or (step.title.en if step else named.zh))


def _named(version: str) -> Mapping[str, _Named]:
    found = _known.get(version)
    if found is None:
        xml = current_session().scalar(select(ProcessVersion.xml).filter_by(version=version))
        if xml is None:
            return {}
        found = _known[version] = read_names(bytes(xml))
    return found


_known: dict[str, Mapping[str, _Named]] = {}
"""By the hash of the version; what a hash names never changes."""


def read_names(xml: bytes) -> Mapping[str, _Named]:
    """The names of the elements of a diagram by id. Raises Invalid (`workflow.diagram`)."""
    found = {}
    for element in safe_root(xml).iterfind(f".//{BPMN}process//{BPMN}*[@id]"):
        inside = f"{BPMN}extensionElements/{SPIFF}"
        english = element.find(f"{inside}properties/{SPIFF}property[@name='name_en']")
        operator = element.find(f"{inside}serviceTaskOperator")
        found[element.get("id", "")] = _Named(
            element.get("name") or element.get("id", ""),
            " ".join((english.get("value") or "").split()) if english is not None else "",
            operator.get("id", "") if operator is not None else "",
        )
    return found

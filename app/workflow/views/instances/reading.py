"""One instance as its page tells it: its tasks, its way through the diagram, its clocks, and everything that happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import defer

from app.core.db import current_session
from app.core.errors import NotFound
from app.core.people import name_of
from app.core.registry import Registry
from app.core.text import Text
from app.web.parts import TimelineEntry, Tone
from app.web.words import language, t
from app.workflow.clocks.limits import due_text
from app.workflow.content import Definition
from app.workflow.engine.spec import CALL
from app.workflow.engine.xml import BPMN, SPIFF, safe_root
from app.workflow.intervention import ACTS
from app.workflow.models import Act, Attachment, Clock, Comment, ProcessInstance, ProcessTask, ProcessVersion

PLACES: Final = frozenset(
    {
        "userTask",
        "serviceTask",
        "manualTask",
        "receiveTask",
        "sendTask",
        "task",
        "callActivity",
        "subProcess",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "eventBasedGateway",
        "endEvent",
    }
)
"""Kinds of elements before which a token may be put."""
MOST: Final = 500
_HANDED: Final = {"delegated": Text("转交任务", "Task handed over"), "reassigned": Text("改派任务", "Task reassigned")}
"""Acts of the inbox, beside those of an intervention."""


def instance_of(instance_id: str) -> ProcessInstance:
    """Raises NotFound (`workflow.instance`)."""
    found = current_session().get(ProcessInstance, instance_id, options=[defer(ProcessInstance.state)])
    if found is None:
        raise NotFound("workflow.instance", Text("没有这个流程实例", "There is no such running process"))
    return found


def version_row(version: str) -> ProcessVersion:
    """Raises NotFound (`workflow.version`)."""
    found = current_session().get(ProcessVersion, version)
    if found is None:
        raise NotFound("workflow.version", Text("没有这个流程版本", "There is no such version of a process"))
    return found


def tasks_of(instance_id: str) -> list[ProcessTask]:
    """Its tasks in the order in which they came up; what is sealed in them is opened only when asked for."""
    sealed = (defer(ProcessTask.params), defer(ProcessTask.result), defer(ProcessTask.draft))
    query = select(ProcessTask).filter_by(instance_id=instance_id).options(*sealed)
    return list(current_session().scalars(query.order_by(ProcessTask.opened_at, ProcessTask.id).limit(MOST)))


def caller_of(instance: ProcessInstance) -> ProcessInstance | None:
    """The instance that waits for the end of this one."""
    task = current_session().get(ProcessTask, instance.caller) if instance.caller else None
    return instance_of(task.instance_id) if task else None


def called_from(instance_id: str) -> dict[str, list[ProcessInstance]]:
    """Task → the instances that it has called, the first first."""
    calls = select(ProcessTask.id).filter_by(instance_id=instance_id, kind="step", name=CALL)
    query = select(ProcessInstance).where(ProcessInstance.caller.in_(calls)).options(defer(ProcessInstance.state))
    found: dict[str, list[ProcessInstance]] = {}
    for each in current_session().scalars(query.order_by(ProcessInstance.started_at).limit(MOST)):
        found.setdefault(str(each.caller), []).append(each)
    return found


def clocks_of(instance_id: str) -> list[Clock]:
    """Its time limits, the open ones first."""
    query = select(Clock).filter_by(instance_id=instance_id)
    rows = current_session().scalars(query.order_by(Clock.due_at, Clock.id).limit(MOST))
    return sorted(rows, key=lambda each: each.ended_at is not None)


def marks_of(instance: ProcessInstance, tasks: Sequence[ProcessTask], xml: bytes) -> dict[str, str]:
    """Diagram element → done, current, waiting or failed: what is behind, the flows that were taken, where it stands."""
    marks = dict.fromkeys(instance.path, "done")
    for task in tasks:
        if task.status == "failed":
            marks[task.node] = "failed"
        elif task.status == "open":
            marks[task.node] = "current" if task.kind == "step" else "waiting"
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    here = [task.node for task in tasks if task.status in ("open", "failed")]
    for number, node in enumerate([*instance.path, *here]):
        first.setdefault(node, number)
        last[node] = number
    for flow in safe_root(xml).iter(f"{BPMN}sequenceFlow"):
        source, target = flow.get("sourceRef"), flow.get("targetRef")
        if source in instance.path and target in last and first[source] < last[target]:
            marks[flow.get("id", "")] = "done"
    return marks


def places_of(defined: Definition, titles: Mapping[str, Text]) -> list[tuple[str, Text]]:
    """Where a token may be put: id and title, by the `titles` of the elements."""
    return [
        (node.id, titles.get(node.id, Text(node.title or node.id, node.title or node.id)))
        for node in defined.diagram.nodes
        if node.kind in PLACES
    ]


def english_steps(xml: bytes, registry: Registry) -> dict[str, str]:
    """English names of the elements that call steps: diagrams are drawn in Chinese, steps are announced in both."""
    found = {}
    for element in safe_root(xml).iter(f"{BPMN}serviceTask"):
        operator = element.find(f".//{SPIFF}serviceTaskOperator")
        step = registry.steps.get(operator.get("id", "")) if operator is not None else None
        if step:
            found[element.get("id", "")] = step.title.en
    return found


def worded(xml: bytes, registry: Registry) -> bytes:
    """The diagram in the reader's language, as far as there are words."""
    english = english_steps(xml, registry) if language() == "en" else {}
    if not english:
        return xml
    root = safe_root(xml)
    for element in root.iter(f"{BPMN}serviceTask"):
        element.set("name", english.get(element.get("id", ""), element.get("name", "")))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def timeline_of(
    instance: ProcessInstance,
    tasks: Sequence[ProcessTask],
    clocks: Sequence[Clock],
    titles: Mapping[str, str],
    task_title: Callable[[ProcessTask], Text],
    *,
    with_words: bool,
) -> list[TimelineEntry]:
    """Everything that happened, latest last. What people said is told in their words only `with_words`."""
    session = current_session()
    begun = Text("流程发起", "Started")
    entries = [TimelineEntry(instance.started_at, begun, name_of(instance.started_by), tone="info")]
    entries += [
        _told(task, task_title(task)) for task in tasks if task.finished_at is not None or task.status == "failed"
    ]
    entries += [
        TimelineEntry(
            act.at,
            {**ACTS, **_HANDED}.get(act.kind, Text(act.kind, act.kind)),
            name_of(act.actor),
            f"{_where(act.node, titles)}{act.reason}",
            "warning",
        )
        for act in session.scalars(select(Act).filter_by(instance_id=instance.id).order_by(Act.id).limit(MOST))
    ]
    for comment in session.scalars(
        select(Comment)
        .filter_by(instance_id=instance.id)
        .order_by(Comment.id)
        .limit(MOST)
        .options(*(() if with_words else (defer(Comment.text),)))
    ):
        said = comment.text if with_words else Text("内容对办理人员可见", "for those who work on it to read")
        entries.append(TimelineEntry(comment.at, Text("评论", "Comment"), name_of(comment.author), said))
    files = select(Attachment.uploaded_at, Attachment.uploaded_by).filter_by(instance_id=instance.id).limit(MOST)
    entries += [TimelineEntry(at, Text("上传附件", "File attached"), name_of(by)) for at, by in session.execute(files)]
    entries += [
        TimelineEntry(
            clock.due_at, Text("时限逾期", "Limit missed"), "", _clock_title(clock), "danger", due_text(clock.due_at)
        )
        for clock in clocks
        if clock.state == "missed"
    ]
    if instance.finished_at is not None:
        cancelled = instance.status == "cancelled"
        ended = Text("流程终止", "Cancelled") if cancelled else Text("流程办结", "Done")
        entries.append(TimelineEntry(instance.finished_at, ended, tone="neutral" if cancelled else "success"))
    return sorted(entries, key=lambda each: each.moment)


def _clock_title(clock: Clock) -> Text:
    return Text(clock.title_zh, clock.title_en)


def _where(node: str, titles: Mapping[str, str]) -> str:
    """The elements that an act names, by their titles."""
    if not node:
        return ""
    return " → ".join(titles.get(each, each) for each in node.split(" → ")) + t("：", ": ")


def _told(task: ProcessTask, title: Text) -> TimelineEntry:
    tone: Tone = "neutral"
    moment: datetime = task.finished_at or task.opened_at
    text: Text | str = ""
    if task.status == "failed":
        tone, text = "danger", Text("步骤失败", "The step failed")
    elif task.status == "cancelled":
        text = Text("已撤销", "Called off")
    else:
        tone = "success" if task.kind == "question" else "info"
        if task.kind == "message":
            text = Text("收到消息或时间已到", "The message or the time has come")
    who = name_of(task.finished_by) if task.kind == "question" and task.finished_by else ""
    return TimelineEntry(moment, title, who, text, tone)

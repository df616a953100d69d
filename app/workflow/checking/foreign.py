"""What other tools put into their files and we do not run: named, counted, and the reason why."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from app.core.text import Text

_BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_SPIFF: Final = "http://spiffworkflow.org/bpmn/schema/1.0/core"
_OF_THE_STANDARD: Final = (
    "http://www.omg.org/spec/",
    "http://www.w3.org/",
    "http://bpmn.io/schema/bpmn/biocolor",
)
_OURS: Final = frozenset(
    {"serviceTaskOperator", "parameters", "parameter", "properties", "property", "messageVariable",
     "messagePayload", "payloadExpression", "variableName"}
)  # fmt: skip
_TOOLS: Final = {
    "http://camunda.org/schema/1.0/bpmn": "Camunda 7",
    "http://activiti.org/bpmn": "Activiti",
    "http://flowable.org/bpmn": "Flowable",
    "http://flowable.org/design": "Flowable",
    "http://camunda.org/schema/zeebe/1.0": "Camunda 8",
    "http://camunda.org/schema/modeler/1.0": "Camunda Modeler",
    "http://www.bizagi.com/bpmn20": "Bizagi",
    "http://www.signavio.com": "Signavio",
    "http://www.signavio.com/schema/bpmn": "Signavio",
    _SPIFF: "SpiffArena",
}
_CODE: Final = Text(
    "程序代码与脚本不在此运行；请改用服务任务，从步骤目录中选用步骤",
    "code and scripts are not run here; use a service task with a step of the catalogue",
)
_PEOPLE: Final = Text(
    "办理人由用户任务的 role、permission、not_by 属性规定",
    "who does a task is said by the properties role, permission and not_by of the user task",
)
_FORM: Final = Text(
    "表单须是本平台的表单，由用户任务的 form 属性指定", "forms are those of this platform, named by the property form"
)
_DATA: Final = Text(
    "数据的取用由步骤参数和结果变量规定",
    "data are passed by the parameters of steps and the variables of their results",
)
_TIME: Final = Text(
    "时限由 within 属性、定时事件和流程说明中的 clocks 规定",
    "time limits are said by the property within, by timer events and by the clocks of the description",
)
_RUNNING: Final = Text(
    "重试、异步与作业由本平台的执行器统一处理",
    "retries, asynchronous work and jobs are the business of this platform's executor",
)
_LOOK: Final = Text("只与绘图工具有关，不影响运行", "it matters to the drawing tool only, not to how the process runs")
_UNKNOWN: Final = Text("本平台不认识这个扩展", "this platform does not know the extension")
_REASONS: Final = (
    (_CODE, ("script", "class", "delegate", "expression", "listener", "connector", "executable", "unittest", "topic",
             "taskdefinition", "resultvariable", "decision", "field", "plugin")),
    (_FORM, ("form", "instructions", "jsonschema", "uischema")),
    (_PEOPLE, ("assignee", "assignment", "candidate", "initiator", "usertask", "guest", "owner", "skip")),
    (_TIME, ("duedate", "followup", "schedule", "calendar", "timetolive")),
    (_RUNNING, ("async", "retry", "job", "exclusive", "priority", "correlation", "subscription", "version")),
    (_DATA, ("input", "output", "iomapping", "mapping", "in", "out", "variable", "properties", "property",
             "collection", "element", "loop", "header", "called", "parameter")),
)  # fmt: skip
_STANDARD_PARTS: Final = {
    "dataObject": _DATA, "dataObjectReference": _DATA, "dataStore": _DATA, "dataStoreReference": _DATA,
    "ioSpecification": _DATA, "dataInputAssociation": _DATA, "dataOutputAssociation": _DATA, "property": _DATA,
    "lane": _PEOPLE, "potentialOwner": _PEOPLE, "humanPerformer": _PEOPLE, "performer": _PEOPLE,
    "resourceRole": _PEOPLE,
    "choreography": Text("编排图只说明参与方之间的往来，不能运行", "choreographies describe partners and cannot be run"),
    "conversation": Text("会话图只说明参与方之间的往来，不能运行", "conversations describe partners and cannot be run"),
    "messageFlow": Text(
        "消息流只作说明；收发消息由消息事件规定", "message flows are drawn only; message events send and receive"
    ),
}  # fmt: skip


def unsupported(root: Any) -> tuple[Text, ...]:
    """What of a file is left out when it is run, one line for each kind of thing, in the order of the file."""
    found: dict[tuple[str, str, bool], list[str]] = {}
    for element in root.iter("*"):
        name = etree.QName(element)
        place = _holder(element)
        if _is_foreign(name.namespace or "", name.localname) or (
            name.namespace == _BPMN and name.localname in _STANDARD_PARTS
        ):
            found.setdefault((name.namespace or "", name.localname, False), []).append(place)
        for attribute in element.attrib:
            given = etree.QName(attribute)
            if given.namespace and _is_foreign(given.namespace, given.localname):
                found.setdefault((given.namespace, given.localname, True), []).append(place)
    return tuple(_line(*key, places) for key, places in found.items())


def _is_foreign(namespace: str, name: str) -> bool:
    if namespace.startswith(_OF_THE_STANDARD):
        return False
    return not (namespace == _SPIFF and name in _OURS)


def _holder(element: Any) -> str:
    """The id of the nearest element of the standard around it."""
    for each in [element, *element.iterancestors()]:
        if etree.QName(each).namespace == _BPMN and each.get("id"):
            return str(each.get("id"))
    return ""


def _line(namespace: str, name: str, attribute: bool, places: list[str]) -> Text:
    tool = "BPMN" if namespace == _BPMN else _TOOLS.get(namespace, namespace or "?")
    reason = _STANDARD_PARTS[name] if namespace == _BPMN else _reason(namespace, name)
    distinct = list(dict.fromkeys(place for place in places if place))
    shown = ", ".join(distinct[:3]) + (" …" if len(distinct) > 3 else "")
    what = Text("属性", "attribute") if attribute else Text("元素", "element")
    return Text(
        f"{tool} {what.zh} {name}（{len(places)} 处：{shown}）：{reason.zh}",
        f"{tool} {what.en} {name} ({len(places)}×: {shown}): {reason.en}",
    )


def _reason(namespace: str, name: str) -> Text:
    if _TOOLS.get(namespace) in ("Camunda Modeler", "Signavio", "Bizagi"):
        return _LOOK
    low = name.lower()
    return next((reason for reason, words in _REASONS if any(_names(low, word) for word in words)), _UNKNOWN)


def _names(name: str, word: str) -> bool:
    """Words of two letters must be the whole name, others a part of it: `in` is not `input`."""
    return name == word if len(word) < 4 else word in name

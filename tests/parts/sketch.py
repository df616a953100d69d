"""Diagrams for tests as a few readable lines.

start S
user A role=reviewer form=a/b        # properties of a question
service B step=test.echo result=x value=variable
x G                                  # gateways: x exclusive, + parallel, o inclusive, e event-based
sub P                                # what is indented below stands inside
  start S2
catch M message=Paid                 # or timer=P1D
edge T on=A timer=P1D kept           # kept: the task goes on
end E                                # or: terminate, error=CODE
S > A > G                            # flows, >> the default one
G > E : judged.blocked > 3
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import quoteattr

from drawing import _HEAD, flow, properties, verb

from app.workflow.content import Content

_KINDS = {
    "start": "startEvent",
    "end": "endEvent",
    "user": "userTask",
    "service": "serviceTask",
    "x": "exclusiveGateway",
    "+": "parallelGateway",
    "o": "inclusiveGateway",
    "e": "eventBasedGateway",
    "sub": "subProcess",
    "catch": "intermediateCatchEvent",
    "throw": "intermediateThrowEvent",
    "edge": "boundaryEvent",
    "call": "callActivity",
    "receive": "receiveTask",
}
_EVENTS = ("timer", "message", "error", "terminate", "escalation", "signal", "compensate", "conditional")
_QUESTION = ("form", "role", "permission", "result", "within", "priority", "not_by", "colour", "name_en")


def sketch(text: str, process: str = "p", *, executable: bool = True) -> bytes:
    """The diagram that the lines say. Elements are called `名X`, flows `名`, unless `name=` says otherwise (`_` is none)."""
    lines = [line.partition("#")[0].rstrip() for line in text.splitlines()]
    lines = [line for line in lines if line.strip()]
    margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    defaults: dict[str, str] = {}
    for line in lines:
        if ">>" in line:
            one, other = (each.strip() for each in line.split(">>"))
            defaults[one] = f"{one}_{other}"
    known: set[tuple[str, str]] = set()
    inside: list[str] = []
    open_at: list[int] = []
    for line in lines:
        indent = len(line) - len(line.lstrip()) - margin
        while open_at and indent <= open_at[-1]:
            open_at.pop()
            inside.append("</bpmn:subProcess>")
        words = line.split()
        if re.search(r"\s>>?\s", line.partition(" : ")[0]):
            inside.append(_flows(line))
        elif words[0] == "sub":
            open_at.append(indent)
            inside.append(_element(words, defaults, known).removesuffix("</bpmn:subProcess>"))
        else:
            inside.append(_element(words, defaults, known))
    inside += ["</bpmn:subProcess>"] * len(open_at)
    named = "".join(
        f'<bpmn:error id="def_{value}" name="{value}" errorCode="{value}" />'
        if kind == "error"
        else f'<bpmn:{kind} id="def_{value}" name="{value}" />'
        for kind, value in sorted(known)
    )
    flag = "true" if executable else "false"
    body = f'<bpmn:process id="{process}" name="流程" isExecutable="{flag}">{"".join(inside)}</bpmn:process>'
    return f"{_HEAD}{named}{body}</bpmn:definitions>".encode()


def _flows(line: str) -> str:
    ways, _, condition = line.partition(" : ")
    names = [each.strip() for each in re.split(r">>?", ways)]
    made = "".join(flow(one, other, condition.strip()) for one, other in pairwise(names))
    return made.replace("<bpmn:sequenceFlow ", '<bpmn:sequenceFlow name="名" ')


def _element(words: list[str], defaults: Mapping[str, str], known: set[tuple[str, str]]) -> str:
    kind, identity = _KINDS.get(words[0], words[0]), words[1]
    given = dict(each.partition("=")[::2] for each in words[2:])
    name = given.pop("name", f"名{identity}")
    attributes = {"id": identity, "name": "" if name == "_" else name}
    inner = ""
    if identity in defaults:
        attributes["default"] = defaults[identity]
    if kind == "boundaryEvent":
        attributes["attachedToRef"] = given.pop("on", "")
        if "kept" in given:
            del given["kept"]
            attributes["cancelActivity"] = "false"
    if kind == "serviceTask" and "step" in given:
        inner += verb(given.pop("step"), given.pop("result", ""), **{k: v for k, v in given.items() if k != "many"})
        given = {k: v for k, v in given.items() if k == "many"}
    if kind in ("userTask", "callActivity") and any(key in given for key in _QUESTION):
        inner += properties(**{key: given.pop(key) for key in _QUESTION if key in given})
    if kind == "receiveTask" and "message" in given:
        known.add(("message", given["message"]))
        attributes["messageRef"] = f"def_{given.pop('message')}"
    if "called" in given:
        attributes["calledElement"] = given.pop("called")
    if "many" in given:
        items = given.pop("many")
        ref = f"<bpmn:loopDataInputRef>{items}</bpmn:loopDataInputRef>" if items else ""
        item = '<bpmn:inputDataItem id="item" name="item" />'
        inner += f"<bpmn:multiInstanceLoopCharacteristics>{ref}{item}</bpmn:multiInstanceLoopCharacteristics>"
    for event in _EVENTS:
        if event in given:
            inner += _event(event, given.pop(event), known)
    attributes |= given
    told = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<bpmn:{kind}{told}>{inner}</bpmn:{kind}>"


def _event(event: str, value: str, known: set[tuple[str, str]]) -> str:
    if event == "timer":
        text = value.replace("_", " ")
        return f"<bpmn:timerEventDefinition><bpmn:timeDuration>{text}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    reference = ""
    if value and event in ("message", "error", "signal", "escalation"):
        known.add((event, value))
        reference = f' {event}Ref="def_{value}"'
    return f"<bpmn:{event}EventDefinition{reference} />"


WORDS = {"zh": "试验", "en": "trial"}


def content(
    text: str,
    *cases: Mapping[str, Any],
    facts: Mapping[str, Any] | None = None,
    forms: Mapping[str, Any] | None = None,
    **description: Any,
) -> Content:
    """A whole definition `test.p` around a sketch."""
    told = {"process": "test.p", "title": WORDS, "owner": WORDS, "purpose": WORDS, "facts": facts or {}, **description}
    return Content("test.p", told, sketch(text), forms or {}, cases)

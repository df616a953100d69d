"""Small diagrams for tests, written as a list of elements and flows instead of XML."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="urn:test">'
)


def element(kind: str, identity: str, inner: str = "", name: str = "", **attributes: str) -> str:
    """One element of a process: `element("userTask", "Ask", properties(form="a/b"))`."""
    rest = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f'<bpmn:{kind} id="{identity}" name={quoteattr(name or identity)}{rest}>{inner}</bpmn:{kind}>'


def properties(**given: str) -> str:
    """The extension properties of a user task."""
    each = "".join(f"<spiffworkflow:property name={quoteattr(k)} value={quoteattr(v)} />" for k, v in given.items())
    return (
        f"<bpmn:extensionElements><spiffworkflow:properties>{each}</spiffworkflow:properties></bpmn:extensionElements>"
    )


def verb(step: str, result: str, **parameters: str) -> str:
    """The operator of a service task; parameters name variables of the process."""
    each = "".join(
        f'<spiffworkflow:parameter id={quoteattr(k)} type="str" value={quoteattr(v)} />' for k, v in parameters.items()
    )
    return (
        f'<bpmn:extensionElements><spiffworkflow:serviceTaskOperator id={quoteattr(step)} resultVariable="{result}">'
        f"<spiffworkflow:parameters>{each}</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
        "</bpmn:extensionElements>"
    )


def flow(source: str, target: str, condition: str = "") -> str:
    """A sequence flow `source_target`."""
    inner = f"<bpmn:conditionExpression>{escape(condition)}</bpmn:conditionExpression>" if condition else ""
    return (
        f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inner}'
        "</bpmn:sequenceFlow>"
    )


def chain(*names: str) -> str:
    """Flows from each to the next."""
    return "".join(flow(one, other) for one, other in itertools.pairwise(names))


def diagram(process: str, parts: Iterable[str], before: str = "") -> bytes:
    """A whole diagram; `before` holds messages and errors."""
    inner = "".join(parts)
    text = f'{_HEAD}{before}<bpmn:process id="{process}" isExecutable="true">{inner}</bpmn:process></bpmn:definitions>'
    return text.encode()


def laid_out(xml: bytes) -> bytes:
    """The diagram with its elements of the top level drawn in a row, so that pages can show it."""
    process = etree.fromstring(xml).find(f"{{{_BPMN}}}process")
    assert process is not None
    flows = process.findall(f"{{{_BPMN}}}sequenceFlow")
    nodes = [each for each in process if each not in flows]
    places: dict[str, tuple[int, int]] = {}
    drawn: list[str] = []
    for number, each in enumerate(nodes):
        size = (36, 36) if each.tag.endswith("Event") else (50, 50) if each.tag.endswith("Gateway") else (100, 80)
        x, y = 100 + 160 * number - size[0] // 2, 100 - size[1] // 2
        places[each.attrib["id"]] = (x, x + size[0])
        drawn.append(_shape(each.attrib["id"], f'<dc:Bounds x="{x}" y="{y}" width="{size[0]}" height="{size[1]}" />'))
    for each in flows:
        ends = (places[each.attrib["sourceRef"]][1], places[each.attrib["targetRef"]][0])
        drawn.append(_edge(each.attrib["id"], "".join(f'<di:waypoint x="{x}" y="100" />' for x in ends)))
    plane = f'<bpmndi:BPMNPlane id="plane" bpmnElement="{process.attrib["id"]}">{"".join(drawn)}</bpmndi:BPMNPlane>'
    picture = f'<bpmndi:BPMNDiagram id="picture">{plane}</bpmndi:BPMNDiagram></bpmn:definitions>'
    di = b'<bpmn:definitions xmlns:di="http://www.omg.org/spec/DD/20100524/DI" '
    return xml.replace(b"<bpmn:definitions ", di, 1).replace(b"</bpmn:definitions>", picture.encode(), 1)


def _shape(element_id: str, inner: str) -> str:
    return f'<bpmndi:BPMNShape id="{element_id}_shape" bpmnElement="{element_id}">{inner}</bpmndi:BPMNShape>'


def _edge(element_id: str, inner: str) -> str:
    return f'<bpmndi:BPMNEdge id="{element_id}_edge" bpmnElement="{element_id}">{inner}</bpmndi:BPMNEdge>'

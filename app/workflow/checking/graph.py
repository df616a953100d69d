"""Our own reading of a diagram file: what stands in it, whoever drew it, before any engine has an opinion of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

from lxml import etree

from app.core.errors import Invalid
from app.core.text import Text
from app.workflow.engine import safe_root

BPMN: Final = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF: Final = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
_DI: Final = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_DC: Final = "{http://www.omg.org/spec/DD/20100524/DC}"
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"

SUBPROCESSES: Final = frozenset({"subProcess", "transaction", "adHocSubProcess"})
GATEWAYS: Final = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"}
)
EVENTS: Final = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
ACTIVITIES: Final = frozenset(
    {
        "task", "userTask", "serviceTask", "sendTask", "receiveTask", "manualTask", "scriptTask", "businessRuleTask",
        "callActivity", *SUBPROCESSES,
    }
)  # fmt: skip
_NODES: Final = GATEWAYS | EVENTS | ACTIVITIES
_DEFINITION: Final = "EventDefinition"
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Operator:
    """The verb of a service task. `parameters` are name and value as written, in order."""

    step: str
    result: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Repetition:
    """How an activity is repeated: `parallel` or `sequential` over a list, or `standard` (until a condition holds)."""

    kind: str
    collection: str = ""
    item: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """An element that tokens go through. `scope` is the id of the process or sub-process that it stands in.

    `event` is the kind of an event (timer, message, error, terminate…), empty for a plain one; `reference` is the name of
    its message, the code of its error or the text of its time limit; several kinds on one event are joined by `+`.
    """

    id: str
    kind: str
    name: str
    scope: str
    event: str = ""
    reference: str = ""
    attached: str = ""
    interrupting: bool = True
    default: str = ""
    called: str = ""
    operator: Operator | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    repetition: Repetition | None = None
    by_event: bool = False
    """a sub-process that no flow leads into, started by an event"""
    compensating: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow; `condition` is None where it has none."""

    id: str
    name: str
    source: str
    target: str
    scope: str
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """Where an element is drawn, in the diagram's units."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        across = self.x < other.x + other.width and other.x < self.x + self.width
        return across and self.y < other.y + other.height and other.y < self.y + self.height


@dataclass(frozen=True, eq=False)
class Graph:
    """A diagram file. `processes` are the ids of its processes and whether each is executable."""

    processes: Mapping[str, bool]
    nodes: Mapping[str, Node]
    flows: tuple[Flow, ...]
    repeated: tuple[str, ...]
    """ids that more than one element has"""
    nameless: tuple[str, ...]
    """kinds of elements without an id"""
    shapes: Mapping[str, Box]
    drawn: frozenset[str]
    """ids of the flows that are drawn"""
    root: Any

    @cached_property
    def _out(self) -> Mapping[str, list[Flow]]:
        return _grouped((flow.source, flow) for flow in self.flows)

    @cached_property
    def _in(self) -> Mapping[str, list[Flow]]:
        return _grouped((flow.target, flow) for flow in self.flows)

    def out_of(self, node: str) -> list[Flow]:
        return self._out.get(node, [])

    def into(self, node: str) -> list[Flow]:
        return self._in.get(node, [])

    @cached_property
    def _scopes(self) -> Mapping[str, list[Node]]:
        return _grouped((node.scope, node) for node in self.nodes.values())

    @cached_property
    def _flow(self) -> Mapping[str, Flow]:
        return {flow.id: flow for flow in self.flows}

    @cached_property
    def _edges(self) -> Mapping[str, list[Node]]:
        return _grouped((node.attached, node) for node in self.nodes.values() if node.kind == "boundaryEvent")

    @cached_property
    def _flows(self) -> Mapping[str, list[Flow]]:
        return _grouped((flow.scope, flow) for flow in self.flows)

    def within(self, scope: str) -> list[Node]:
        """The elements directly in a process or sub-process."""
        return self._scopes.get(scope, [])

    def flows_within(self, scope: str) -> list[Flow]:
        return self._flows.get(scope, [])

    def edges_of(self, activity: str) -> list[Node]:
        """The boundary events of an activity."""
        return self._edges.get(activity, [])

    def process_of(self, node: Node) -> str:
        """The process that the element is in, through however many sub-processes."""
        scope = node.scope
        while scope in self.nodes and scope not in self.processes:
            scope = self.nodes[scope].scope
        return scope

    def label(self, element: str) -> str:
        """What a person calls the element: its name; a flow without one by its ends; or else its id."""
        found = self.nodes.get(element) or self._flow.get(element)
        if found is None:
            return element
        if name := " ".join(found.name.split()):
            return name
        if isinstance(found, Flow) and found.source and found.target:
            return f"{self.label(found.source)} → {self.label(found.target)}"
        return element


def _grouped(pairs: Iterator[tuple[str, Item]]) -> Mapping[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for key, flow in pairs:
        found.setdefault(key, []).append(flow)
    return found


def read_graph(xml: bytes) -> Graph:
    """Read a diagram file. Raises Invalid (`workflow.diagram`) where it is no BPMN 2.0 XML."""
    root = safe_root(xml)
    if root.tag != f"{BPMN}definitions":
        raise Invalid(
            "workflow.diagram",
            Text(
                "这不是 BPMN 2.0 文件：根元素是 {tag}", "This is not a BPMN 2.0 file: its root element is {tag}"
            ).format(tag=str(root.tag)[:120]),
        )
    seen: dict[str, int] = {}
    for element in root.iter(f"{BPMN}*"):
        if identity := element.get("id"):
            seen[identity] = seen.get(identity, 0) + 1
    reader = _Reader(root)
    processes = {}
    for number, process in enumerate(root.iterfind(f"{BPMN}process")):
        identity = process.get("id") or f"process#{number}"
        processes[identity] = process.get("isExecutable") == "true"
        reader.read_scope(process, identity)
    return Graph(
        processes=processes,
        nodes=reader.nodes,
        flows=tuple(reader.flows),
        repeated=tuple(identity for identity, count in seen.items() if count > 1),
        nameless=tuple(reader.nameless),
        shapes=_shapes(root),
        drawn=frozenset(edge.get("bpmnElement", "") for edge in root.iter(f"{_DI}BPMNEdge")),
        root=root,
    )


class _Reader:
    """Collects elements scope by scope; definitions beside the processes (messages, errors) are looked up by id."""

    def __init__(self, root: Any) -> None:
        self.nodes: dict[str, Node] = {}
        self.flows: list[Flow] = []
        self.nameless: list[str] = []
        self._named = {
            each.get("id", ""): each
            for kind in ("message", "error", "signal", "escalation")
            for each in root.iterfind(f"{BPMN}{kind}")
        }

    def read_scope(self, parent: Any, scope: str) -> None:
        for element in parent.iterchildren(f"{BPMN}*"):
            kind = etree.QName(element).localname
            identity = element.get("id") or ""
            if kind in _NODES or kind == "sequenceFlow":
                if not identity:
                    self.nameless.append(kind)
                    identity = f"{kind}#{len(self.nameless)}"
                    while identity in self.nodes:
                        identity += "#"
                if kind == "sequenceFlow":
                    self.flows.append(_flow(element, identity, scope))
                elif identity not in self.nodes:
                    self.nodes[identity] = self._node(element, kind, identity, scope)
                    if kind in SUBPROCESSES:
                        self.read_scope(element, identity)

    def _node(self, element: Any, kind: str, identity: str, scope: str) -> Node:
        event, reference = self._event(element)
        if kind in ("receiveTask", "sendTask"):
            event, reference = "message", self._name(element.get("messageRef"))
        return Node(
            id=identity,
            kind=kind,
            name=element.get("name") or "",
            scope=scope,
            event=event,
            reference=reference,
            attached=element.get("attachedToRef") or "",
            interrupting=element.get("cancelActivity") != "false",
            default=element.get("default") or "",
            called=element.get("calledElement") or "",
            operator=_operator(element),
            properties={
                each.get("name", ""): each.get("value") or ""
                for each in element.iterfind(f"{BPMN}extensionElements/{SPIFF}properties/{SPIFF}property")
            },
            repetition=_repetition(element),
            by_event=element.get("triggeredByEvent") == "true",
            compensating=element.get("isForCompensation") == "true",
        )

    def _event(self, element: Any) -> tuple[str, str]:
        found = [each for each in element.iterchildren(f"{BPMN}*") if etree.QName(each).localname.endswith(_DEFINITION)]
        kinds = [etree.QName(each).localname.removesuffix(_DEFINITION) for each in found]
        if not found:
            return "", ""
        first = found[0]
        if kinds[0] == "timer":
            texts = [f"{(each.text or '').strip()}" for each in first.iterchildren(f"{BPMN}*")]
            return "+".join(kinds), " ".join(texts)
        reference = next((first.get(key) for key in first.keys() if key.endswith("Ref")), None)  # noqa: SIM118 - lxml
        return "+".join(kinds), self._name(reference)

    def _name(self, reference: str | None) -> str:
        """The name of a message or the code of an error; empty where there is none."""
        found = self._named.get((reference or "").rpartition(":")[2])
        if found is None:
            return ""
        return found.get("errorCode") or found.get("escalationCode") or found.get("name") or ""


def _flow(element: Any, identity: str, scope: str) -> Flow:
    condition = element.find(f"{BPMN}conditionExpression")
    return Flow(
        id=identity,
        name=element.get("name") or "",
        source=element.get("sourceRef") or "",
        target=element.get("targetRef") or "",
        scope=scope,
        condition=None if condition is None else "".join(condition.itertext()).strip(),
    )


def _operator(element: Any) -> Operator | None:
    found = element.find(f"{BPMN}extensionElements/{SPIFF}serviceTaskOperator")
    if found is None:
        return None
    parameters = [
        (each.get("id") or "", each.get("value") or "")
        for each in found.iterfind(f"{SPIFF}parameters/{SPIFF}parameter")
    ]
    return Operator(found.get("id") or "", found.get("resultVariable") or "", tuple(parameters))


def _repetition(element: Any) -> Repetition | None:
    if element.find(f"{BPMN}standardLoopCharacteristics") is not None:
        return Repetition("standard")
    found = element.find(f"{BPMN}multiInstanceLoopCharacteristics")
    if found is None:
        return None
    item, output = found.find(f"{BPMN}inputDataItem"), found.find(f"{BPMN}loopDataOutputRef")
    collection = found.find(f"{BPMN}loopDataInputRef")
    if collection is None:
        collection = found.find(f"{BPMN}loopCardinality")
    return Repetition(
        kind="sequential" if found.get("isSequential") == "true" else "parallel",
        collection="" if collection is None else (collection.text or "").strip(),
        item="" if item is None else item.get("name") or item.get("id") or "",
        output="" if output is None else (output.text or "").strip(),
    )


def _shapes(root: Any) -> dict[str, Box]:
    found = {}
    for shape in root.iter(f"{_DI}BPMNShape"):
        bounds = shape.find(f"{_DC}Bounds")
        try:
            box = Box(*(float(bounds.get(key)) for key in ("x", "y", "width", "height")))
        except (AttributeError, TypeError, ValueError):
            continue
        found[shape.get("bpmnElement") or ""] = box
    return found

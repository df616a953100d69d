"""A diagram as places and transitions, which is what the token game is played on.

A place is a sequence flow, or an activity that is being worked on where something may interrupt it. Conditions are free
choices: whether a way is ever taken is not asked, only what happens if it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from app.workflow.checking.graph import ACTIVITIES, SUBPROCESSES, Graph, Node

_MOST_WAYS: Final = 8
"""An inclusive split of more ways than this is taken one way at a time or all at once."""
_NEVER_ENTERED: Final = frozenset({"compensate", "cancel"})


@dataclass(frozen=True, slots=True)
class Transition:
    """Something that can happen: tokens go from `takes` to `gives`.

    `clears` loses whatever it holds, `empty` must hold nothing. `joins` are the flows into an inclusive join, all of
    whose tokens are taken once no more can come. `elements` are passed in that order; `covers` also count as passed.
    """

    takes: frozenset[str]
    gives: tuple[str, ...]
    elements: tuple[str, ...]
    clears: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    joins: frozenset[str] = frozenset()
    covers: frozenset[str] = frozenset()
    ends: bool = False
    error: bool = False
    """an error that nothing in the diagram catches"""

    @property
    def plain(self) -> bool:
        return not (self.clears or self.empty or self.joins or self.ends or self.error)


@dataclass(slots=True)
class Net:
    """`at` says at which element the token of a place waits, `scope` in which process or sub-process a place lies."""

    initial: list[str] = field(default_factory=list)
    begun: tuple[str, ...] = ()
    """elements passed before the first state"""
    covered: frozenset[str] = frozenset()
    transitions: list[Transition] = field(default_factory=list)
    at: dict[str, str] = field(default_factory=dict)
    scope: dict[str, str] = field(default_factory=dict)


def build(graph: Graph, process: str) -> Net:
    """The net of a process. Elements that no token can enter by a flow (compensation, event sub-processes) are left out."""
    return _Builder(graph, process).net


class _Builder:
    def __init__(self, graph: Graph, process: str) -> None:
        self._graph = graph
        self.net = Net()
        for flow in graph.flows:
            if flow.source in graph.nodes and flow.target in graph.nodes:
                self._place(flow.id, flow.target, flow.scope)
        self._scopes = {process: self._inside(process)}
        for node in self._reached(process):
            if node.kind in SUBPROCESSES:
                self._scopes[node.id] = self._inside(node.id)
        for node in self._reached(process):
            self._add(node)
        starts = self._starts(process)
        self.net.begun = tuple(node.id for node in starts)
        self.net.initial = [place for node in starts for place in self._outputs(node)]

    def _reached(self, scope: str) -> Iterator[Node]:
        for node in self._graph.within(scope):
            if node.by_event or node.compensating:
                continue
            yield node
            if node.kind in SUBPROCESSES:
                yield from self._reached(node.id)

    def _inside(self, scope: str) -> frozenset[str]:
        """Every place within a scope, at any depth."""
        found: set[str] = set()
        for node in self._graph.within(scope):
            found.update(self._edge_places(node))
            if node.kind in SUBPROCESSES:
                found |= self._inside(node.id)
        found |= {flow.id for flow in self._graph.flows_within(scope)}
        return frozenset(found)

    def _edge_places(self, node: Node) -> list[str]:
        if node.kind not in ACTIVITIES:
            return []
        edges = self._edges(node)
        if not edges and node.kind not in SUBPROCESSES:
            return []
        return [f"{node.id}@", *(f"{edge.id}?" for edge in edges if not edge.interrupting)]

    def _edges(self, node: Node) -> list[Node]:
        return [edge for edge in self._graph.edges_of(node.id) if edge.event not in _NEVER_ENTERED]

    def _starts(self, scope: str) -> list[Node]:
        return [node for node in self._graph.within(scope) if node.kind == "startEvent"]

    def _place(self, name: str, at: str, scope: str) -> str:
        self.net.at[name], self.net.scope[name] = at, scope
        return name

    def _outputs(self, node: Node) -> list[str]:
        return [flow.id for flow in self._graph.out_of(node.id) if flow.id in self.net.at]

    def _inputs(self, node: Node) -> list[str]:
        return [flow.id for flow in self._graph.into(node.id) if flow.id in self.net.at]

    def _move(self, takes: Iterable[str], gives: Iterable[str], *elements: str, **more: object) -> None:
        made = Transition(frozenset(takes), tuple(gives), elements)
        self.net.transitions.append(replace(made, **more) if more else made)  # type: ignore[arg-type] # its own fields

    def _add(self, node: Node) -> None:
        inputs, outputs = self._inputs(node), self._outputs(node)
        if node.kind in ("startEvent", "boundaryEvent"):
            return
        if node.kind == "parallelGateway":
            if inputs:
                self._move(inputs, outputs, node.id, ends=not outputs)
        elif node.kind == "inclusiveGateway":
            self._inclusive(node, inputs, outputs)
        elif node.kind in ("exclusiveGateway", "eventBasedGateway", "complexGateway"):
            self._choice(node, inputs, outputs)
        elif node.kind == "endEvent" or not (outputs or node.kind in ACTIVITIES):
            self._end(node, inputs)
        elif self._edge_places(node):
            self._activity(node, inputs, outputs)
        else:
            for place in inputs:
                self._move([place], outputs, node.id, ends=not outputs)

    def _choice(self, node: Node, inputs: list[str], outputs: list[str]) -> None:
        entered = inputs
        if len(inputs) > 1 and len(outputs) > 1:
            entered = [self._place(f"{node.id}!", node.id, node.scope)]
            for place in inputs:
                self._move([place], entered)
        for place in entered:
            for way in outputs:
                self._move([place], [way], node.id)
            if not outputs:
                self._move([place], [], node.id, ends=True)

    def _inclusive(self, node: Node, inputs: list[str], outputs: list[str]) -> None:
        entered = inputs
        if len(inputs) > 1:
            entered = outputs if len(outputs) == 1 else [self._place(f"{node.id}!", node.id, node.scope)]
            self._move([], entered, node.id, joins=frozenset(inputs))
            if len(outputs) == 1:
                return
        for place in entered:
            for ways in _some_of(outputs, node.default):
                self._move([place], ways, node.id)
            if not outputs:
                self._move([place], [], node.id, ends=True)

    def _end(self, node: Node, inputs: list[str]) -> None:
        kinds = node.event.split("+")
        for place in inputs:
            if "terminate" in kinds:
                self._move([place], [], node.id, clears=self._scopes[node.scope] - {place}, ends=True)
            elif "error" in kinds:
                self._error(node, place)
            else:
                self._move([place], [], node.id, ends=True)

    def _error(self, node: Node, place: str) -> None:
        """An error goes outwards until an edge catches it."""
        scope = node.scope
        while scope in self._graph.nodes:
            around = self._graph.nodes[scope]
            for edge in self._edges(around):
                if edge.event == "error" and edge.reference in ("", node.reference):
                    taken = [place, f"{around.id}@"]
                    cleared = self._everything_of(around) - set(taken)
                    self._move(taken, self._outputs(edge), node.id, edge.id, clears=cleared)
                    return
            scope = around.scope
        self._move([place], [], node.id, clears=self._scopes[scope] - {place}, error=True)

    def _everything_of(self, node: Node) -> frozenset[str]:
        return self._scopes.get(node.id, frozenset()) | frozenset(self._edge_places(node))

    def _activity(self, node: Node, inputs: list[str], outputs: list[str]) -> None:
        """An activity with an inside or with events at its edge: entered, worked on, left."""
        busy = self._place(f"{node.id}@", node.id, node.scope)
        edges = self._edges(node)
        once = [self._place(f"{edge.id}?", edge.id, node.scope) for edge in edges if not edge.interrupting]
        inside = self._scopes.get(node.id, frozenset())
        starts = self._starts(node.id) if node.kind in SUBPROCESSES else []
        begun = [place for start in starts for place in self._outputs(start)]
        for place in inputs:
            self._move([place], [busy, *once, *begun], node.id, *(start.id for start in starts))
        self._move([busy], outputs, clears=frozenset(once), empty=inside, ends=not outputs)
        for edge in edges:
            ways = self._outputs(edge)
            if edge.interrupting:
                self._move([busy], ways, edge.id, clears=self._everything_of(node) - {busy}, ends=not ways)
            else:
                self._move([busy, f"{edge.id}?"], [busy, *ways], edge.id)


def _some_of(ways: list[str], default: str) -> Iterator[tuple[str, ...]]:
    """The ways that an inclusive split may take: any of those with a condition, or the default alone."""
    chosen = [way for way in ways if way != default]
    if default in ways:
        yield (default,)
    sizes: Iterable[int] = range(1, len(chosen) + 1)
    if len(chosen) > _MOST_WAYS:
        sizes = (1, len(chosen))
    for size in sizes:
        yield from itertools.combinations(chosen, size)

"""Evaluates an expression for one fact and keeps what happened at every node, as data to show and to store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from app.core.text import Text
from app.language.closures import Variables, compile_node, raw
from app.language.facts import Fact, fetch_elements
from app.language.functions import SIGNATURES
from app.language.logic import CALCULATE, COMPARE, negate, opposite
from app.language.nodes import (
    Arithmetic,
    Call,
    Comparison,
    Conformity,
    Expression,
    Known,
    Literal,
    Logic,
    Membership,
    Minus,
    Negation,
    Node,
    OrZero,
    Parent,
    Path,
    Presence,
    Quantifier,
)
from app.language.types import CodeList, Scalar, Struct

SKIPPED = "skipped"


class Trace(NamedTuple):
    """What became of one node.

    `state` is true, false, unknown, value, or skipped (its answer could no longer matter). `value` is the text, number
    or truth value it had (dates and decimals as text); `read` is, for names, what stood there before it was read.
    """

    text: str
    kind: str
    state: str
    value: str | int | bool | None = None
    read: str | None = None
    label: Text | None = None
    children: tuple[Trace, ...] = ()
    known: Any = None
    """The value as the nodes above use it (date, decimal); None where it is unknown."""

    def as_data(self) -> dict[str, object]:
        """The tree as plain dictionaries and lists, fit for JSON."""
        data: dict[str, object] = {"text": self.text, "kind": self.kind, "state": self.state, "value": self.value}
        if self.read is not None:
            data["read"] = self.read
        if self.label is not None:
            data["label"] = {"zh": self.label.zh, "en": self.label.en}
        if self.children:
            data["children"] = [child.as_data() for child in self.children]
        return data

    def walk(self) -> Iterator[Trace]:
        """This node and all below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


Memo = list[Trace | None]
Tracer = Callable[[Fact, Variables, Memo], Trace]
"""Judges a node for a fact and the elements the quantifiers around it stand on, and says what happened below it."""


def evaluate(expression: Expression | Node, fact: Fact, variables: Variables | None = None) -> Trace:
    """Judge the fact and say how every node came out. Agrees with `compile_node` on the value of the root."""
    tracing = Tracing()
    root = expression.root if isinstance(expression, Expression) else expression
    return tracing.compile(root)(fact, variables or {}, tracing.memo())


class Tracing:
    """Compiles nodes to be traced over the same fact: what stands in several of them is looked at once.

    Each fact wants a `memo` of its own, made after all has been compiled.
    """

    def __init__(self) -> None:
        self._shared: dict[object, tuple[int, Tracer]] = {}

    def memo(self) -> Memo:
        """The empty memory for one fact."""
        return [None] * len(self._shared)

    def compile(self, node: Node) -> Tracer:
        """The tracer of a node; the same one for the same words about the same names."""
        key = _same(node)
        if key is None:
            return self._made(node)
        if key not in self._shared:
            made = self._made(node)
            slot = len(self._shared)
            self._shared[key] = slot, _once(slot, made)
        return self._shared[key][1]

    def _made(self, node: Node) -> Tracer:
        match node:
            case Logic():
                return self._logic(node)
            case Quantifier():
                return self._quantifier(node)
            case Path():
                return _path(node)
            case _:
                return self._plain(node)

    def _plain(self, node: Node) -> Tracer:
        text, kind = node.text, _kind(node)
        children = [self.compile(child) for child in children_of(node)]
        apply = _of_values(node)
        if apply is not None:

            def trace_values(fact: Fact, variables: Variables, memo: Memo) -> Trace:
                below = tuple([child(fact, variables, memo) for child in children])
                values = [child.known for child in below]
                return _traced(text, kind, None if None in values else apply(*values), None, None, below)

            return trace_values
        judge = compile_node(node)

        def trace(fact: Fact, variables: Variables, memo: Memo) -> Trace:
            below = tuple([child(fact, variables, memo) for child in children])
            return _traced(text, kind, judge(fact, variables), None, None, below)

        return trace

    def _logic(self, node: Logic) -> Tracer:
        text, operator = node.text, node.operator
        decisive, other = ("false", "true") if operator == "and" else ("true", "false")
        terms = [(self.compile(term), skipped(term)) for term in node.terms]

        def trace(fact: Fact, variables: Variables, memo: Memo) -> Trace:
            state = other
            children: list[Trace] = []
            for judge, passed_over in terms:
                if state == decisive:
                    children.append(passed_over)
                    continue
                child = judge(fact, variables, memo)
                children.append(child)
                if child.state != other:
                    # what is unknown stays so unless a later term decides
                    state = decisive if child.state == decisive else "unknown"
            truth = _TRUTH[state]
            return Trace(text, operator, state, truth, None, None, tuple(children), truth)

        return trace

    def _quantifier(self, node: Quantifier) -> Tracer:
        judge, source, variable = compile_node(node), node.source, node.variable
        condition = self.compile(node.condition) if node.condition is not None else None
        body = [(self.compile(part), skipped(part)) for part in node.body]

        def trace(fact: Fact, variables: Variables, memo: Memo) -> Trace:
            elements = fetch_elements(source, variables if source.variable else fact) or ()
            children: list[Trace] = []
            for number, element in enumerate(elements, 1):
                scope = {**variables, variable: element}
                parts = [condition(fact, scope, memo)] if condition is not None else []
                wanted = not parts or parts[0].state == "true"
                parts.extend(part(fact, scope, memo) if wanted else passed_over for part, passed_over in body)
                state = (parts[-1].state if parts else "value") if wanted else SKIPPED
                children.append(Trace(f"{source.text}[{number}]", "element", state, number, None, None, tuple(parts)))
            return _traced(node.text, node.name, judge(fact, variables), None, source.field.label, tuple(children))

        return trace


def _of_values(node: Node) -> Callable[..., Any] | None:
    """What a node makes of the values below it, for those that ask nothing else and are unknown as soon as one of them is."""
    match node:
        case Comparison():
            return COMPARE[node.operator]
        case Arithmetic():
            return CALCULATE[node.operator]
        case Negation():
            return negate
        case Minus():
            return opposite
        case Call():
            return node.function.check if node.function else SIGNATURES[node.name].apply
        case Membership(container=CodeList(values=values)) if values:
            return values.__contains__ if not node.negated else lambda value: value not in values
        case Membership(container=tuple() as literals) if literals:
            held = frozenset(literal.value for literal in literals)
            return held.__contains__ if not node.negated else lambda value: value not in held
        case _:
            return None


def _once(slot: int, trace: Tracer) -> Tracer:
    def remembered(fact: Fact, variables: Variables, memo: Memo) -> Trace:
        found = memo[slot]
        if found is None:
            found = memo[slot] = trace(fact, variables, memo)
        return found

    return remembered


def _same(node: Node) -> object:
    """What nodes that always come out alike have in common; None for one that rests on an element of a list.

    The text is not enough: in shared rules a name stands for another path, or another list of values, for every item. Nor
    is the path: what is told of it goes by the name that the rule has for it, and so does the hiding of what is personal.
    """
    match node:
        case Path():
            return None if node.variable else (node.parts, str(node.type), node.text)
        case Quantifier():
            return None
        case Membership(container=CodeList() as codes):
            own: object = (codes.name, codes.values)
        case Membership(container=tuple() as values):
            own = tuple(value.value for value in values)
        case Literal():
            return type(node.value), node.value
        case _:
            own = None
    below = tuple([_same(child) for child in children_of(node)])
    return None if None in below else (type(node), node.text, own, below)


def _path(node: Path) -> Tracer:
    fetch, judge, text, label = raw(node), compile_node(node), node.text, node.field.label
    scalar, struct = isinstance(node.type, Scalar), isinstance(node.type, Struct)

    def trace(fact: Fact, variables: Variables, memo: Memo) -> Trace:
        found = fetch(fact, variables)
        read = found if isinstance(found, str) else None
        if scalar:
            return _traced(text, "path", judge(fact, variables), read, label, ())
        present = isinstance(found, Mapping) if struct else bool(found)
        return Trace(text, "path", "value" if present else "unknown", None, read, label)

    return trace


def skipped(node: Node) -> Trace:
    """The trace of a node that was not looked at."""
    return Trace(node.text, _kind(node), SKIPPED, children=tuple(skipped(child) for child in children_of(node)))


def children_of(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order of the text."""
    match node:
        case Comparison() | Arithmetic():
            return node.left, node.right
        case Membership():
            return (node.item, node.container) if isinstance(node.container, Path) else (node.item,)
        case Logic():
            return node.terms
        case Negation() | Minus() | Known():
            return (node.term,)
        case Call():
            return node.arguments
        case Parent():
            return (node.argument,)
        case Presence() | Conformity() | OrZero():
            return (node.path,)
        case Quantifier():
            return (node.source, *((node.condition,) if node.condition else ()), *node.body)
        case _:
            return ()


_TRUTH: Mapping[str, bool | None] = {"true": True, "false": False, "unknown": None}


def _kind(node: Node) -> str:
    match node:
        case Comparison() | Arithmetic() | Logic():
            return node.operator
        case Call() | Presence() | Conformity() | Quantifier():
            return node.name
        case OrZero():
            return "or_zero"
        case _:
            return type(node).__name__.lower()


def _traced(
    text: str, kind: str, value: Any, read: str | None, label: Text | None, children: tuple[Trace, ...]
) -> Trace:
    if value is None:
        return Trace(text, kind, "unknown", None, read, label, children)
    if value is True or value is False:
        return Trace(text, kind, "true" if value else "false", value, read, label, children, value)
    shown = str(value) if isinstance(value, date | Decimal) else value
    return Trace(text, kind, "value", shown, read, label, children, value)

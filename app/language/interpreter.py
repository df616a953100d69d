"""Evaluates an expression for one fact and keeps what happened at every node, as data to show and to store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.text import Text
from app.language.closures import Variables, compile_node, raw
from app.language.facts import Fact, fetch_elements
from app.language.nodes import (
    Arithmetic,
    Call,
    Comparison,
    Conformity,
    Expression,
    Known,
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
from app.language.types import Scalar, Struct

SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Trace:
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


def evaluate(expression: Expression | Node, fact: Fact, variables: Variables | None = None) -> Trace:
    """Judge the fact and say how every node came out. Agrees with `compile_node` on the value of the root."""
    root = expression.root if isinstance(expression, Expression) else expression
    return _trace(root, fact, variables or {})


def _trace(node: Node, fact: Fact, variables: Variables) -> Trace:
    match node:
        case Logic():
            return _logic(node, fact, variables)
        case Quantifier():
            return _quantifier(node, fact, variables)
        case Path():
            return _path(node, fact, variables)
        case _:
            children = tuple(_trace(child, fact, variables) for child in children_of(node))
            return _made(node, compile_node(node)(fact, variables), children)


def _path(node: Path, fact: Fact, variables: Variables) -> Trace:
    found = raw(node)(fact, variables)
    read = found if isinstance(found, str) else None
    if isinstance(node.type, Scalar):
        made = _made(node, compile_node(node)(fact, variables), ())
    else:
        present = isinstance(found, Mapping) if isinstance(node.type, Struct) else bool(found)
        made = Trace(node.text, "path", "value" if present else "unknown")
    return Trace(made.text, made.kind, made.state, made.value, read, node.field.label)


def _logic(node: Logic, fact: Fact, variables: Variables) -> Trace:
    decisive = "false" if node.operator == "and" else "true"
    states: list[str] = []
    children: list[Trace] = []
    for term in node.terms:
        if decisive in states:
            children.append(skipped(term))
            continue
        children.append(_trace(term, fact, variables))
        states.append(children[-1].state)
    state = decisive if decisive in states else "unknown" if "unknown" in states else _other(decisive)
    return Trace(node.text, node.operator, state, _TRUTH[state], children=tuple(children))


def _quantifier(node: Quantifier, fact: Fact, variables: Variables) -> Trace:
    value = compile_node(node)(fact, variables)
    elements = fetch_elements(node.source, variables if node.source.variable else fact) or ()
    children: list[Trace] = []
    for number, element in enumerate(elements, 1):
        scope = {**variables, node.variable: element}
        parts: list[Trace] = []
        wanted = True
        if node.condition is not None:
            parts.append(_trace(node.condition, fact, scope))
            wanted = parts[0].state == "true"
        parts.extend(_trace(part, fact, scope) if wanted else skipped(part) for part in node.body)
        state = (parts[-1].state if parts else "value") if wanted else SKIPPED
        children.append(Trace(f"{node.source.text}[{number}]", "element", state, number, children=tuple(parts)))
    made = _made(node, value, tuple(children))
    return Trace(made.text, node.name, made.state, made.value, None, node.source.field.label, made.children)


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


def _other(state: str) -> str:
    return "true" if state == "false" else "false"


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


def _made(node: Node, value: Any, children: tuple[Trace, ...]) -> Trace:
    state = "unknown" if value is None else "value"
    if isinstance(value, bool):
        state = "true" if value else "false"
    shown = str(value) if isinstance(value, date | Decimal) else value
    return Trace(node.text, _kind(node), state, shown, children=children)

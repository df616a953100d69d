"""Conditions as rows: the tree that the builder of the console shows, made of a checked expression, and its text again.

A condition is one of (`kind`):
  group    join (and, or), negated, terms: conditions
  each     quantifier (all, any), negated, over: the repeating name, variable, such: a condition or None, body: a condition
  compare  left, operator, right: operands
  member   negated, item: an operand, and either values: texts or container: a name (codes.X, sets.x, a list)
  test     negated, test: the name of a function that answers yes or no, operands
  text     text: what rows cannot show
An operand is one of: item (path), name (a constant), value (type, value), call (name, operands), formula (text).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from app.language.functions import SIGNATURES
from app.language.nodes import (
    Call,
    Comparison,
    Conformity,
    Known,
    Literal,
    Logic,
    Membership,
    Minus,
    Negation,
    Node,
    OrZero,
    Path,
    Presence,
    Quantifier,
)
from app.language.types import CodeList, Kind, Scalar
from app.rules.editing.sentences import list_name, name_of, write

Tree = dict[str, Any]

ASKING: Final = ("days", "workdays", "month", "months", "abs", "len", "left")
"""Functions of values that an operand can be."""


def tree_of(node: Node, lists: Collection[str] = ()) -> Tree:
    """The rows of a condition; always possible, for what rows cannot show stays text."""
    return _Making(lists).condition(node)


class _Making:
    def __init__(self, lists: Collection[str]) -> None:
        self.lists = lists

    def condition(self, node: Node, negated: bool = False) -> Tree:
        match node:
            case Logic(operator=operator, terms=terms):
                listed = [self.condition(term) for term in terms]
                return {"kind": "group", "join": operator, "negated": negated, "terms": listed}
            case Negation(term=term) if not negated and not isinstance(
                term, Negation | Comparison | Membership | Literal
            ):
                return self.condition(term, True)
            case Negation(term=term) if not negated:
                return {"kind": "group", "join": "and", "negated": True, "terms": [self.condition(term)]}
            case Quantifier(name="all" | "any"):
                return self.each(node, negated)
            case Comparison(operator=operator, left=left, right=right) if not negated:
                sides = {"left": self.operand(left), "right": self.operand(right)}
                return {"kind": "compare", "operator": operator, **sides}
            case Membership() if not negated:
                return self.member(node)
            case Presence() | Conformity() | Call() | Known() | Path():
                return self.test(node, negated)
            case _:
                text = write(node, self.lists)
                return {"kind": "text", "text": f"not ({text})" if negated else text}

    def each(self, node: Quantifier, negated: bool) -> Tree:
        such = self.condition(node.condition) if node.condition is not None else None
        over = {"over": name_of(node.source), "variable": node.variable}
        body = self.condition(node.body[0])
        return {"kind": "each", "quantifier": node.name, "negated": negated, **over, "such": such, "body": body}

    def member(self, node: Membership) -> Tree:
        tree: Tree = {"kind": "member", "negated": node.negated, "item": self.operand(node.item)}
        named = list_name(node, self.lists)
        if named:
            return {**tree, "container": named}
        match node.container:
            case CodeList(name=name):
                return {**tree, "container": f"codes.{name}"}
            case Path() as path:
                return {**tree, "container": name_of(path)}
            case values:
                kind = node.item.type.kind if isinstance(node.item.type, Scalar) else Kind.TEXT
                return {**tree, "type": kind.value, "values": [plain(value.value) for value in values]}

    def test(self, node: Node, negated: bool) -> Tree:
        tree: Tree = {"kind": "test", "negated": negated}
        match node:
            case Path():
                return {**tree, "test": "true", "operands": [self.operand(node)]}
            case Presence(name=name, path=path) | Conformity(name=name, path=path):
                return {**tree, "test": name, "operands": [self.operand(path)]}
            case Known(term=term) if not isinstance(term, Logic | Negation | Quantifier | Comparison | Membership):
                return {**tree, "test": "known", "operands": [self.operand(term)]}
            case Call(name=name, arguments=arguments):
                return {**tree, "test": name, "operands": [self.operand(each) for each in arguments]}
            case _:
                text = write(node, self.lists)
                return {"kind": "text", "text": f"not {text}" if negated else text}

    def operand(self, node: Node) -> Tree:
        match node:
            case Path():
                return {"kind": "item", "path": name_of(node)}
            case Literal(value=value) if is_name(node.text):
                return {"kind": "name", "name": node.text}
            case Literal(value=value):
                return {"kind": "value", "type": _type(node), "value": plain(value)}
            case Minus(term=Literal() as term) if not is_name(term.text):
                return {"kind": "value", "type": "number", "value": f"-{plain(term.value)}"}
            case OrZero(path=path):
                return {"kind": "call", "name": "or_zero", "operands": [self.operand(path)]}
            case Call(name=name, arguments=arguments) if name in ASKING:
                return {"kind": "call", "name": name, "operands": [self.operand(each) for each in arguments]}
            case Quantifier(name="count", variable=""):
                return {"kind": "call", "name": "count", "operands": [self.operand(node.source)]}
            case _:
                return {"kind": "formula", "text": write(node, self.lists)}


def _type(node: Literal) -> str:
    return node.type.kind.value if isinstance(node.type, Scalar) else Kind.TEXT.value


def is_name(text: str) -> bool:
    """Whether a literal was written by a name, such as `record.type`."""
    return all(part.isidentifier() for part in text.strip().split(".")) and text.strip() not in ("True", "False")


def plain(value: object) -> str:
    """A literal's value as a form holds it."""
    if isinstance(value, bool):
        return "True" if value else "False"
    return value.isoformat() if isinstance(value, date) else str(value)


assert set(ASKING) <= SIGNATURES.keys()  # noqa: S101  a function that is renamed shall not vanish from the rows

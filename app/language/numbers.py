"""How large an exact number can become, so that no evaluator ever overflows: 38 decimal digits is what all can hold."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.language.nodes import Arithmetic, Call, Literal, Minus, Node, OrZero, Path, Quantifier
from app.language.values import NUMBER_DIGITS, NUMBER_SCALE

MAX_DIGITS = 38
_LIST_DIGITS = 7

Size = tuple[int, int]
"""Digits before and after the point that surely suffice."""


def number_size(node: Node) -> Size:
    """The greatest size a number node can have."""
    match node:
        case Literal(value=value):
            return _literal_size(value)
        case Arithmetic(operator="*"):
            left, right = number_size(node.left), number_size(node.right)
            return left[0] + right[0], left[1] + right[1]
        case Arithmetic():
            sizes = [number_size(term) for term in _terms(node)]
            return max(whole for whole, _ in sizes) + len(str(len(sizes) - 1)), max(scale for _, scale in sizes)
        case OrZero(path=path):
            return number_size(path)
        case Minus():
            return number_size(node.term)
        case Call(name="abs"):
            return number_size(node.arguments[0])
        case Quantifier(name="sum"):
            whole, scale = number_size(node.body[0])
            return whole + _LIST_DIGITS, scale
        case Path(field=field):
            return (NUMBER_DIGITS, NUMBER_SCALE) if field.written else (18, 0)
        case _:
            return 10, 0


def _terms(node: Node) -> Iterator[Node]:
    """The terms of a sum of any length: ten of them are at most one digit longer than the longest."""
    while isinstance(node, Arithmetic) and node.operator != "*":
        yield node.right
        node = node.left
    yield node


def _literal_size(value: object) -> Size:
    _, digits, exponent = Decimal(str(value)).as_tuple()
    scale = max(0, -int(exponent))
    return max(1, len(digits) - scale), scale

"""How large an exact number can become, so that no evaluator ever overflows: 38 decimal digits is what all can hold."""

from __future__ import annotations

from decimal import Decimal

from app.language.nodes import Arithmetic, Call, Literal, Minus, Node, Path, Quantifier
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
            left, right = number_size(node.left), number_size(node.right)
            return max(left[0], right[0]) + 1, max(left[1], right[1])
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


def _literal_size(value: object) -> Size:
    _, digits, exponent = Decimal(str(value)).as_tuple()
    scale = max(0, -int(exponent))
    return max(1, len(digits) - scale), scale

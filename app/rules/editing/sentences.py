"""A checked expression back as text, with the parentheses that its meaning needs and no others."""

from __future__ import annotations

from collections.abc import Collection

from app.language.nodes import (
    Arithmetic,
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
    Parent,
    Path,
    Presence,
    Quantifier,
)
from app.language.types import CodeList

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _ATOM = range(8)


def write(node: Node, lists: Collection[str] = ()) -> str:
    """The text of a node; reading it again gives the same node but for the spelling. `lists` are the names of lists."""
    return _Writing(frozenset(lists)).write(node)


def name_of(path: Path) -> str:
    """The name as it was written, without blanks: `B.AcctType`, `p.ArlpAmt`, `item`."""
    return "".join(path.text.split())


def list_name(node: Membership, lists: Collection[str]) -> str:
    """The name of the list that a membership asks, where it stands for values by a name; else ''."""
    name = node.text.rpartition(" in ")[2].strip()
    return name if name in lists else ""


class _Writing:
    def __init__(self, lists: frozenset[str]) -> None:
        self.lists = lists

    def write(self, node: Node, least: int = _OR) -> str:
        """The text, in parentheses where it binds weaker than what stands around it."""
        text, binding = self.bound(node)
        return f"({text})" if binding < least else text

    def bound(self, node: Node) -> tuple[str, int]:
        match node:
            case Literal():
                return node.text.strip(), _ATOM
            case Path():
                return name_of(node), _ATOM
            case Logic(operator=operator, terms=terms):
                binding = _AND if operator == "and" else _OR
                return f" {operator} ".join(self.write(term, binding + 1) for term in terms), binding
            case Negation(term=term):
                return f"not {self.write(term, _NOT)}", _NOT
            case Comparison(operator=operator, left=left, right=right):
                return f"{self.write(left, _SUM)} {operator} {self.write(right, _SUM)}", _COMPARE
            case Membership():
                sign = "not in" if node.negated else "in"
                return f"{self.write(node.item, _SUM)} {sign} {self.container(node)}", _COMPARE
            case Arithmetic(operator=operator, left=left, right=right):
                binding = _PRODUCT if operator == "*" else _SUM
                return f"{self.write(left, binding)} {operator} {self.write(right, binding + 1)}", binding
            case Minus(term=term):
                return f"-{self.write(term, _SIGN)}", _SIGN
            case Quantifier():
                return self.quantifier(node), _ATOM
            case _:
                return self.call(node), _ATOM

    def call(self, node: Node) -> str:
        match node:
            case Presence(name=name, path=path) | Conformity(name=name, path=path):
                return f"{name}({name_of(path)})"
            case OrZero(path=path):
                return f"or_zero({name_of(path)})"
            case Known(term=term):
                return f"known({self.write(term)})"
            case Parent(table=table, argument=argument):
                return f"parent('{table.name}', {self.write(argument)})"
            case Call(name=name, arguments=arguments):
                return f"{name}({', '.join(self.write(each) for each in arguments)})"
            case _:
                raise TypeError(type(node).__name__)

    def container(self, node: Membership) -> str:
        named = list_name(node, self.lists)
        if named:
            return named
        match node.container:
            case CodeList(name=name):
                return f"codes.{name}"
            case Path() as path:
                return name_of(path)
            case values:
                return f"[{', '.join(value.text.strip() for value in values)}]"

    def quantifier(self, node: Quantifier) -> str:
        source = name_of(node.source)
        if not node.variable:
            return f"{node.name}({source})"
        body = ", ".join(self.write(part) for part in node.body) or node.variable
        if len(node.body) > 1:
            body = f"({body})"
        such = f" if {self.write(node.condition)}" if node.condition is not None else ""
        return f"{node.name}({body} for {node.variable} in {source}{such})"

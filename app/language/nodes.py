"""The parsed form of an expression: frozen nodes that every evaluator walks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.language.types import CodeList, Field, Form, Function, Kind, ListOf, Scalar, Struct, Type

BOOL = Scalar(Kind.BOOL)
NUMBER = Scalar(Kind.NUMBER)
TEXT = Scalar(Kind.TEXT)
MONTH = Scalar(Kind.MONTH)


@dataclass(frozen=True, slots=True)
class Node:
    """Any part of an expression; `text` is its source."""

    type: Type
    text: str


@dataclass(frozen=True, slots=True)
class Literal(Node):
    value: str | int | bool | Decimal | date


@dataclass(frozen=True, slots=True)
class Path(Node):
    """A name, `parts` from the root of the fact or, if `variable`, from the element a quantifier stands on.

    For a single value `type` is how it is read here, which for text functions differs from the field's own kind.
    """

    parts: tuple[str, ...]
    field: Field
    variable: bool


@dataclass(frozen=True, slots=True)
class OrZero(Node):
    """The number at a path, 0 where the item is absent or blank; what stands there and is no number stays unknown."""

    path: Path


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """`item in container`: of literal values, of a code table, of a set, or of a list of texts."""

    item: Node
    container: tuple[Literal, ...] | CodeList | Path
    negated: bool


@dataclass(frozen=True, slots=True)
class Logic(Node):
    operator: str
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation(Node):
    term: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Minus(Node):
    term: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of values: unknown as soon as one argument is unknown."""

    name: str
    arguments: tuple[Node, ...]
    function: Function | None = None


@dataclass(frozen=True, slots=True)
class Parent(Node):
    """The code above `argument` in a table of levels; unknown where there is none."""

    table: CodeList
    argument: Node


@dataclass(frozen=True, slots=True)
class Presence(Node):
    """`has`, `filled`, `empty`, `has_items`: about being there, never unknown."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Known(Node):
    """`known`: whether the term has a value, or as a condition is true or false; never unknown itself."""

    term: Node


@dataclass(frozen=True, slots=True)
class Conformity(Node):
    """`conforms`, `is_date`: about the way a value is written; unknown when it is blank or absent."""

    name: str
    path: Path
    form: Form


@dataclass(frozen=True, slots=True)
class Quantifier(Node):
    """`all`, `any`, `sum`, `count`, `distinct` over the elements of a list.

    `body` has one node, or several for a tuple in `distinct`, or none where the elements themselves are meant.
    Elements for which `condition` is not true are passed over.
    """

    name: str
    variable: str
    source: Path
    body: tuple[Node, ...]
    condition: Node | None


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: its text and its root."""

    text: str
    root: Node


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


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for child in children_of(node):
        yield from walk(child)


def single_paths(node: Node) -> Iterator[Path]:
    """The single values a node reads itself, not those inside its quantifiers."""
    if isinstance(node, Path):
        yield node
    elif not isinstance(node, Quantifier):
        for child in children_of(node):
            yield from single_paths(child)


def element_paths(node: Quantifier) -> Iterator[Path]:
    """Every single value of an element of the quantifier's list, as if each had been named."""
    element = node.source.type.element if isinstance(node.source.type, ListOf) else None
    if isinstance(element, Struct):
        for tag, field in element.fields.items():
            if isinstance(field.type, Scalar):
                yield Path(Scalar(Kind.TEXT), tag, (node.variable, tag), field, True)
    elif element is not None:
        yield Path(Scalar(Kind.TEXT), node.variable, (node.variable,), node.source.field, True)

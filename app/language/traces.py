"""What became of every node of an expression for one fact, as data to show and to store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeVar

from app.core.text import Text
from app.language.nodes import (
    Arithmetic,
    Call,
    Comparison,
    Conformity,
    Logic,
    Node,
    OrZero,
    Presence,
    Quantifier,
    children_of,
)

SKIPPED = "skipped"
MOST_KEPT: Final = 256
"""So much is kept at one place at most; where there would be more it changes with every fact."""

_Key = TypeVar("_Key", bound=tuple[int, ...])
_Made = TypeVar("_Made")


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
    lasting: bool = False
    """Whether nothing in it belongs to one fact alone (what is absent, blank or 0, a code of a code table), so that it may be kept
    and serve other facts as well."""

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


def skipped(node: Node) -> Trace:
    """The trace of a node that was not looked at."""
    below = tuple(skipped(child) for child in children_of(node))
    return Trace(node.text, kind_of(node), SKIPPED, children=below, lasting=True)


def keep(kept: dict[_Key, _Made], key: _Key, made: _Made) -> _Made:
    """Keep under the identities of the lasting traces it was made of what serves other facts as well.

    What is kept must hold on to those traces, so that no other can come to have their identities.
    """
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[key] = made
    return made


def kind_of(node: Node) -> str:
    """What kind of node a trace is of."""
    match node:
        case Comparison() | Arithmetic() | Logic():
            return node.operator
        case Call() | Presence() | Conformity() | Quantifier():
            return node.name
        case OrZero():
            return "or_zero"
        case _:
            return type(node).__name__.lower()


def traced(
    text: str,
    kind: str,
    value: Any,
    read: str | None,
    label: Text | None,
    children: tuple[Trace, ...],
    lasting: bool = False,
) -> Trace:
    """The trace of a node that came to a value."""
    if value is None:
        return Trace(text, kind, "unknown", None, read, label, children, None, lasting)
    if value is True or value is False:
        return Trace(text, kind, "true" if value else "false", value, read, label, children, value, lasting)
    shown = str(value) if isinstance(value, date | Decimal) else value
    return Trace(text, kind, "value", shown, read, label, children, value, lasting)

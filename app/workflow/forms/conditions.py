"""When parts of a form are hidden: conditions in our own language over the form's keys, judged here and nowhere else.

A condition that is neither true nor false, because what it asks for is not answered yet, does not hide. The answer to a
hidden question counts as not given, also for conditions that ask for it; so conditions must not go round in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from app.core.text import Text
from app.language import (
    ExpressionInvalid,
    Kind,
    ListOf,
    Node,
    Scalar,
    Type,
    Vocabulary,
    compile_node,
    parse,
)
from app.language import Field as Name
from app.language.nodes import Path, children_of
from app.workflow.forms.parts import MANY, Field, Form, Hide

_KINDS: Mapping[str, Kind] = {"number": Kind.NUMBER, "date": Kind.DATE, "checkbox": Kind.BOOL}


def key_type(kind: str) -> Type:
    """What a field of this kind is for conditions."""
    return ListOf(Scalar(Kind.TEXT)) if kind in MANY else Scalar(_KINDS.get(kind, Kind.TEXT))


def vocabulary_of(keys: Mapping[str, tuple[str, Text]]) -> Vocabulary:
    """The names that conditions of a form may use, from kind and label by key."""
    return Vocabulary({key: Name(key, key_type(kind), label) for key, (kind, label) in keys.items()})


def read_hide(text: str, vocabulary: Vocabulary) -> Hide:
    """The condition as written, with or without the `=` of form-js. Raises ExpressionInvalid."""
    expression = parse(text.strip().removeprefix("=").strip(), vocabulary)
    reads = frozenset(node.parts[0] for node in _nodes(expression.root) if isinstance(node, Path) and not node.variable)
    return Hide(expression, compile_node(expression.root), reads)


def _nodes(root: Node) -> Iterator[Node]:
    yield root
    for child in children_of(root):
        yield from _nodes(child)


def circle(form: Form) -> tuple[str, ...]:
    """Keys whose conditions ask for each other in a circle, in its order; empty where there is none."""
    asks = {
        part.key: frozenset().union(*(hide.reads for hide in hides))
        for part, hides in form.placed
        if isinstance(part, Field)
    }
    done: set[str] = set()
    for first in asks:
        way: list[str] = []
        if found := _round(first, asks, way, done):
            return found
    return ()


def _round(key: str, asks: Mapping[str, Iterable[str]], way: list[str], done: set[str]) -> tuple[str, ...]:
    if key in way:
        return tuple(way[way.index(key) :])
    if key in done:
        return ()
    way.append(key)
    for each in sorted(asks.get(key, ())):
        if found := _round(each, asks, way, done):
            return found
    way.pop()
    done.add(key)
    return ()


def hidden_parts(form: Form, answers: Mapping[str, Any]) -> frozenset[str]:
    """The ids of the parts that are hidden while the answers are these, those within a hidden group included."""
    judged = _Judged(form, answers)
    return frozenset(part.id for part, hides in form.placed if judged.hides(hides))


class _Judged:
    """Conditions of one form for one set of answers, each judged after those on which it depends."""

    def __init__(self, form: Form, answers: Mapping[str, Any]) -> None:
        self._hides = {part.key: hides for part, hides in form.placed if isinstance(part, Field)}
        self._form = form
        self._answers = answers
        self._facts: dict[str, Any] = {}
        self._known: dict[Hide, bool] = {}

    def hides(self, hides: tuple[Hide, ...]) -> bool:
        return any(self._holds(each) for each in hides)

    def _holds(self, hide: Hide) -> bool:
        if hide not in self._known:
            for key in hide.reads:
                if key not in self._facts:
                    self._facts[key] = None if self.hides(self._hides[key]) else self._fact(key)
            self._known[hide] = hide.judge(self._facts, {}) is True
        return self._known[hide]

    def _fact(self, key: str) -> Any:
        value, kind = self._answers.get(key), self._form.fields[key].kind
        if kind == "checkbox":
            return value is True
        if kind in MANY:
            return value if isinstance(value, list | tuple) else []
        return value if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None


__all__ = ["ExpressionInvalid", "circle", "hidden_parts", "key_type", "read_hide", "vocabulary_of"]

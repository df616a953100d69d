"""Evaluates an expression for one fact and keeps what happened at every node, as data to show and to store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.language.closures import Condition, Variables, compile_node, raw
from app.language.facts import Fact, fetch_elements
from app.language.functions import SIGNATURES
from app.language.logic import CALCULATE, COMPARE, all_of, any_of, negate, opposite
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
    children_of,
)
from app.language.traces import SKIPPED, Trace, keep, kind_of, skipped, traced
from app.language.types import CodeList, Scalar, Struct

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
        text, kind = node.text, kind_of(node)
        children = [self.compile(child) for child in children_of(node)]
        apply = _of_values(node)
        if apply is not None:

            def combine(fact: Fact, variables: Variables, below: tuple[Trace, ...]) -> Any:
                values = [child.known for child in below]
                return None if None in values else apply(*values)

            return _keeping(text, kind, children, combine)
        judge = compile_node(node)
        if isinstance(node, Literal):
            literal = traced(text, kind, judge({}, {}), None, None, (), True)
            return lambda fact, variables, memo: literal
        if _follows(node):
            return _keeping(text, kind, children, lambda fact, variables, below: judge(fact, variables))

        def trace(fact: Fact, variables: Variables, memo: Memo) -> Trace:
            below = tuple([child(fact, variables, memo) for child in children])
            return traced(text, kind, judge(fact, variables), None, None, below)

        return trace

    def _logic(self, node: Logic) -> Tracer:
        text, operator = node.text, node.operator
        decisive, other = ("false", "true") if operator == "and" else ("true", "false")
        terms = [(self.compile(term), skipped(term)) for term in node.terms]
        kept: dict[tuple[int, ...], Trace] = {}

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
            key = tuple(map(id, children))
            found = kept.get(key)
            if found is not None:
                return found
            truth, lasting = _TRUTH[state], all(child.lasting for child in children)
            made = Trace(text, operator, state, truth, None, None, tuple(children), truth, lasting)
            return keep(kept, key, made) if lasting else made

        return trace

    def _quantifier(self, node: Quantifier) -> Tracer:
        judge, source, variable, label = compile_node(node), node.source, node.variable, node.source.field.label
        join = {"all": all_of, "any": any_of}.get(node.name)
        of_none: dict[bool, Trace] = {}
        condition = self.compile(node.condition) if node.condition is not None else None
        body = [(self.compile(part), skipped(part)) for part in node.body]

        def trace(fact: Fact, variables: Variables, memo: Memo) -> Trace:
            elements = fetch_elements(source, variables if source.variable else fact)
            if not elements:
                # nothing but the list is read then
                missing = elements is None
                if missing not in of_none:
                    of_none[missing] = traced(node.text, node.name, judge(fact, variables), None, label, (), True)
                return of_none[missing]
            children: list[Trace] = []
            answers: list[Any] = []
            for number, element in enumerate(elements, 1):
                scope = {**variables, variable: element}
                parts = [condition(fact, scope, memo)] if condition is not None else []
                wanted = not parts or parts[0].state == "true"
                parts.extend(part(fact, scope, memo) if wanted else passed_over for part, passed_over in body)
                if wanted and body:
                    answers.append(parts[-1].known)
                state = (parts[-1].state if parts else "value") if wanted else SKIPPED
                children.append(Trace(f"{source.text}[{number}]", "element", state, number, None, None, tuple(parts)))
            value = join(answers) if join is not None else judge(fact, variables)
            return traced(node.text, node.name, value, None, label, tuple(children))

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


def _follows(node: Node) -> bool:
    """Whether the value of a node follows from the traces below it; that of a segment or list tells not what it holds."""
    match node:
        case Known() | Parent():
            return True
        case Presence(path=path) | Conformity(path=path) | OrZero(path=path):
            return isinstance(path.type, Scalar)
        case _:
            return False


def _keeping(
    text: str, kind: str, children: list[Tracer], judge: Callable[[Fact, Variables, tuple[Trace, ...]], Any]
) -> Tracer:
    """The tracer of a node whose value follows from the traces below it. If these are lasting, so is the node's own
    trace: it is kept for other facts with the same ones.
    """
    kept: dict[tuple[int, ...], Trace] = {}
    if len(children) == 1:
        (only,) = children

        def trace_one(fact: Fact, variables: Variables, memo: Memo) -> Trace:
            # as below, for most nodes are of this kind
            child = only(fact, variables, memo)
            key = (id(child),)
            found = kept.get(key)
            if found is not None:
                return found
            value, lasting = judge(fact, variables, (child,)), child.lasting
            made = traced(text, kind, value, None, None, (child,), lasting)
            return keep(kept, key, made) if lasting else made

        return trace_one

    def trace(fact: Fact, variables: Variables, memo: Memo) -> Trace:
        below = tuple([child(fact, variables, memo) for child in children])
        key = tuple(map(id, below))
        found = kept.get(key)
        if found is not None:
            return found
        lasting = all(child.lasting for child in below)
        made = traced(text, kind, judge(fact, variables, below), None, None, below, lasting)
        return keep(kept, key, made) if lasting else made

    return trace


def _path(node: Path) -> Tracer:
    fetch, text, label = raw(node), node.text, node.field.label
    absent = Trace(text, "path", "unknown", None, None, label, (), None, True)
    if isinstance(node.type, Scalar):
        return _scalar(node, fetch, absent)
    present, struct = absent._replace(state="value"), isinstance(node.type, Struct)

    def trace(fact: Fact, variables: Variables, memo: Memo) -> Trace:
        found = fetch(fact, variables)
        return present if (isinstance(found, Mapping) if struct else bool(found)) else absent

    return trace


def _scalar(node: Path, fetch: Condition, absent: Trace) -> Tracer:
    judge, text, label, form = compile_node(node), node.text, node.field.label, node.field.form
    common = frozenset({"", "0"}).union(*(table.values for table in (form.codes if form is not None else ())))
    kept: dict[object, Trace] = {}

    def trace(fact: Fact, variables: Variables, memo: Memo) -> Trace:
        found = fetch(fact, variables)
        if found is None:
            return absent
        truth, read = found is True or found is False, found if isinstance(found, str) else None
        if read is None and not truth:
            return traced(text, "path", judge(fact, variables), None, label, ())
        known = kept.get(found)
        if known is not None:
            return known
        lasting = truth or read in common
        made = traced(text, "path", judge(fact, variables), read, label, (), lasting)
        if lasting:
            kept[found] = made
        return made

    return trace


_TRUTH: Mapping[str, bool | None] = {"true": True, "false": False, "unknown": None}

"""Turns a checked expression into plain Python functions: the quick way to judge a few facts without a trace."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.language.facts import Fact, element_texts, fetch, fetch_elements, fetch_set, has_items, is_there
from app.language.functions import SIGNATURES
from app.language.logic import CALCULATE, COMPARE, all_of, any_of, negate, opposite, total
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
from app.language.types import CodeList, Form, ListOf, Scalar
from app.language.values import READERS, allowed_codes, form_pattern, is_date, read_number, read_text

Variables = Mapping[str, object]
Condition = Callable[[Fact, Variables], Any]
"""Gives the value of a node for a fact and the elements the quantifiers around it stand on; None is unknown."""


def compile_node(node: Node) -> Condition:
    """The function that evaluates the node. It is total: whatever the fact holds, it answers and does not raise."""
    match node:
        case Literal(value=value):
            return lambda fact, variables: value
        case Path():
            return _path(node)
        case Comparison():
            return _binary(COMPARE[node.operator], compile_node(node.left), compile_node(node.right))
        case Arithmetic():
            return _binary(CALCULATE[node.operator], compile_node(node.left), compile_node(node.right))
        case Minus():
            term = compile_node(node.term)
            return lambda fact, variables: None if (value := term(fact, variables)) is None else opposite(value)
        case Negation():
            inner = compile_node(node.term)
            return lambda fact, variables: negate(inner(fact, variables))
        case Logic():
            terms = [compile_node(part) for part in node.terms]
            join = all_of if node.operator == "and" else any_of
            return lambda fact, variables: join(part(fact, variables) for part in terms)
        case Membership():
            return _membership(node)
        case Presence():
            return _presence(node)
        case Known():
            asked = compile_node(node.term)
            return lambda fact, variables: asked(fact, variables) is not None
        case Conformity():
            return _conformity(node)
        case OrZero():
            return _or_zero(node)
        case Parent():
            argument, parents = compile_node(node.argument), node.table.parents
            return lambda fact, variables: parents.get(argument(fact, variables))
        case Call():
            return _call(node)
        case Quantifier():
            return _quantifier(node)
        case _:
            raise TypeError(type(node).__name__)


def raw(path: Path) -> Condition:
    """The function that fetches what stands at the path, unread."""
    parts = path.parts
    if path.variable:
        return lambda fact, variables: fetch(parts, variables)
    if len(parts) == 2:
        first, second = parts

        def member(fact: Fact, variables: Variables) -> object:
            holder = fact.get(first)
            return holder.get(second) if type(holder) is dict or isinstance(holder, Mapping) else None

        return member
    return lambda fact, variables: fetch(parts, fact)


def _path(path: Path) -> Condition:
    get = raw(path)
    if not isinstance(path.type, Scalar):
        return get
    read = READERS[path.type.kind]
    return lambda fact, variables: read(get(fact, variables))


def _binary(apply: Callable[[Any, Any], Any], left: Condition, right: Condition) -> Condition:
    def both(fact: Fact, variables: Variables) -> Any:
        first = left(fact, variables)
        if first is None:
            return None
        second = right(fact, variables)
        return None if second is None else apply(first, second)

    return both


def _membership(node: Membership) -> Condition:
    item, wanted = compile_node(node.item), not node.negated
    container = node.container
    if isinstance(container, Path):
        return _held_membership(item, container, wanted)
    values = container.values if isinstance(container, CodeList) else frozenset(v.value for v in container)
    if not values:
        return lambda fact, variables: None
    return lambda fact, variables: None if (value := item(fact, variables)) is None else (value in values) is wanted


def _held_membership(item: Condition, container: Path, wanted: bool) -> Condition:
    def member(fact: Fact, variables: Variables) -> bool | None:
        root = variables if container.variable else fact
        members = fetch_elements(container, root) if isinstance(container.type, ListOf) else fetch_set(container, root)
        value = item(fact, variables)
        return None if value is None or members is None else (value in members) is wanted

    return member


def _or_zero(node: OrZero) -> Condition:
    get = raw(node.path)

    def number(fact: Fact, variables: Variables) -> Any:
        found = get(fact, variables)
        return 0 if read_text(found) is None else read_number(found)

    return number


def _presence(node: Presence) -> Condition:
    path, get = node.path, raw(node.path)
    if node.name == "has":
        return lambda fact, variables: is_there(path, get(fact, variables))
    if node.name == "has_items":
        return lambda fact, variables: has_items(get(fact, variables))
    filled = node.name == "filled"
    return lambda fact, variables: (read_text(get(fact, variables)) is not None) is filled


def conformity_test(name: str, form: Form) -> Callable[[str], bool]:
    """The test that `conforms` or `is_date` puts to trimmed text of this form."""
    if name == "is_date":
        return lambda text: is_date(form, text)
    codes = allowed_codes(form)
    if codes is not None:
        return codes.__contains__
    pattern = form_pattern(form)
    if pattern:
        matches = re.compile(pattern).fullmatch
        return lambda text: matches(text) is not None
    length = form.length
    return (lambda text: len(text) == length) if form.fixed else (lambda text: len(text) <= length)


def _conformity(node: Conformity) -> Condition:
    get, test = raw(node.path), conformity_test(node.name, node.form)
    return lambda fact, variables: None if (text := read_text(get(fact, variables))) is None else test(text)


def _call(node: Call) -> Condition:
    arguments = [compile_node(argument) for argument in node.arguments]
    apply = node.function.check if node.function else SIGNATURES[node.name].apply

    def call(fact: Fact, variables: Variables) -> Any:
        values = [argument(fact, variables) for argument in arguments]
        return None if None in values else apply(*values)

    return call


def _quantifier(node: Quantifier) -> Condition:
    condition = compile_node(node.condition) if node.condition else None
    body = [compile_node(part) for part in node.body]
    source, variable, name = node.source, node.variable, node.name

    def scopes(fact: Fact, variables: Variables) -> list[Variables] | None:
        elements = fetch_elements(source, variables if source.variable else fact)
        if elements is None:
            return None
        inner = [{**variables, variable: element} for element in elements]
        return [scope for scope in inner if condition(fact, scope) is True] if condition else list(inner)

    def judge(fact: Fact, variables: Variables) -> Any:
        found = scopes(fact, variables)
        if found is None:
            return None
        if name == "count":
            return len(found)
        if name == "distinct" and not body:
            wholes = {element_texts(scope[variable], source.type) for scope in found}
            return len(wholes) == len(found)
        if name in ("all", "any"):
            return (all_of if name == "all" else any_of)(body[0](fact, scope) for scope in found)
        rows = [tuple(part(fact, scope) for part in body) for scope in found]
        if name == "distinct":
            return len({tuple(value or "" for value in row) for row in rows}) == len(rows)
        return None if any(row[0] is None for row in rows) else total(row[0] for row in rows)

    return judge

"""When a condition is true, and when it is false, as SQL: two questions, since unknown is neither.

Both forms are built only of AND, OR and leaves that are not true when they are unknown, so that NULL and FALSE come to
the same and nothing has to be asked twice.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.language import Kind, ListOf, Scalar, Struct
from app.language.nodes import (
    BOOL,
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
    element_paths,
    single_paths,
    walk,
)
from app.language.numbers import number_size
from app.language.types import CodeList
from app.language.values import allowed_codes
from app.rules.sweep import sql
from app.rules.sweep.functions import conformity, digits, months_between, working_days
from app.rules.sweep.identity import ADDED
from app.rules.sweep.reading import BLANK, Exact, Scope, found_in, holder_known
from app.rules.sweep.sql import Sql

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_DATE = Scalar(Kind.DATE)
_TEXT = Scalar(Kind.TEXT)


class Truth:
    """Compiles nodes under one reading and one scope of variables."""

    def __init__(self, reading: Exact, exact: Exact, scope: Scope | None = None) -> None:
        self.reading = reading
        self.exact = exact
        self.scope = scope or Scope()

    def true(self, node: Node) -> Sql:
        """SQL that is TRUE exactly where the node is true."""
        return self.ask(node, True)

    def false(self, node: Node) -> Sql:
        """SQL that is TRUE exactly where the node is false."""
        return self.ask(node, False)

    def ask(self, node: Node, wanted: bool) -> Sql:
        match node:
            case Literal(value=value):
                return sql.truth(value is wanted)
            case Negation(term=term):
                return self.ask(term, not wanted)
            case Logic():
                terms = [self.ask(term, wanted) for term in node.terms]
                return self.both(node, terms) if (node.operator == "and") is wanted else sql.some(terms)
            case Path():
                self.exact.prepared.roots.add(self.scope.full(node)[0])
                return _either(self.reading.raw(node, self.scope), wanted)
            case Comparison():
                return self.comparison(node, wanted)
            case Membership():
                return self.membership(node, wanted is not node.negated)
            case Presence():
                return self.presence(node, wanted)
            case Conformity():
                reading = self.reading.for_path(node.path, self.scope)
                codes = allowed_codes(node.form) if node.name == "conforms" else None
                if codes is not None:
                    test = reading.one_of(node.path, self.scope, codes)
                else:
                    text = reading.text(node.path, self.scope)
                    test = conformity(node.name, node.form, text, reading.quick and not wanted)
                return _guarded(_either(test, wanted), reading.guards([node.path], self.scope))
            case Call():
                return _guarded(_either(self.value(node), wanted), self.guards(node))
            case Known():
                return self.known_value(node, wanted)
            case Quantifier():
                return self.quantifier(node, wanted)
            case _:
                raise TypeError(type(node).__name__)

    def blank(self, condition: Node | None, require: Node) -> Sql | None:
        """What comes to the same, in the quick reading, as that an item is there and not filled, if this is asked."""
        match condition, require:
            case Presence(name="has", path=there), Presence(name="filled", path=item) if there.parts == item.parts:
                if isinstance(item.type, Scalar) and self.reading.for_path(item, self.scope).quick:
                    return self.reading.one_of(item, self.scope, BLANK)
        return None

    def known_value(self, node: Known, wanted: bool) -> Sql:
        """Always read exactly: what the quick reading takes for a value need not be one."""
        exact = Truth(self.exact, self.exact, self.scope)
        if node.term.type == BOOL:
            known = sql.sure(sql.some([exact.true(node.term), exact.false(node.term)]))
            return known if wanted else sql.no(known)
        value = exact.value(node.term)
        return sql.is_there(value) if wanted else sql.is_null(value)

    def both(self, node: Logic, terms: list[Sql]) -> Sql:
        """All of the terms; inside a lambda, where AND works out every side, costly ones only where the others hold."""
        if not self.scope.parameters:
            return sql.every(terms)
        costly = [index for index, term in enumerate(node.terms) if any(map(_is_added, walk(term)))]
        cheap = [term for index, term in enumerate(terms) if index not in costly]
        if not costly or not cheap:
            return sql.every(terms)
        return sql.case((sql.every(cheap), sql.every(terms[index] for index in costly)))

    # leaves

    def guards(self, *nodes: Node) -> list[Sql]:
        return self.reading.guards([path for node in nodes for path in single_paths(node)], self.scope)

    def comparison(self, node: Comparison, wanted: bool) -> Sql:
        if node.left.type == BOOL:
            same = (node.operator == "==") is wanted
            return sql.some(
                sql.every([self.ask(node.left, left), self.ask(node.right, left is same)]) for left in (True, False)
            )
        operator = node.operator if wanted else _OPPOSITE[node.operator]
        match node:
            case Comparison(
                operator="==" | "!=",
                left=Path(type=Scalar(kind=Kind.TEXT)) as path,
                right=Literal(value=str() as value),
            ):
                test = self.reading.for_path(path, self.scope).one_of(path, self.scope, frozenset({value}))
                guards = [] if operator == "==" else self.guards(path)
                return _guarded(_either(test, operator == "=="), guards)
        if node.left.type == _DATE:
            left, right = self.ordered_date(node.left), self.ordered_date(node.right)
        else:
            left, right = self.value(node.left), self.value(node.right)
        exact_match = operator == "==" and any(isinstance(side, Literal) for side in (node.left, node.right))
        guards = [] if exact_match else self.guards(node.left, node.right)
        return _guarded(sql.compare(operator, left, right), guards)

    def membership(self, node: Membership, wanted: bool) -> Sql:
        test = self.contained(node)
        guards = [] if wanted else self.guards(node.item)
        return _guarded(_either(test, wanted), guards)

    def contained(self, node: Membership) -> Sql:
        item, container = node.item, node.container
        codes = container.values if isinstance(container, CodeList) else _texts(container)
        if codes and isinstance(item, Path) and item.type == _TEXT:
            return self.reading.for_path(item, self.scope).one_of(item, self.scope, codes)
        value = self.ordered_date(item) if item.type == _DATE else self.value(item)
        if isinstance(container, Path):
            self.exact.prepared.roots.add(self.scope.full(container)[0])
            held = self.reading.raw(container, self.scope)
            if isinstance(container.type, ListOf):
                known = holder_known(container, self.reading)
                held = sql.case((sql.every(known), sql.coalesce(held, sql.call("list_value"))))
            return sql.call("list_contains", held, value)
        if isinstance(container, CodeList):
            return sql.in_codes(value, codes) if codes else sql.null()
        return sql.among(value, [_literal(each, as_text=True) for each in container])

    def presence(self, node: Presence, wanted: bool) -> Sql:
        path, raw = node.path, self.reading.raw(node.path, self.scope)
        self.exact.prepared.roots.add(self.scope.full(path)[0])
        if node.name == "has_items" and isinstance(path.type, Struct):
            if path.variable:
                there = sql.some(sql.is_there(sql.field(raw, tag)) for tag in path.type.fields)
            else:
                there = self.reading.prepared.has_items(path.parts, path.type.fields)
            return _either(there, wanted)
        if node.name == "has":
            if isinstance(path.type, ListOf):
                size = sql.coalesce(sql.call("len", raw), sql.number(0))
                return sql.compare(">" if wanted else "==", size, sql.number(0))
            if isinstance(path.type, Struct) and not path.variable:
                return _either(self.reading.stands(path.parts), wanted)
            return sql.is_there(raw) if wanted else sql.is_null(raw)
        filled = wanted is (node.name == "filled")
        if not path.field.written:
            return sql.is_there(raw) if filled else sql.is_null(raw)
        reading = self.reading.for_path(path, self.scope)
        value = reading.text(path, self.scope)
        if not reading.quick:
            return sql.is_there(value) if filled else sql.is_null(value)
        blank = reading.one_of(path, self.scope, BLANK)
        return sql.no(blank) if filled else sql.some([sql.is_null(value), blank])

    # values

    def value(self, node: Node) -> Sql:
        """SQL for the value of a node that is not a condition; NULL where it is unknown."""
        match node:
            case Literal():
                return _literal(node)
            case Path():
                return self.path_value(node)
            case OrZero():
                return self.or_zero(node)
            case Arithmetic():
                sized = node.operator == "*"
                return sql.calculate(node.operator, self.operand(node.left, sized), self.operand(node.right, sized))
            case Minus():
                return sql.minus(self.operand(node.term))
            case Parent():
                pairs = [(sql.text(code), sql.text(above)) for code, above in sorted(node.table.parents.items())]
                return sql.choose(self.value(node.argument), *pairs)
            case Call():
                return self.call(node)
            case Quantifier(name="count"):
                return self.count(node)
            case Quantifier(name="sum"):
                return self.sum(node)
            case _:
                raise TypeError(type(node).__name__)

    def path_value(self, path: Path) -> Sql:
        reading = self.reading.for_path(path, self.scope)
        match path.type:
            case Scalar(kind=Kind.NUMBER):
                return reading.number(path, self.scope)
            case Scalar(kind=Kind.DATE):
                return reading.date(path, self.scope)
            case Scalar(kind=Kind.MONTH):
                return reading.month(path, self.scope)
            case _:
                return reading.text(path, self.scope)

    def or_zero(self, node: OrZero) -> Sql:
        reading = self.reading.for_path(node.path, self.scope)
        text = reading.text(node.path, self.scope)
        blank = [sql.is_null(text), *([sql.compare("==", text, sql.text(""))] if reading.quick else [])]
        return sql.case((sql.some(blank), sql.number(0)), otherwise=self.path_value(node.path))

    def ordered_date(self, node: Node) -> Sql:
        if isinstance(node, Path):
            return self.reading.for_path(node, self.scope).ordered_date(node, self.scope)
        return _literal(node, as_text=True)

    def operand(self, node: Node, sized: bool = False) -> Sql:
        """A number inside a calculation, as a decimal just wide enough, so that no step can overflow.

        `sized` brings calculations to their size as well: every sum makes its type one digit wider than its value may be.
        """
        value = self.value(node)
        calculated = isinstance(node, Arithmetic | Minus)
        if (calculated and not sized) or (isinstance(node, Path) and node.field.written):
            return value
        whole, scale = number_size(node)
        return sql.cast(value, f"DECIMAL({whole + scale},{scale})")

    def call(self, node: Call) -> Sql:
        if node.name in ADDED and node.function is not None:
            kind, written = map(self.value, node.arguments)
            return ADDED[node.name](kind, written, self.reading.quick)
        first = node.arguments[0]
        match node.name:
            case "days":
                return sql.call("date_diff", sql.text("day"), *map(self.value, node.arguments))
            case "workdays":
                return working_days(*map(self.value, node.arguments))
            case "month":
                return sql.call("left", self.ordered_date(first), sql.number(7))
            case "months":
                return months_between(self.value(first), self.value(node.arguments[1]))
            case "abs":
                return sql.call("abs", self.value(first))
            case "len":
                return sql.call("length", self.value(first))
            case "left":
                return sql.call("left", self.value(first), self.value(node.arguments[1]))
            case "starts":
                return sql.call("starts_with", self.value(first), self.value(node.arguments[1]))
            case "digits":
                count = node.arguments[1] if len(node.arguments) > 1 else None
                return digits(self.value(first), count.value if isinstance(count, Literal) else None)
            case _:
                return sql.call("regexp_full_match", self.value(first), self.value(node.arguments[1]))

    # quantifiers

    def inner(self, node: Quantifier, exact: bool = False) -> tuple[Truth, str]:
        """The compiler for what stands inside a quantifier, and the name of the lambda's parameter."""
        scope, parameter = self.scope.inner(node.variable, self.scope.full(node.source))
        return Truth(self.exact if exact else self.reading, self.exact, scope), parameter

    def elements(self, node: Quantifier) -> Sql:
        self.exact.prepared.roots.add(self.scope.full(node.source)[0])
        return self.reading.raw(node.source, self.scope)

    def wanted_elements(self, node: Quantifier) -> Sql:
        """The elements for which the condition is true. Always read exactly: too many would be as wrong as too few."""
        condition = node.condition
        if condition is None:
            return self.elements(node)
        inside, parameter = self.inner(node, exact=True)
        return sql.over("list_filter", self.elements(node), parameter, lambda _: inside.true(condition))

    def quantifier(self, node: Quantifier, wanted: bool) -> Sql:
        if node.name == "distinct":
            return self.distinct(node, wanted)
        inside, parameter = self.inner(node)
        body = node.body[0]
        if (node.name == "any") is wanted:
            asked = None if wanted else inside.blank(node.condition, body)
            if asked is None:
                terms = [inside.true(node.condition)] if node.condition else []
                asked = sql.every([*terms, inside.ask(body, wanted)])
            return found_in(self.elements(node), parameter, asked)
        passed = sql.sure(inside.ask(body, wanted))
        if node.condition is not None:
            outside, _ = self.inner(node, exact=True)
            passed = sql.some([sql.no(sql.sure(outside.true(node.condition))), passed])
        results = sql.over("list_transform", self.elements(node), parameter, lambda _: passed)
        answer = sql.coalesce(sql.call("list_bool_and", results), sql.truth(True))
        return sql.every([*holder_known(node.source, self.reading), answer])

    def known(self, node: Quantifier, value: Sql) -> Sql:
        holders = holder_known(node.source, self.reading)
        return sql.case((sql.every(holders), value)) if holders else value

    def count(self, node: Quantifier) -> Sql:
        size = sql.coalesce(sql.call("len", self.wanted_elements(node)), sql.number(0))
        return self.known(node, size)

    def sum(self, node: Quantifier) -> Sql:
        inside, parameter = self.inner(node)
        values = sql.over("list_transform", self.wanted_elements(node), parameter, lambda _: inside.value(node.body[0]))
        complete = sql.compare("==", sql.call("list_count", values), sql.call("len", values))
        total = sql.coalesce(sql.call("list_sum", values), sql.number(0))
        return self.known(node, sql.case((sql.coalesce(complete, sql.truth(True)), total)))

    def distinct(self, node: Quantifier, wanted: bool) -> Sql:
        found = self.wanted_elements(node)
        inside, parameter = self.inner(node)
        rows = sql.over("list_transform", found, parameter, lambda element: self.row(node, inside, element))
        size, different = sql.call("len", found), sql.call("len", sql.call("list_distinct", rows))
        several = sql.compare(">", size, sql.number(1))
        if not wanted:
            return sql.case((several, sql.compare("<", different, size)), otherwise=sql.truth(False))
        unique = sql.case((several, sql.compare("==", different, size)), otherwise=sql.truth(True))
        return sql.every([*holder_known(node.source, self.reading), unique])

    def row(self, node: Quantifier, inside: Truth, element: Sql) -> Sql:
        """What makes an element the same as another: its values as a list, blank and absent alike."""
        if node.body:
            values = [inside.value(part) for part in node.body]
        else:
            values = [inside.value(path) for path in element_paths(node)]
        return sql.call("list_value", *(sql.coalesce(value, sql.text("")) for value in values))


def _is_added(node: Node) -> bool:
    return isinstance(node, Call) and node.function is not None


def _guarded(test: Sql, guards: list[Sql]) -> Sql:
    """A test of values that must be there. The guards come last: few records fail a test, and only these are asked."""
    return sql.every([test, *guards])


def _either(test: Sql, wanted: bool) -> Sql:
    return test if wanted else sql.no(test)


def _literal(node: Node, as_text: bool = False) -> Sql:
    value = node.value if isinstance(node, Literal) else None
    if isinstance(value, date):
        return sql.text(value.isoformat()) if as_text else sql.cast(sql.text(value.isoformat()), "DATE")
    if isinstance(value, int | Decimal):
        return sql.number(value)
    return sql.text(str(value))


def _texts(container: tuple[Literal, ...] | Path) -> frozenset[str]:
    """The texts that are listed; none where something else is."""
    values = [each.value for each in container] if isinstance(container, tuple) else []
    return frozenset(value for value in values if isinstance(value, str)) if values else frozenset()

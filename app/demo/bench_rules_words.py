"""Simple checks in the words of other rule engines: a condition that is true exactly where our check is violated.

The engines know no unknown: whatever may be missing is asked for first, as the sweep does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.language import Kind, Scalar
from app.language.nodes import Comparison, Literal, Logic, Membership, Negation, Node, Path, Presence
from app.rules.model import Check, Ruleset

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_READ = (Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.MONTH)


class NotSimple(Exception):
    """The check says something that not every engine can say."""


@dataclass(frozen=True)
class Words:
    """How an engine writes things; `value` and `there` are patterns for a name."""

    both: str
    either: str
    value: str
    there: str
    missing: str


ZEN = Words("and", "or", "{}", "({} != null)", "({} == null)")
RULE_ENGINE = Words("and", "or", "{}", "({} != null)", "({} == null)")
CEL = Words("&&", "||", "r.{}", "has(r.{})", "!has(r.{})")
POLARS = Words("&", "|", "pl.col('{}')", "pl.col('{}').is_not_null()", "pl.col('{}').is_null()")


def simple_checks(ruleset: Ruleset) -> tuple[Check, ...]:
    """The checks that every engine can say: comparisons and presence of single items of the record."""
    found = []
    for check in ruleset.checks:
        try:
            violated(check, CEL)
        except NotSimple:
            continue
        found.append(check)
    return tuple(found)


def violated(check: Check, words: Words) -> str:
    """The check in an engine's words. Raises NotSimple."""
    terms = [_ask(check.when.root, True, words)] if check.when else []
    return _join(words.both, [*terms, _ask(check.require.root, False, words)])


def paths(node: Node) -> list[Path]:
    """The items that a simple condition reads."""
    match node:
        case Path():
            return [node]
        case Comparison(left=left, right=right):
            return [*paths(left), *paths(right)]
        case Membership(item=item):
            return paths(item)
        case Logic(terms=terms):
            return [path for term in terms for path in paths(term)]
        case Negation(term=term):
            return paths(term)
        case Presence(path=path):
            return [path]
        case _:
            return []


def name_of(path: Path) -> str:
    """The flat name under which an engine is given an item."""
    return "_".join(path.parts)


def _ask(node: Node, wanted: bool, words: Words) -> str:
    match node:
        case Negation(term=term):
            return _ask(term, not wanted, words)
        case Logic(operator=operator, terms=terms):
            connector = words.both if (operator == "and") is wanted else words.either
            return _join(connector, [_ask(term, wanted, words) for term in terms])
        case Comparison(operator=operator, left=left, right=right):
            sign = operator if wanted else _OPPOSITE[operator]
            there = [words.there.format(name_of(_item(path))) for path in paths(left) + paths(right)]
            return _join(words.both, [*there, f"({_value(left, words)} {sign} {_value(right, words)})"])
        case Membership(item=Path() as item, container=tuple() as literals, negated=negated):
            listed = [f"({_value(item, words)} == {_value(literal, words)})" for literal in literals]
            if wanted is negated:
                listed = [each.replace(" == ", " != ") for each in listed]
            one = _join(words.both if wanted is negated else words.either, listed)
            return _join(words.both, [words.there.format(name_of(_item(item))), one])
        case Presence(name="filled" | "empty" as name, path=path):
            filled = (name == "filled") is wanted
            return (words.there if filled else words.missing).format(name_of(_item(path)))
        case _:
            raise NotSimple(node.text)


def _item(path: Path) -> Path:
    if path.variable or not path.field.written or not isinstance(path.type, Scalar) or path.type.kind not in _READ:
        raise NotSimple(path.text)
    if len(path.parts) != 2 or path.parts[0] in ("header", "accepted", "form", "batch"):
        raise NotSimple(path.text)
    return path


def _value(node: Node, words: Words) -> str:
    match node:
        case Path():
            return words.value.format(name_of(_item(node)))
        case Literal(value=date() as day):
            return str(day.toordinal())
        case Literal(value=bool()):
            raise NotSimple(node.text)
        case Literal(value=int() | Decimal() as number):
            return str(float(number)) if words is CEL else str(number)
        case Literal(value=str() as text):
            return f"'{text}'"
        case _:
            raise NotSimple(node.text)


def _join(connector: str, terms: list[str]) -> str:
    return terms[0] if len(terms) == 1 else "(" + f" {connector} ".join(terms) + ")"

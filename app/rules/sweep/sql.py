"""Small makers of SQL expressions as text; brackets stand wherever precedence could change the meaning.

Text and no tree: a ruleset has some hundred thousand nodes, and nothing is ever done to them but write them down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression. `single` ones stand for themselves, others want brackets beside an operator.

    `asked` remembers the parts of a question about the elements of a list: the list, the parameter, what is asked.
    `denial` is what says the opposite more cheaply than NOT. `conjuncts` are the terms of an AND.
    """

    text: str
    single: bool = True
    column: bool = False
    asked: tuple[Sql, str, Sql] | None = None
    denial: Sql | None = None
    conjuncts: tuple[Sql, ...] = ()


def render(tree: Sql) -> str:
    """The text of an expression."""
    return tree.text


def name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def column(identifier: str) -> Sql:
    return Sql(name(identifier), column=True)


def text(value: str) -> Sql:
    return Sql("'" + value.replace("'", "''") + "'")


def number(value: int | Decimal) -> Sql:
    return Sql(str(value), single=value >= 0)


def truth(value: bool) -> Sql:
    return Sql("TRUE" if value else "FALSE")


def null() -> Sql:
    return Sql("NULL")


def wrap(tree: Sql) -> str:
    """The expression in brackets, unless it stands for itself."""
    return tree.text if tree.single else f"({tree.text})"


def _listed(trees: Iterable[Sql]) -> str:
    return ", ".join(tree.text for tree in trees)


def call(function: str, *arguments: Sql) -> Sql:
    return Sql(f"{function}({_listed(arguments)})")


def field(holder: Sql, *parts: str) -> Sql:
    """A field of a struct, any number of levels down."""
    return Sql(".".join([holder.text, *map(name, parts)]))


def every(terms: Iterable[Sql]) -> Sql:
    """All of the terms, each once; TRUE for none."""
    flat = [part for term in terms for part in (term.conjuncts or (term,))]
    different = list({part.text: part for part in flat}.values())
    joined = _join(" AND ", different, True)
    return replace(joined, conjuncts=tuple(different)) if len(different) > 1 else joined


def some(terms: Iterable[Sql]) -> Sql:
    """One of the terms; FALSE for none."""
    return _join(" OR ", list(terms), False)


def _join(connector: str, terms: Sequence[Sql], empty: bool) -> Sql:
    if len(terms) < 2:
        return terms[0] if terms else truth(empty)
    return Sql(connector.join(map(wrap, terms)), single=False)


def no(tree: Sql) -> Sql:
    return tree.denial or Sql(f"NOT {wrap(tree)}", single=False)


_COMPARISONS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def compare(operator: str, left: Sql, right: Sql) -> Sql:
    return Sql(f"{wrap(left)} {_COMPARISONS[operator]} {wrap(right)}", single=False)


def differs(left: Sql, right: Sql) -> Sql:
    """Whether two values are not the same, where NULL is a value too."""
    return Sql(f"{wrap(left)} IS DISTINCT FROM {wrap(right)}", single=False)


def calculate(operator: str, left: Sql, right: Sql) -> Sql:
    return Sql(f"{wrap(left)} {operator} {wrap(right)}", single=False)


def minus(tree: Sql) -> Sql:
    return Sql(f"-{wrap(tree)}", single=False)


def is_null(tree: Sql) -> Sql:
    return Sql(f"{wrap(tree)} IS NULL", single=False)


def is_there(tree: Sql) -> Sql:
    return Sql(f"{wrap(tree)} IS NOT NULL", single=False)


def among(tree: Sql, values: Iterable[Sql]) -> Sql:
    """Whether a value is one of several: of a column a comparison each, which costs a fraction of what a list or IN does.

    Anything else would be worked out anew for each comparison.
    """
    listed = list(values)
    if not tree.column and len(listed) != 1:
        return call("list_contains", call("list_value", *listed), tree)
    denial = every(compare("!=", tree, value) for value in listed)
    return replace(some(compare("==", tree, value) for value in listed), denial=denial)


def in_codes(tree: Sql, codes: frozenset[str]) -> Sql:
    """Whether a text is one of the codes; many plain codes are faster as one pattern."""
    if len(codes) > 24 and all(code.isascii() and code.isalnum() for code in codes):
        return matches(tree, "|".join(sorted(codes)))
    return among(tree, [text(code) for code in sorted(codes)])


def matches(tree: Sql, pattern: str) -> Sql:
    return call("regexp_full_match", tree, text(pattern))


def coalesce(first: Sql, *others: Sql) -> Sql:
    return call("coalesce", first, *others)


def sure(tree: Sql) -> Sql:
    """TRUE where the tree is, FALSE where it is false or NULL."""
    return coalesce(tree, truth(False))


def cast(tree: Sql, type_: str) -> Sql:
    return Sql(f"CAST({tree.text} AS {type_})")


def try_cast(tree: Sql, type_: str) -> Sql:
    return Sql(f"TRY_CAST({tree.text} AS {type_})")


def case(*branches: tuple[Sql, Sql], otherwise: Sql | None = None) -> Sql:
    return Sql(f"CASE{_branches(branches, otherwise)} END")


def choose(value: Sql, *branches: tuple[Sql, Sql], otherwise: Sql | None = None) -> Sql:
    """CASE value WHEN … THEN … ELSE … END."""
    return Sql(f"CASE {value.text}{_branches(branches, otherwise)} END")


def _branches(branches: Iterable[tuple[Sql, Sql]], otherwise: Sql | None) -> str:
    cases = "".join(f" WHEN {match.text} THEN {answer.text}" for match, answer in branches)
    return f"{cases} ELSE {otherwise.text}" if otherwise is not None else cases


def over(function: str, items: Sql, parameter: str, body: Callable[[Sql], Sql]) -> Sql:
    """A list function with a lambda, as in list_transform(items, lambda parameter: body)."""
    inner = Sql(f"lambda {name(parameter)}: {body(column(parameter)).text}")
    return call(function, items, inner)


def like(tree: Sql, shape: str) -> Sql:
    return Sql(f"{wrap(tree)} LIKE {text(shape).text}", single=False)

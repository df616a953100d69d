"""Small makers of SQLGlot expression trees; brackets stand wherever precedence could change the meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from sqlglot import exp

Sql = exp.Expr

DIALECT = "duckdb"
_FEW = 4
_SIMPLE = (
    exp.Column,
    exp.Literal,
    exp.Anonymous,
    exp.Paren,
    exp.Boolean,
    exp.Case,
    exp.Cast,
    exp.Dot,
    exp.Null,
    exp.Coalesce,
)


def render(tree: Sql) -> str:
    """The SQL text of a tree."""
    return tree.sql(dialect=DIALECT)


def name(identifier: str) -> exp.Identifier:
    return exp.to_identifier(identifier, quoted=True)


def column(identifier: str) -> Sql:
    return exp.Column(this=name(identifier))


def text(value: str) -> Sql:
    return exp.Literal.string(value)


def number(value: int | Decimal) -> Sql:
    return exp.Literal.number(str(value))


def truth(value: bool) -> Sql:
    return exp.Boolean(this=value)


def null() -> Sql:
    return exp.Null()


def wrap(tree: Sql) -> Sql:
    """The tree in brackets, unless it stands for itself."""
    return tree if isinstance(tree, _SIMPLE) else exp.Paren(this=tree)


def call(function: str, *arguments: Sql) -> Sql:
    return exp.Anonymous(this=function, expressions=list(arguments))


def field(holder: Sql, *parts: str) -> Sql:
    """A field of a struct, any number of levels down."""
    for part in parts:
        holder = exp.Dot(this=holder, expression=name(part))
    return holder


def every(terms: Iterable[Sql]) -> Sql:
    """All of the terms; TRUE for none."""
    return _join(exp.And, list(terms), True)


def some(terms: Iterable[Sql]) -> Sql:
    """One of the terms; FALSE for none."""
    return _join(exp.Or, list(terms), False)


def _join(connector: type[exp.Connector], terms: Sequence[Sql], empty: bool) -> Sql:
    if not terms:
        return truth(empty)
    joined = terms[0] if len(terms) == 1 else wrap(terms[0])
    for term in terms[1:]:
        joined = connector(this=joined, expression=wrap(term))
    return joined


def no(tree: Sql) -> Sql:
    return exp.Not(this=wrap(tree))


_COMPARISONS: dict[str, type[exp.Binary]] = {
    "==": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
_ARITHMETIC: dict[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}


def compare(operator: str, left: Sql, right: Sql) -> Sql:
    return _COMPARISONS[operator](this=wrap(left), expression=wrap(right))


def calculate(operator: str, left: Sql, right: Sql) -> Sql:
    return _ARITHMETIC[operator](this=wrap(left), expression=wrap(right))


def minus(tree: Sql) -> Sql:
    return exp.Neg(this=wrap(tree))


def is_null(tree: Sql) -> Sql:
    return exp.Is(this=wrap(tree), expression=exp.Null())


def is_there(tree: Sql) -> Sql:
    return exp.Not(this=is_null(tree))


def among(tree: Sql, values: Iterable[Sql]) -> Sql:
    """Whether a value is one of several. IN with more than four would become a join each, which costs far more."""
    listed = list(values)
    if len(listed) <= _FEW:
        return exp.In(this=wrap(tree), expressions=listed)
    return call("list_contains", call("list_value", *listed), tree)


def coalesce(first: Sql, *others: Sql) -> Sql:
    return exp.Coalesce(this=first, expressions=list(others))


def sure(tree: Sql) -> Sql:
    """TRUE where the tree is, FALSE where it is false or NULL."""
    return coalesce(tree, truth(False))


def cast(tree: Sql, type_: str) -> Sql:
    return exp.Cast(this=tree, to=exp.DataType.build(type_, dialect=DIALECT))


def try_cast(tree: Sql, type_: str) -> Sql:
    return exp.TryCast(this=tree, to=exp.DataType.build(type_, dialect=DIALECT))


def case(*branches: tuple[Sql, Sql], otherwise: Sql | None = None) -> Sql:
    ifs = [exp.If(this=condition, true=value) for condition, value in branches]
    return exp.Case(ifs=ifs, default=otherwise)


def choose(value: Sql, *branches: tuple[Sql, Sql], otherwise: Sql | None = None) -> Sql:
    """CASE value WHEN … THEN … ELSE … END."""
    ifs = [exp.If(this=match, true=answer) for match, answer in branches]
    return exp.Case(this=value, ifs=ifs, default=otherwise)


def over(function: str, items: Sql, parameter: str, body: Callable[[Sql], Sql]) -> Sql:
    """A list function with a lambda, as in list_transform(items, lambda parameter: body)."""
    inner = exp.Lambda(this=body(column(parameter)), expressions=[name(parameter)], colon=True)
    return call(function, items, inner)


def like(tree: Sql, shape: str) -> Sql:
    return exp.Like(this=wrap(tree), expression=text(shape))

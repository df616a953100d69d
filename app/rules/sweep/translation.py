"""What the translations of the sweep's SQL into other dialects have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlglot import exp

from app.language import Field, ListOf, Struct, Type
from app.rules.sweep.statement import CheckRow

Hit = tuple[str, CheckRow]
"""The condition of a finding over the columns v0, v1, …, and what the finding says."""


class Translation(ABC):
    """Writes expressions of the sweep in one dialect. `fields` are the columns of the relation.

    Every function that the sweep writes has a method `on_<name>` here or stands in `same`; anything else is an error of the
    program, never passed on.
    """

    dialect: ClassVar[str]
    fence: ClassVar[str] = ""
    """What keeps the engine from merging a layer with the next."""
    whole_division: ClassVar[str]
    """The operator that divides whole numbers to a whole number."""
    same: ClassVar[frozenset[str]] = frozenset(
        {"abs", "coalesce", "concat_ws", "left", "length", "mod", "nullif", "replace", "substring", "upper"}
    )

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = fields
        self.parameters: dict[str, Type | None] = {}

    def write(self, tree: exp.Expression) -> str:
        """The expression in this dialect."""
        return self.translated(tree).sql(dialect=self.dialect)

    def name(self, identifier: str) -> str:
        """A quoted identifier."""
        return exp.to_identifier(identifier, quoted=True).sql(dialect=self.dialect)

    @abstractmethod
    def findings(self, identity: str, judged: str, hits: Sequence[Hit]) -> str:
        """The whole statement: a row per finding of `judged`, a SELECT of the id and v0, v1, …"""

    # expressions

    def translated(self, node: exp.Expression) -> exp.Expression:
        """The same in this dialect; what stands below has been translated as well."""
        if isinstance(node, exp.Column | exp.Dot):
            return self.column(node)
        if isinstance(node, exp.Anonymous):
            name = str(node.this).lower()
            if name in self.same:
                return self.call(name, *map(self.translated, node.expressions))
            made: exp.Expression = getattr(self, f"on_{name}")(*node.expressions)
            return made
        if isinstance(node, exp.TryCast):
            return self.try_cast(self.translated(node.this), node.to)
        if isinstance(node, exp.Cast):
            return self.cast(self.translated(node.this), node.to)
        if isinstance(node, exp.IntDiv):
            sides = (self.write(node.this), self.write(node.expression))
            return written(f" {self.whole_division} ".join(f"({side})" for side in sides))
        copy = node.copy()
        for key, value in node.args.items():
            if isinstance(value, exp.Expression):
                copy.set(key, self.translated(value))
            elif isinstance(value, list):
                copy.set(key, [self.translated(each) if isinstance(each, exp.Expression) else each for each in value])
        return copy

    def column(self, node: exp.Expression) -> exp.Expression:
        """A column, or a field of one, any number of levels down."""
        return node.copy()

    @abstractmethod
    def try_cast(self, value: exp.Expression, to: exp.DataType) -> exp.Expression:
        """The value in a type, NULL where it has none."""

    def cast(self, value: exp.Expression, to: exp.DataType) -> exp.Expression:
        return exp.Cast(this=value, to=to.copy())

    def call(self, function: str, *arguments: exp.Expression) -> exp.Expression:
        return exp.Anonymous(this=function, expressions=list(arguments))

    # names and types

    def type_of(self, node: exp.Expression) -> Type | None:
        """The type that a name stands for; None for columns that the sweep has made."""
        parts = parts_of(node)
        if not parts:
            return None
        if parts[0] in self.parameters:
            found = self.parameters[parts[0]]
        else:
            field = self.fields.get(parts[0])
            found = field.type if field is not None else None
        for part in parts[1:]:
            found = found.fields[part].type if isinstance(found, Struct) else None
        return found

    def element_of(self, items: exp.Expression) -> Type | None:
        """The type of the elements of a list."""
        while isinstance(items, exp.Anonymous) and str(items.this).lower() in ("list_filter", "list_transform"):
            items = items.expressions[0]
        found = self.type_of(items)
        return found.element if isinstance(found, ListOf) else None


def parts_of(node: exp.Expression) -> list[str]:
    """The parts of a dotted name."""
    if isinstance(node, exp.Dot):
        return [*parts_of(node.this), node.expression.name]
    if isinstance(node, exp.Identifier):  # a lambda's parameter, as SQLGlot reads it
        return [node.name]
    return [part.name for part in node.parts] if isinstance(node, exp.Column) else []


def lambda_of(node: exp.Expression) -> tuple[str, exp.Expression]:
    """The parameter and the body of a lambda."""
    return node.expressions[0].name, node.this


def written(expression: str) -> exp.Expression:
    """SQL that stands as it is written, in brackets."""
    return exp.Paren(this=exp.Var(this=expression))


def text(value: str) -> exp.Expression:
    return exp.Literal.string(value)

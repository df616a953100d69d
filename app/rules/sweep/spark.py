"""The sweep's SQL for Spark: structs, arrays and lambdas are its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlglot import exp

from app.language import Kind, ListOf, Scalar, SetOf, Struct, Type
from app.rules.sweep.statement import CheckRow
from app.rules.sweep.translation import Hit, Translation, lambda_of, text, written

_SUM = exp.DataType.build("DECIMAL(38,8)", dialect="spark")


class Spark(Translation):
    """Expressions for Spark 3.4 and later, with or without its ANSI mode."""

    dialect: ClassVar[str] = "spark"
    whole_division: ClassVar[str] = "DIV"

    def findings(self, identity: str, judged: str, hits: Sequence[Hit]) -> str:
        found = ", ".join(f"CASE WHEN {condition} THEN {self._struct(row)} END" for condition, row in hits)
        listed = (
            f"SELECT {identity}, explode(filter(array({found}), h -> h IS NOT NULL)) AS hit_ FROM ({judged}) AS judged_"
        )
        return f"SELECT {identity}, hit_.* FROM ({listed}) AS hits_"

    def _struct(self, row: CheckRow) -> str:
        names = ("rule", "code", "tag", "severity")
        said = ", ".join(f"'{name}', {text(getattr(row, name)).sql(dialect='spark')}" for name in names)
        return f"named_struct({said}, 'check', {row.check})"

    def try_cast(self, value: exp.Expression, to: exp.DataType) -> exp.Expression:
        if to.is_type("date"):
            # the year 0000 is none
            year = self.call("left", value, exp.Literal.number(4))
            value = exp.Case(ifs=[exp.If(this=exp.NEQ(this=year, expression=text("0000")), true=value)])
        return written(f"TRY_CAST({value.sql(dialect='spark')} AS {to.sql(dialect='spark')})")

    # texts, dates

    def on_regexp_full_match(self, value: exp.Expression, pattern: exp.Expression) -> exp.Expression:
        return exp.RegexpLike(this=_bracketed(self.translated(value)), expression=text(rf"^(?:{pattern.name})\z"))

    def on_trim(self, value: exp.Expression, signs: exp.Expression) -> exp.Expression:
        return exp.Trim(this=self.translated(value), expression=signs.copy(), position="BOTH")

    def on_starts_with(self, value: exp.Expression, begin: exp.Expression) -> exp.Expression:
        return self.call("startswith", self.translated(value), self.translated(begin))

    def on_strpos(self, value: exp.Expression, sought: exp.Expression) -> exp.Expression:
        return self.call("instr", self.translated(value), self.translated(sought))

    def on_date_diff(self, _: exp.Expression, first: exp.Expression, second: exp.Expression) -> exp.Expression:
        return self.call("datediff", self.translated(second), self.translated(first))

    # lists

    def lambda_(self, node: exp.Expression) -> exp.Expression:
        parameter, body = lambda_of(node)
        return exp.Lambda(this=self.translated(body), expressions=[exp.to_identifier(parameter)])

    def on_list_transform(self, items: exp.Expression, each: exp.Expression) -> exp.Expression:
        return self.call("transform", self.translated(items), self.lambda_(each))

    def on_list_filter(self, items: exp.Expression, each: exp.Expression) -> exp.Expression:
        return self.call("filter", self.translated(items), self.lambda_(each))

    def on_list_bool_or(self, items: exp.Expression) -> exp.Expression:
        return self.call("exists", self.translated(items), _itself())

    def on_list_bool_and(self, items: exp.Expression) -> exp.Expression:
        return self.call("forall", self.translated(items), _itself())

    def on_list_contains(self, items: exp.Expression, value: exp.Expression) -> exp.Expression:
        return self.call("array_contains", self.translated(items), self.translated(value))

    def on_list_value(self, *values: exp.Expression) -> exp.Expression:
        if not values:
            return exp.Cast(this=self.call("array"), to=exp.DataType.build("ARRAY<STRING>", dialect="spark"))
        return self.call("array", *map(self.translated, values))

    def on_list_extract(self, items: exp.Expression, place: exp.Expression) -> exp.Expression:
        return self.call("element_at", self.translated(items), place.copy())

    def on_list_distinct(self, items: exp.Expression) -> exp.Expression:
        return self.call("array_distinct", self.translated(items))

    def on_len(self, items: exp.Expression) -> exp.Expression:
        return self.call("array_size", self.translated(items))

    def on_list_count(self, items: exp.Expression) -> exp.Expression:
        there = exp.Lambda(
            this=exp.Not(this=exp.Is(this=exp.column("h"), expression=exp.Null())), expressions=[exp.to_identifier("h")]
        )
        return self.call("array_size", self.call("filter", self.translated(items), there))

    def on_list_sum(self, items: exp.Expression) -> exp.Expression:
        added = exp.Cast(this=exp.Add(this=exp.column("s"), expression=exp.column("h")), to=_SUM.copy())
        step = exp.Lambda(this=added, expressions=[exp.to_identifier("s"), exp.to_identifier("h")])
        return self.call(
            "aggregate", self.translated(items), exp.Cast(this=exp.Literal.number(0), to=_SUM.copy()), step
        )


def _itself() -> exp.Expression:
    return exp.Lambda(this=exp.column("h"), expressions=[exp.to_identifier("h")])


def _bracketed(node: exp.Expression) -> exp.Expression:
    return node if isinstance(node, exp.Column | exp.Anonymous | exp.Paren) else exp.Paren(this=node)


def column_type(type_: Type, written: bool = True) -> str:
    """The Spark type in which a warehouse holds a field: texts, dates and written numbers as STRING."""
    match type_:
        case Struct(fields=fields):
            inner = ", ".join(f"`{name}`: {column_type(field.type, field.written)}" for name, field in fields.items())
            return f"STRUCT<{inner}>"
        case ListOf(element=element):
            return f"ARRAY<{column_type(element)}>"
        case SetOf():
            return "ARRAY<STRING>"
        case Scalar(kind=Kind.BOOL):
            return "BOOLEAN"
        case Scalar(kind=Kind.NUMBER) if not written:
            return "BIGINT"
        case _:
            return "STRING"

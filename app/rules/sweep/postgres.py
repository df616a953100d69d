"""The sweep's SQL for PostgreSQL: segments are `jsonb`, lists are asked by sub-selects over their elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlglot import exp

from app.language import Kind, ListOf, Scalar, SetOf, Struct
from app.rules.sweep.translation import Hit, Translation, lambda_of, parts_of, text, written

_REAL = r"^(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
_WHOLE = {"INT": "^[0-9]{1,9}$", "BIGINT": "^[0-9]{1,18}$"}
_NUMBER = r"^-?[0-9]{1,15}(?:\.[0-9]{1,4})?$"


class Postgres(Translation):
    """Expressions for PostgreSQL 12 and later."""

    dialect: ClassVar[str] = "postgres"
    whole_division: ClassVar[str] = "/"
    fence: ClassVar[str] = " OFFSET 0"
    same: ClassVar[frozenset[str]] = Translation.same - {"substring"}

    def findings(self, identity: str, judged: str, hits: Sequence[Hit]) -> str:
        rows = ", ".join(
            f"({', '.join(text(said).sql(dialect='postgres') for said in (row.rule, row.code, row.tag, row.severity))},"
            f" {row.check}, {condition})"
            for condition, row in hits
        )
        named = '"rule", "code", "tag", "severity", "check"'
        return (
            f"SELECT {identity}, {named} FROM ({judged}) AS judged_"
            f" CROSS JOIN LATERAL (VALUES {rows}) AS hits_({named}, hit_) WHERE hit_"
        )

    # names

    def column(self, node: exp.Expression) -> exp.Expression:
        parts = parts_of(node)
        if len(parts) == 1 or self.type_of(exp.column(parts[0], quoted=True)) is None:
            return exp.column(parts[0], quoted=True) if len(parts) == 1 else node.copy()
        found = self.type_of(node)
        held = exp.column(parts[0], quoted=True).sql(dialect="postgres")
        for part in parts[1:-1]:
            held = f"{held} -> {text(part).sql(dialect='postgres')}"
        last = text(parts[-1]).sql(dialect="postgres")
        if isinstance(found, Struct | ListOf | SetOf):
            return written(f"NULLIF({held} -> {last}, 'null'::jsonb)")
        made = f"({held} ->> {last})"
        if isinstance(found, Scalar) and found.kind is Kind.BOOL:
            made += "::boolean"
        elif isinstance(found, Scalar) and found.kind is Kind.NUMBER and not self.is_written(parts):
            made += "::bigint"
        return written(made)

    def is_written(self, parts: list[str]) -> bool:
        holder = self.type_of(exp.column(parts[0], quoted=True))
        for part in parts[1:-1]:
            holder = holder.fields[part].type if isinstance(holder, Struct) else None
        return not isinstance(holder, Struct) or holder.fields[parts[-1]].written

    # values

    def try_cast(self, value: exp.Expression, to: exp.DataType) -> exp.Expression:
        given = value.sql(dialect="postgres")
        if to.is_type("date"):
            first = f"make_date(left({given}, 4)::int, substring({given}, 6, 2)::int, 1)"
            day = f"substring({given}, 9, 2)::int"
            real = f"{day} <= extract(day FROM {first} + interval '1 month' - interval '1 day')"
            return written(f"CASE WHEN {given} ~ '{_REAL}' THEN CASE WHEN {real} THEN {first} + {day} - 1 END END")
        if to.is_type("decimal"):
            return written(f"CASE WHEN {given} ~ '{_NUMBER}' THEN {given}::numeric END")
        shape = _WHOLE[to.this.value]
        return written(f"CASE WHEN {given} ~ '{shape}' THEN {given}::{to.sql(dialect='postgres')} END")

    def cast(self, value: exp.Expression, to: exp.DataType) -> exp.Expression:
        if to.is_type("text") and isinstance(value, exp.Case):
            return self.call("to_char", value, text("YYYY-MM-DD"))
        return super().cast(value, to)

    def on_regexp_full_match(self, value: exp.Expression, pattern: exp.Expression) -> exp.Expression:
        return exp.RegexpLike(this=exp.Paren(this=self.translated(value)), expression=text(f"^(?:{pattern.name})$"))

    def on_trim(self, value: exp.Expression, signs: exp.Expression) -> exp.Expression:
        return self.call("btrim", self.translated(value), signs.copy())

    def on_substring(self, value: exp.Expression, *places: exp.Expression) -> exp.Expression:
        whole = [
            place.copy() if isinstance(place, exp.Literal) else written(f"({self.write(place)})::int")
            for place in places
        ]
        return self.call("substring", self.translated(value), *whole)

    def on_starts_with(self, value: exp.Expression, begin: exp.Expression) -> exp.Expression:
        return self.call("starts_with", self.translated(value), self.translated(begin))

    def on_strpos(self, value: exp.Expression, sought: exp.Expression) -> exp.Expression:
        return self.call("strpos", self.translated(value), self.translated(sought))

    def on_date_diff(self, _: exp.Expression, first: exp.Expression, second: exp.Expression) -> exp.Expression:
        ends = (self.translated(second), self.translated(first))
        return exp.Paren(this=exp.Sub(this=exp.Paren(this=ends[0]), expression=exp.Paren(this=ends[1])))

    # lists

    def asked(self, aggregate: str, items: exp.Expression) -> exp.Expression:
        """A sub-select over the elements; `{}` in the aggregate is what a list_transform makes of each."""
        body: exp.Expression | None = None
        transformed = isinstance(items, exp.Anonymous) and str(items.this).lower() == "list_transform"
        element = self.element_of(items)
        conditions: list[exp.Expression] = []
        parameter = "e_"
        if transformed:
            parameter, body = lambda_of(items.expressions[1])
            items = items.expressions[0]
        while isinstance(items, exp.Anonymous) and str(items.this).lower() == "list_filter":
            parameter, condition = lambda_of(items.expressions[1])
            conditions.append(condition)
            items = items.expressions[0]
        before = dict(self.parameters)
        source = self.elements(items, parameter, element)
        self.parameters[parameter] = element
        made = self.write(body) if body is not None else ""
        kept = " AND ".join(f"({self.write(condition)})" for condition in conditions)
        self.parameters = before
        where = f" WHERE {kept}" if kept else ""
        return written(f"(SELECT {aggregate.format(made)} FROM {source}{where})")

    def elements(self, items: exp.Expression, parameter: str, element: object) -> str:
        """What may stand after FROM: the elements of a list as column `parameter`."""
        column = exp.to_identifier(parameter, quoted=True).sql(dialect="postgres")
        if isinstance(items, exp.Anonymous) and str(items.this).lower() == "list_value":
            return f"(SELECT {self.write(items.expressions[0])} AS {column}) AS t_"
        function = "jsonb_array_elements" if isinstance(element, Struct) else "jsonb_array_elements_text"
        return f"{function}({self.write(items)}) AS t_({column})"

    def on_list_bool_or(self, items: exp.Expression) -> exp.Expression:
        return self.asked("bool_or({})", items)

    def on_list_bool_and(self, items: exp.Expression) -> exp.Expression:
        return self.asked("bool_and({})", items)

    def on_list_count(self, items: exp.Expression) -> exp.Expression:
        return self.asked("count({})", items)

    def on_list_sum(self, items: exp.Expression) -> exp.Expression:
        return self.asked("sum({})", items)

    def on_list_extract(self, items: exp.Expression, _: exp.Expression) -> exp.Expression:
        return self.asked("{}", items)

    def on_len(self, items: exp.Expression) -> exp.Expression:
        if not isinstance(items, exp.Anonymous):
            return self.call("jsonb_array_length", self.translated(items))
        if str(items.this).lower() == "list_distinct":
            return self.asked("count(DISTINCT {})", items.expressions[0])
        return self.asked("count(*)", items)

    def on_list_value(self, *values: exp.Expression) -> exp.Expression:
        if not values:
            return written("'[]'::jsonb")
        return written(f"ARRAY[{', '.join(map(self.write, values))}]")

    def on_list_contains(self, items: exp.Expression, value: exp.Expression) -> exp.Expression:
        if isinstance(items, exp.Anonymous) and str(items.this).lower() == "list_value":
            listed = [self.translated(each) for each in items.expressions]
            return exp.Paren(this=exp.In(this=exp.Paren(this=self.translated(value)), expressions=listed))
        return self.call("jsonb_exists", self.translated(items), self.translated(value))

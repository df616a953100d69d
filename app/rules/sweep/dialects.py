"""The sweep as one SELECT for a lender's own warehouse: read by SQLGlot, written for DuckDB, PostgreSQL or Spark.

Only the exact pass is written: every record is judged, none is passed over. What a relation has to hold is the same
everywhere: the id and a column for each name of `Sweep.columns`. In DuckDB and Spark these are structs and arrays, in PostgreSQL
a `jsonb` each (texts, in records without segments, as `text`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, cast

from sqlglot import exp, parse_one
from sqlglot.dialects.duckdb import DuckDB

from app.language import Field, Vocabulary
from app.rules.sweep.postgres import Postgres
from app.rules.sweep.spark import Spark
from app.rules.sweep.statement import Sweep
from app.rules.sweep.translation import Translation

_TRANSLATIONS: Mapping[str, Callable[[Mapping[str, Field]], Translation]] = {"postgres": Postgres, "spark": Spark}


class _Written(DuckDB):
    """DuckDB as the sweep writes it: functions keep their own names, so that each has one meaning here."""

    class Parser(DuckDB.Parser):  # type: ignore[misc,valid-type] # made by SQLGlot's metaclass
        FUNCTIONS: ClassVar[Mapping[str, object]] = {}
        FUNCTION_PARSERS: ClassVar[Mapping[str, object]] = {
            name: DuckDB.Parser.FUNCTION_PARSERS[name] for name in ("CAST", "TRY_CAST")
        }


def warehouse_select(
    sweep: Sweep, vocabulary: Vocabulary, dialect: str, relation: str, id_column: str = "record_id"
) -> str:
    """A SELECT of (id, rule, code, tag, severity, check) for every finding in `relation`, a table's name or a query in brackets."""
    if dialect == "duckdb":
        return sweep.sql(relation, id_column)
    translation = _TRANSLATIONS[dialect](vocabulary.fields)

    def written(text: str) -> str:
        return translation.write(cast(exp.Expression, parse_one(text, dialect=_Written)))

    name = translation.name
    identity = name(id_column)
    source = (
        f"SELECT {', '.join([identity, *map(name, sweep.columns)])} FROM {relation} AS relation_{translation.fence}"
    )
    for layer in sweep.exact_columns:
        if layer:
            added = ", ".join(f"{written(made)} AS {name(column)}" for column, made in layer)
            source = f"SELECT *, {added} FROM ({source}) AS layer_{translation.fence}"
    violated = ", ".join(f"{written(made)} AS v{number}" for number, made in enumerate(sweep.violated))
    judged = f"SELECT {identity}, {violated} FROM ({source}) AS layer_{translation.fence}"
    hits = [
        (f"v{number}" + "".join(f" AND v{need} IS NOT TRUE" for need in sweep.needed[number]), row)
        for number, row in enumerate(sweep.rows)
    ]
    return translation.findings(identity, judged, hits)

"""One expression by itself as SQL, for those who ask a condition outside of a ruleset."""

from __future__ import annotations

from dataclasses import dataclass

from app.language import Field, ListOf, Vocabulary, parse
from app.rules.sweep import sql
from app.rules.sweep.reading import Exact, Prepared, Scope
from app.rules.sweep.sql import Sql
from app.rules.sweep.truth import Truth


@dataclass
class _Inline(Prepared):
    """Prepares nothing: every reading stands where it is used."""

    def column(self, kind: str, parts: tuple[str, ...], made: Sql, *, text: bool = False) -> Sql:
        del kind, parts, text
        return made


def condition_sql(text: str, vocabulary: Vocabulary, group: str = "") -> str:
    """SQL that is TRUE exactly where the expression is true, over columns named as the vocabulary's fields.

    With `group`, the dotted path of a list, `p` in the expression is an occurrence of it and a lambda's parameter `p`
    in the SQL. Raises ExpressionInvalid.
    """
    variables: dict[str, Field] = {}
    scope = Scope()
    if group:
        field = vocabulary.find(group)
        if field is not None and isinstance(field.type, ListOf):
            variables["p"] = Field("p", field.type.element, field.label)
            scope = Scope({"p": ("p", tuple(group.split(".")))})
    reading = Exact(_Inline("inline"))
    node = parse(text, vocabulary, variables=variables).root
    return sql.render(Truth(reading, reading, scope).true(node))

"""Compiles a ruleset: the quick condition under which a record may violate something, and the exact ones of each check."""

from __future__ import annotations

from app.language import Vocabulary
from app.rules.model import Check, Ruleset
from app.rules.sweep import sql
from app.rules.sweep.reading import Exact, Prepared, Quick
from app.rules.sweep.relation import structure_of
from app.rules.sweep.sql import Sql
from app.rules.sweep.statement import CheckRow, Sweep
from app.rules.sweep.truth import Truth
from app.rules.vocabulary import column_type


def compile_sweep(ruleset: Ruleset, vocabulary: Vocabulary | None = None) -> Sweep:
    """The sweep of a ruleset. `vocabulary` is the ruleset's own unless another edition's columns are to be swept."""
    fields = (vocabulary or ruleset.vocabulary).fields
    first, second = Prepared("q"), Prepared("x")
    quick, exact = Quick(first), Exact(second)
    suspect = [_violated(check, Truth(quick, quick.exact)) for check in ruleset.checks]
    suspect = [*quick.irregular(), *suspect]
    conditions = ruleset.conditions()
    numbers: dict[str, list[int]] = {}
    rows: list[CheckRow] = []
    violated: list[str] = []
    for number, check in enumerate(ruleset.checks):
        numbers.setdefault(check.rule_id, []).append(number)
        violated.append(sql.render(_violated(check, Truth(exact, exact))))
        rule = ruleset.rule(check.rule_id)
        rows.append(CheckRow(rule.id, rule.code, check.tag, rule.severity, check.index))
    needed = tuple(
        tuple(sorted(number for need in conditions[check.rule_id] for number in numbers.get(need, ())))
        for check in ruleset.checks
    )
    roots = first.roots | second.roots
    return Sweep(
        columns={name: column_type(f.type, f.written) for name, f in fields.items() if name in roots},
        structures={name: structure_of(f.type, f.written) for name, f in fields.items() if name in roots},
        quick_columns=(_columns(first.texts), _columns(first.typed)),
        suspect=sql.render(sql.some(suspect)),
        exact_columns=(_columns(second.texts), _columns(second.typed)),
        violated=tuple(violated),
        needed=needed,
        rows=tuple(rows),
        edition=ruleset.edition,
    )


def _columns(made: dict[str, Sql]) -> tuple[tuple[str, str], ...]:
    return tuple((name, sql.render(tree)) for name, tree in made.items())


def _violated(check: Check, truth: Truth) -> Sql:
    """TRUE exactly where `when` is true and `require` is false."""
    terms = [truth.true(check.when.root)] if check.when else []
    return sql.every([*terms, truth.false(check.require.root)])

"""Compiles a ruleset: the quick condition under which a record may violate anything, the exact ones of every check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from app.language import Vocabulary
from app.language.nodes import Comparison, Conformity, Literal, Logic, Node, Path, Presence, Quantifier
from app.language.values import allowed_codes, conforms, form_pattern
from app.rules.model import Check, Ruleset
from app.rules.sweep import sql
from app.rules.sweep.reading import Exact, Prepared, Quick, found_in
from app.rules.sweep.relation import structure_of
from app.rules.sweep.sql import Sql
from app.rules.sweep.statement import CheckRow, FirstPass, ListQuestion, Sweep
from app.rules.sweep.truth import Truth
from app.rules.vocabulary import column_type

PORTION = 8
"""Rules in each of the portions into which the exact pass over many suspects is cut."""
MANY = 2_000
"""Suspects from which on it pays to cut it."""


@dataclass(frozen=True)
class Compiled:
    """A ruleset's sweep, and the same in portions for when there are many suspects."""

    ruleset: Ruleset
    sweep: Sweep

    @classmethod
    def of(cls, ruleset: Ruleset) -> Compiled:
        return cls(ruleset, compile_sweep(ruleset))

    @cached_property
    def of_stored(self) -> Sweep:
        """The sweep for relations that are files or tables."""
        return compile_sweep(self.ruleset, stored=True)

    @cached_property
    def portions(self) -> tuple[Sweep, ...]:
        return compile_portions(self.ruleset)

    def judged(self, suspects: str, count: int, id_column: str = "record_id", extra: Sequence[str] = ()) -> str:
        """The second pass over a table of `count` suspects, in the shape of `Sweep.judged`.

        Each suspect has broken a rule or two, and the exact judgement by all the others is what takes long: of many suspects
        each portion judges those that may have broken a rule of its own.
        """
        if count < MANY:
            return self.sweep.judged(suspects, id_column, extra)
        return " UNION ALL ".join(each.sql(suspects, id_column, extra) for each in self.portions)


def compile_portions(ruleset: Ruleset) -> tuple[Sweep, ...]:
    """The sweep as several, each of a few rules: together they find what the one finds."""
    conditions = ruleset.conditions()
    portions = []
    for start in range(0, len(ruleset.rules), PORTION):
        mine = frozenset(rule.id for rule in ruleset.rules[start : start + PORTION])
        asked = mine.union(*(conditions[rule_id] for rule_id in mine))
        part = replace(ruleset, rules=tuple(rule for rule in ruleset.rules if rule.id in asked))
        portions.append(compile_sweep(part, reported=mine))
    return tuple(portions)


def compile_sweep(
    ruleset: Ruleset,
    vocabulary: Vocabulary | None = None,
    *,
    reported: frozenset[str] | None = None,
    stored: bool = False,
) -> Sweep:
    """The sweep of a ruleset. `vocabulary` is the ruleset's own unless another edition's columns are to be swept.

    Of a ruleset's rules those in `reported` are looked for, all by default; the others are judged only where these need them.

    `stored` says that the relation may be read several times, a column at a time, since it is files or tables: then who is
    suspect is found out with as few items as that takes, list by list, and only the suspects are read whole. Read by itself
    an item comes as the file has it, each value but once; beside whole segments it does not.
    """
    vocabulary = vocabulary or ruleset.vocabulary
    first, second = Prepared("q"), Prepared("x")
    exact = Exact(second)
    wanted = [check for check in ruleset.checks if reported is None or check.rule_id in reported]
    first_pass = _first_pass(wanted, Quick(first, vocabulary, stored=stored))
    conditions = ruleset.conditions()
    numbers: dict[str, list[int]] = {}
    rows: list[CheckRow] = []
    violated: list[str] = []
    for number, check in enumerate(ruleset.checks):
        numbers.setdefault(check.rule_id, []).append(number)
        violated.append(sql.render(_violated(check, Truth(exact, exact))))
        rule = ruleset.rule(check.rule_id)
        rows.append(CheckRow(rule.id, check.code or rule.code, check.tag, rule.severity, check.index))
    fields = vocabulary.fields
    needed = tuple(
        tuple(sorted(number for need in conditions[check.rule_id] for number in numbers.get(need, ())))
        for check in ruleset.checks
    )
    roots = first.roots | second.roots
    return Sweep(
        columns={name: column_type(f.type, f.written) for name, f in fields.items() if name in roots},
        structures={name: structure_of(f.type, f.written) for name, f in fields.items() if name in roots},
        first=first_pass,
        exact_columns=(_columns(second.texts), _columns(second.typed)),
        violated=tuple(violated),
        needed=needed,
        rows=tuple(rows),
        reported=tuple(number for number, row in enumerate(rows) if reported is None or row.rule in reported),
        edition=ruleset.edition,
        stored=stored,
    )


def _first_pass(checks: Sequence[Check], quick: Quick) -> FirstPass:
    """Lets through every record that may violate a check, and few others. Checks with the same `when` share it."""
    truth = Truth(quick, quick.exact)
    guarded: list[_Guarded] = []
    settled = settled_paths(checks)
    for check in checks:
        asked = check.require.root
        if isinstance(asked, Conformity) and asked.name == "conforms" and asked.path.parts in settled:
            continue
        condition = check.when.root if check.when else None
        quick.assumed = frozenset()
        guards = [truth.true(term) for term in _conjuncts(condition)]
        quick.assumed = filled_paths(condition) if condition else frozenset()
        blank = truth.blank(condition, asked)
        guarded.append(([], blank) if blank else (guards, truth.false(asked)))
    covered = frozenset(path for check in checks if (path := covered_path(check)))
    terms = _factored([*guarded, *(([], term) for term in quick.irregular(covered))])
    lists = tuple(
        ListQuestion(sql.render(items), sql.name(parameter), sql.render(body), sql.wrap(term))
        for term in terms
        if term.asked is not None
        for items, parameter, body in [term.asked]
    )
    return FirstPass(
        columns=(_columns(quick.prepared.texts), _columns(quick.prepared.typed)),
        plain=sql.wrap(sql.some(term for term in terms if term.asked is None)),
        lists=lists,
        hollow=sql.wrap(sql.some(quick.hollow())),
    )


_Guarded = tuple[list[Sql], Sql]
"""What is asked where all of some conditions hold."""


def _conjuncts(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.terms if isinstance(node, Logic) and node.operator == "and" else (node,)


def _factored(asked: Sequence[_Guarded]) -> list[Sql]:
    """Of which terms one is true where one of the questions is answered by TRUE; those that begin with the same condition
    share it, so that each condition is put to all records but once.
    """
    terms = [term for guards, term in asked if not guards]
    shared: dict[str, list[_Guarded]] = {}
    for guards, term in asked:
        if guards:
            shared.setdefault(guards[0].text, []).append((guards, term))
    for each in shared.values():
        first = each[0][0][0]
        terms.append(sql.every([first, sql.some(_factored([(guards[1:], term) for guards, term in each]))]))
    return _together(terms)


def _together(terms: list[Sql]) -> list[Sql]:
    """The terms, with all that ask the elements of one list as one."""
    others: list[Sql] = []
    asked: dict[str, tuple[Sql, str, list[Sql]]] = {}
    for term in {term.text: term for term in terms}.values():
        if term.asked is not None:
            items, parameter, body = term.asked
            asked.setdefault(sql.render(items), (items, parameter, []))[2].append(body)
        else:
            others.append(term)
    found = (
        found_in(items, parameter, sql.some({body.text: body for body in bodies}.values()))
        for items, parameter, bodies in asked.values()
    )
    return [*others, *found]


def filled_paths(node: Node) -> frozenset[tuple[str, ...]]:
    """The paths that surely have a value where the node is true."""
    match node:
        case Presence(name="filled", path=Path(variable=False, parts=parts)):
            return frozenset({parts})
        case Logic(operator="and", terms=terms):
            return frozenset[tuple[str, ...]]().union(*map(filled_paths, terms))
        case _:
            return frozenset()


def settled_paths(checks: Sequence[Check]) -> frozenset[tuple[str, ...]]:
    """The paths that a check wants to be one fitting literal wherever they have a value: who has there what does not
    fit the form has not that literal either, so the first pass need not ask for the form.
    """
    settled = set()
    for check in checks:
        match check.require.root:
            case Comparison(operator="==", left=Path(variable=False) as path, right=Literal(value=str() as value)):
                form = path.field.form
                if _asked_always(check.when.root if check.when else None, path) and form and conforms(form, value):
                    settled.add(path.parts)
    return frozenset(settled)


def _asked_always(condition: Node | None, path: Path) -> bool:
    """Whether a condition holds wherever the path has a value."""
    match condition:
        case None:
            return True
        case Presence(name="has" | "filled", path=there):
            return there.parts == path.parts
        case _:
            return False


def covered_path(check: Check) -> tuple[str, ...] | None:
    """The path whose blank ends the check notices by itself, as any value of the wrong form: `conforms` of anything but
    free text, asked of every value there is.
    """
    node, condition = check.require.root, check.when.root if check.when else None
    source: tuple[str, ...] = ()
    if isinstance(node, Quantifier) and node.name == "all" and condition is None:
        source, condition, node = node.source.parts, node.condition, node.body[0]
    if not isinstance(node, Conformity) or node.name != "conforms":
        return None
    if not form_pattern(node.form) and allowed_codes(node.form) is None:
        return None
    always = _asked_always(condition, node.path)
    return (*source, *node.path.parts[1 if source else 0 :]) if always else None


def _columns(made: dict[str, Sql]) -> tuple[tuple[str, str], ...]:
    return tuple((name, sql.render(tree)) for name, tree in made.items())


def _violated(check: Check, truth: Truth) -> Sql:
    """TRUE exactly where `when` is true and `require` is false."""
    terms = [truth.true(check.when.root)] if check.when else []
    return sql.every([*terms, truth.false(check.require.root)])

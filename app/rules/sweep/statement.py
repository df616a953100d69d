"""The statement of a sweep: first a cheap pass over all records, then the exact judgement of those it lets through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.rules.sweep.relation import Structure, constant, text_literal


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What a finding of one check says."""

    rule: str
    code: str
    tag: str
    severity: str
    check: int


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """What the first pass asks about the elements of a list: the list, how an element is called, and the condition, which may
    name the columns prepared for the record as well. `within` is all this as one condition on the record."""

    items: str
    element: str
    condition: str
    within: str


@dataclass(frozen=True, slots=True)
class FirstPass:
    """Under which conditions a record may violate anything; any of the three is enough.

    `plain` are conditions on the record, `lists` on the elements of its lists, `hollow` finds segments that stand without an
    item, which the other two take for absent: to tell them apart is to read all of them.
    """

    columns: tuple[tuple[tuple[str, str], ...], ...]
    plain: str
    lists: tuple[ListQuestion, ...]
    hollow: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """A compiled ruleset. `columns` are the columns a relation must have, with their DuckDB types; `stored` says that it is
    files or tables."""

    columns: Mapping[str, str]
    structures: Mapping[str, Structure]
    first: FirstPass
    exact_columns: tuple[tuple[tuple[str, str], ...], ...]
    violated: tuple[str, ...]
    needed: tuple[tuple[int, ...], ...]
    rows: tuple[CheckRow, ...]
    reported: tuple[int, ...]
    edition: str
    stored: bool

    def sql(
        self,
        relation: str,
        id_column: str = "record_id",
        extra: Sequence[str] = (),
        constants: Mapping[str, object] | None = None,
    ) -> str:
        """Both passes as one statement: what `judged` gives of `suspects`."""
        suspects = self.suspects(relation, id_column, extra, constants)
        return self.judged(f"({suspects})", id_column, extra)

    def suspects(
        self,
        relation: str,
        id_column: str = "record_id",
        extra: Sequence[str] = (),
        constants: Mapping[str, object] | None = None,
    ) -> str:
        """The first pass: the records, with the columns given here, that may violate anything.

        `relation` is what may stand after FROM: a table's name or a query in brackets. It must have the id, the extra
        columns and those of `columns`, save the ones in `constants`: facts that are the same for all records (header,
        sets), as Python values. A set that is missing there is unknown.
        """
        fixed = constants or {}
        carried = [quoted(name) for name in (id_column, *extra)]
        given = [
            f"{constant(fixed[name], self.structures[name])} AS {quoted(name)}" if name in fixed else quoted(name)
            for name in self.columns
        ]
        kept = ", ".join([*carried, *map(quoted, self.columns)])
        source = f"SELECT {', '.join([*carried, *given])} FROM {relation} AS relation_"
        first = self.first
        if not self.stored:
            asked = " OR ".join([_UNMOVED, first.plain, first.hollow, *(each.within for each in first.lists)])
            return f"SELECT {kept} FROM ({_prepared(source, first)}) WHERE {asked}"
        number = quoted(id_column)
        again = f"({_prepared('FROM given_', first)})"
        plain = f"SELECT {number} FROM {again} WHERE {_UNMOVED} OR {first.plain}"
        lists = (_apart(each, number, again) for each in first.lists)
        found = " UNION ALL ".join([plain, *lists])
        return (
            f"WITH given_ AS NOT MATERIALIZED ({source}) SELECT {kept} FROM given_"
            f" WHERE {number} IN ({found}) OR {first.hollow}"
        )

    def judged(self, suspects: str, id_column: str = "record_id", extra: Sequence[str] = ()) -> str:
        """The second pass: a row per finding among `suspects`, with the id, the `extra` columns, rule, code, tag,
        severity, check."""
        carried = [quoted(name) for name in (id_column, *extra)]
        exact = _layered(f"SELECT * FROM {suspects} AS suspects_", self.exact_columns)
        violated = ", ".join(f"{condition} AS v{number}" for number, condition in enumerate(self.violated))
        judged = f"SELECT {', '.join([*carried, violated])} FROM ({exact})"
        hits = ", ".join(self._hit(number) for number in self.reported)
        carried_list = ", ".join(carried)
        unnested = (
            f"SELECT {carried_list}, unnest(list_filter([{hits}], lambda n: n IS NOT NULL)) AS number_ FROM ({judged})"
        )
        meaning = ", ".join(
            f"({number}, {', '.join(map(text_literal, (row.rule, row.code, row.tag, row.severity)))}, {row.check})"
            for number, row in enumerate(self.rows)
        )
        return (
            f'SELECT {carried_list}, "rule", "code", "tag", "severity", "check" FROM ({unnested}) AS hits_ '
            f'JOIN (VALUES {meaning}) AS meaning_(number_, "rule", "code", "tag", "severity", "check") USING (number_)'
        )

    def _hit(self, number: int) -> str:
        held = "".join(f" AND v{need} IS NOT TRUE" for need in self.needed[number])
        return f"CASE WHEN v{number}{held} THEN {number} END"


_UNMOVED = "dice_ < 0"
"""Never true, but the optimiser cannot know: it keeps a condition from being moved below the columns prepared for it."""


def _prepared(source: str, first: FirstPass) -> str:
    return f"SELECT *, random() AS dice_ FROM ({_layered(source, first.columns)})"


def _apart(asked: ListQuestion, number: str, prepared: str) -> str:
    """SELECT of the records about whose elements the answer is yes; a long condition is not set up for records without any."""
    elements = f"SELECT *, unnest({asked.items}) AS {asked.element} FROM {prepared} WHERE len({asked.items}) > 0"
    return f"SELECT {number} FROM ({elements}) WHERE {_UNMOVED} OR {asked.condition}"


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _layered(source: str, layers: Sequence[Sequence[tuple[str, str]]]) -> str:
    for layer in layers:
        if layer:
            added = ", ".join(f"{made} AS {quoted(name)}" for name, made in layer)
            source = f"SELECT *, {added} FROM ({source})"
    return source

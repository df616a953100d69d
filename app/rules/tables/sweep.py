"""The sweep of a table: one CASE that says for every record of a relation which row decides it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.language import Vocabulary
from app.language.nodes import BOOL, Node, Presence
from app.rules.sweep import sql
from app.rules.sweep.reading import Exact, Prepared
from app.rules.sweep.relation import Structure, constant, structure_of, text_literal
from app.rules.sweep.sql import Sql
from app.rules.sweep.statement import quoted
from app.rules.sweep.truth import Truth
from app.rules.tables.cells import Absence, Cell, CodeRange, Interval, Part, Value
from app.rules.tables.model import Answer, Input, Table
from app.rules.vocabulary import column_type

_ANSWER_TYPES = {"number": "DECIMAL(19,4)", "boolean": "BOOLEAN"}


@dataclass(frozen=True, slots=True)
class TableSweep:
    """A compiled table. `columns` are the columns a relation must have, with their DuckDB types."""

    columns: Mapping[str, str]
    structures: Mapping[str, Structure]
    layers: tuple[tuple[tuple[str, str], ...], ...]
    decision: str
    meaning: tuple[tuple[str, ...], ...]
    answers: tuple[tuple[str, str], ...]

    def sql(
        self,
        relation: str,
        id_column: str = "record_id",
        extra: Sequence[str] = (),
        constants: Mapping[str, object] | None = None,
    ) -> str:
        """SELECT of the id, the `extra` columns, `row` and the table's answers: a line for each record and row that decides
        it, a line with NULL for a record that no row decides.

        `relation` is what may stand after FROM; `constants` are facts that are the same for all records.
        """
        fixed = constants or {}
        carried = [quoted(name) for name in (id_column, *extra)]
        given = [
            f"{constant(fixed[name], self.structures[name])} AS {quoted(name)}" if name in fixed else quoted(name)
            for name in self.columns
        ]
        source = f"SELECT {', '.join([*carried, *given])} FROM {relation} AS relation_"
        for layer in self.layers:
            if layer:
                source = f"SELECT *, {', '.join(f'{made} AS {quoted(name)}' for name, made in layer)} FROM ({source})"
        decided = f"SELECT {', '.join(carried)}, {self.decision} AS number_ FROM ({source})"
        names = ", ".join(quoted(name) for name in ("number_", "row", *(name for name, _ in self.answers)))
        lines = ", ".join(f"({', '.join(line)})" for line in self.meaning)
        answered = ", ".join(
            f"CAST(meaning_.{quoted(name)} AS {type_}) AS {quoted(name)}" for name, type_ in self.answers
        )
        shown = ", ".join(f"decided_.{name}" for name in carried)
        return (
            f'SELECT {shown}, meaning_."row"{", " if answered else ""}{answered} FROM ({decided}) AS decided_ '
            f"LEFT JOIN (VALUES {lines}) AS meaning_({names}) USING (number_)"
        )


def compile_table(table: Table, vocabulary: Vocabulary) -> TableSweep:
    """The sweep of a table over records with the columns of a vocabulary."""
    prepared = Prepared("t")
    truth = Truth(Exact(prepared), Exact(prepared))
    columns = [_Column(place, input_, truth) for place, input_ in enumerate(table.inputs)]
    rows = [
        sql.every([column.takes(cell) for column, cell in zip(columns, row.cells, strict=True) if not cell.any])
        for row in table.rows
    ]
    branches = [(rows[place], sql.number(place)) for place in table.deciding_order()]
    if table.hit == "collect":
        hits = ", ".join(sql.render(sql.case(branch)) for branch in branches)
        found = f"list_filter([{hits}], lambda n: n IS NOT NULL)"
        decision = f"unnest(CASE WHEN len({found}) = 0 THEN [NULL] ELSE {found} END)"
    else:
        decision = sql.render(sql.case(*branches))
    layer = tuple(pair for column in columns for pair in column.made())
    prepared_layers = (_rendered(prepared.texts), _rendered(prepared.typed))
    fields = {name: field for name, field in vocabulary.fields.items() if name in prepared.roots}
    return TableSweep(
        columns={name: column_type(f.type, f.written) for name, f in fields.items()},
        structures={name: structure_of(f.type, f.written) for name, f in fields.items()},
        layers=(*prepared_layers, layer),
        decision=decision,
        meaning=tuple(
            (str(place), text_literal(row.id), *map(_answer, row.answers)) for place, row in enumerate(table.rows)
        ),
        answers=tuple((output.id, _ANSWER_TYPES.get(output.type, "VARCHAR")) for output in table.outputs),
    )


class _Column:
    """The columns of the relation that hold what an input reads, and the conditions of its cells on them."""

    def __init__(self, place: int, input_: Input, truth: Truth) -> None:
        self.input = input_
        self.value, self.presence = sql.column(f"i{place}"), sql.column(f"p{place}")
        root = input_.expression.root
        self._value = _boolean(root, truth) if root.type == BOOL else truth.value(root)
        path = input_.path
        self._present = truth.true(Presence(BOOL, "", "has", path)) if path else sql.truth(True)

    def made(self) -> list[tuple[str, str]]:
        pairs = ((self.value, self._value), (self.presence, self._present))
        return [(column.text.strip('"'), sql.render(made)) for column, made in pairs]

    def takes(self, cell: Cell) -> Sql:
        """TRUE exactly where the cell takes the value; SQL's unknown is the language's."""
        found = sql.some(self.part(part) for part in _together(cell.parts))
        return sql.no(found) if cell.negated else found

    def part(self, part: Part) -> Sql:
        match part:
            case Absence(name="absent"):
                return sql.no(self.presence)
            case Absence(name="empty"):
                return sql.is_null(self.value)
            case Absence():
                return sql.is_there(self.value)
            case CodeRange(codes=codes):
                return sql.among(self.value, [sql.text(code) for code in sorted(codes)])
            case Interval() if part.single:
                return sql.compare("==", self.value, _literal(part.low))
            case _:
                return sql.every(self.ends(part))

    def ends(self, part: Interval) -> list[Sql]:
        ends: list[Sql] = []
        if part.low is not None:
            ends.append(sql.compare(">=" if part.low_closed else ">", self.value, _literal(part.low)))
        if part.high is not None:
            ends.append(sql.compare("<=" if part.high_closed else "<", self.value, _literal(part.high)))
        return ends


def _together(parts: Sequence[Part]) -> list[Part]:
    """Single texts as one set, which is asked in one go."""
    texts = frozenset(
        part.low for part in parts if isinstance(part, Interval) and isinstance(part.low, str) and part.single
    )
    if len(texts) < 2:
        return [*parts]
    others = [part for part in parts if not (isinstance(part, Interval) and part.single and part.low in texts)]
    return [*others, CodeRange("", "", texts)]


def _boolean(root: Node, truth: Truth) -> Sql:
    return sql.case((truth.true(root), sql.truth(True)), (truth.false(root), sql.truth(False)))


def _literal(value: Value) -> Sql:
    if isinstance(value, bool):
        return sql.truth(value)
    if isinstance(value, date):
        return sql.cast(sql.text(value.isoformat()), "DATE")
    return sql.number(value) if isinstance(value, int | Decimal) else sql.text(str(value))


def _answer(answer: Answer | None) -> str:
    if answer is None:
        return "NULL"
    if isinstance(answer, bool):
        return "TRUE" if answer else "FALSE"
    return str(answer) if isinstance(answer, int | Decimal) else text_literal(answer)


def _rendered(made: Mapping[str, Sql]) -> tuple[tuple[str, str], ...]:
    return tuple((name, sql.render(tree)) for name, tree in made.items())

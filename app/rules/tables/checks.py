"""A table as a check: every row with a severity becomes a rule in the language, so that all that judges rules judges it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from app.core.text import Text
from app.language import Expression, Scalar
from app.language.nodes import BOOL, Comparison, Known, Literal, Logic, Membership, Negation, Node, Path, Presence
from app.rules.model import WHOLE, Check, Rule
from app.rules.rule_reading import tag_of
from app.rules.tables.cells import Absence, Cell, CodeRange, Interval, Part, Value
from app.rules.tables.model import BLAME, CODE, KINDS, SEVERITY, Input, Row, Table
from app.rules.tables.regions import bits, boxes_of, everything, meeting, regions_of
from app.standard.catalogue import RecordType

_NEVER: Final = Expression("False", Literal(BOOL, "False", False))
_WAITS_FOR_STATE: Final = frozenset({"accepted", "sets"})
_WAITS_FOR_FILE: Final = frozenset({"batch", "header"})


def rules_of(table: Table, record: RecordType | None, file: str) -> tuple[Rule, ...]:
    """The rules that the rows of a check table come to, in the order of the rows; none for a table that checks nothing."""
    if not table.checks:
        return ()
    stage, before = _stage(table), _earlier(table)
    return tuple(
        _rule(table, row, _decides(table, place, before[place]), stage, record, file)
        for place, row in enumerate(table.rows)
        if table.answer(row, SEVERITY) is not None
    )


def _rule(table: Table, row: Row, when: Node, stage: str, record: RecordType | None, file: str) -> Rule:
    blame = str(table.answer(row, BLAME) or "")
    tag = tag_of(blame, record) if blame else WHOLE
    return Rule(
        id=row.id,
        code=str(table.answer(row, CODE) or ""),
        number="",
        title=row.note or Text(row.id, row.id),
        severity=str(table.answer(row, SEVERITY)),
        confidence="high",
        stage=stage,
        needs=(),
        note=None,
        checks=(Check(row.id, 0, Expression(when.text, when), _NEVER, blame, tag),),
        file=file,
        line=row.line,
    )


def _stage(table: Table) -> str:
    """What must be at hand to judge: the stored state, the whole file, or the record alone."""
    texts = " ".join(input_.expression.text for input_ in table.inputs)
    named = {word.partition(".")[0] for word in texts.replace("(", " ").replace(",", " ").split()}
    return "accepted" if named & _WAITS_FOR_STATE else "file" if named & _WAITS_FOR_FILE else "format"


def _decides(table: Table, place: int, before: int) -> Node:
    """The condition under which a row decides: it matches, and none of the rows `before` (as bits) does."""
    denials = [_not_sure(_matches(table, table.rows[other])) for other in bits(before)]
    return _joined("and", [_matches(table, table.rows[place]), *denials])


def _earlier(table: Table) -> list[int]:
    """For each row the rows that go before it and can match the same fact, whatever stands in it, as bits."""
    if table.hit == "collect":
        return [0] * len(table.rows)
    columns = [
        regions_of(everything(each), [row.cells[i] for row in table.rows]) for i, each in enumerate(table.inputs)
    ]
    before = [0] * len(table.rows)
    passed = 0
    for place in table.deciding_order():
        before[place] = passed
        passed |= 1 << place
    return [mine & met for mine, met in zip(before, meeting(columns, boxes_of(columns, table.rows)), strict=True)]


def _not_sure(node: Node) -> Node:
    """That the node is not true: false or unknown."""
    sure = _joined("and", [Known(BOOL, f"known({node.text})", node), node])
    return Negation(BOOL, f"not ({sure.text})", sure)


def _matches(table: Table, row: Row) -> Node:
    asked = [_cell(input_, cell) for input_, cell in zip(table.inputs, row.cells, strict=True) if not cell.any]
    return _joined("and", asked) if asked else Literal(BOOL, "True", True)


def _joined(operator: str, nodes: Sequence[Node]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    texts = (f"({node.text})" if isinstance(node, Logic) and node.operator != operator else node.text for node in nodes)
    return Logic(BOOL, f" {operator} ".join(texts), operator, tuple(nodes))


def _cell(input_: Input, cell: Cell) -> Node:
    found = _joined("or", [*_parts(input_, cell.parts)])
    return Negation(BOOL, f"not ({found.text})", found) if cell.negated else found


def _parts(input_: Input, parts: Sequence[Part]) -> Iterator[Node]:
    texts = [value for part in parts for value in _texts(part)]
    if len(texts) > 1:
        yield _among(input_, sorted(dict.fromkeys(texts)))
    yield from (_part(input_, part) for part in parts if len(texts) < 2 or not _texts(part))


def _texts(part: Part) -> tuple[str, ...]:
    if isinstance(part, CodeRange):
        return tuple(sorted(part.codes))
    return (part.low,) if isinstance(part, Interval) and part.single and isinstance(part.low, str) else ()


def _among(input_: Input, values: Sequence[str]) -> Node:
    node, literals = input_.expression.root, tuple(_literal(input_, value) for value in values)
    text = f"{_text(node)} in [{', '.join(literal.text for literal in literals)}]"
    return Membership(BOOL, text, node, literals, False)


def _part(input_: Input, part: Part) -> Node:
    node, path = input_.expression.root, input_.path
    match part:
        case Absence(name="absent") if isinstance(path, Path):
            has = Presence(BOOL, f"has({path.text})", "has", path)
            return Negation(BOOL, f"not {has.text}", has)
        case Absence(name=name):
            known = Known(BOOL, f"known({node.text})", node)
            return known if name == "filled" else Negation(BOOL, f"not {known.text}", known)
        case CodeRange(codes=codes):
            return _compared(input_, "==", min(codes))
        case Interval() if part.single:
            return _same(input_, part.low)
        case _:
            ends = []
            if part.low is not None:
                ends.append(_compared(input_, ">=" if part.low_closed else ">", part.low))
            if part.high is not None:
                ends.append(_compared(input_, "<=" if part.high_closed else "<", part.high))
            return _joined("and", ends)


def _same(input_: Input, value: Value) -> Node:
    node = input_.expression.root
    if isinstance(value, bool):
        return node if value else Negation(BOOL, f"not ({node.text})", node)
    return _compared(input_, "==", value)


def _compared(input_: Input, operator: str, value: Value) -> Node:
    node, literal = input_.expression.root, _literal(input_, value)
    return Comparison(BOOL, f"{_text(node)} {operator} {literal.text}", operator, node, literal)


def _text(node: Node) -> str:
    return f"({node.text})" if isinstance(node, Logic | Comparison | Membership | Negation) else node.text


def _literal(input_: Input, value: Value) -> Literal:
    shown = value.isoformat() if isinstance(value, date) else value
    return Literal(Scalar(KINDS[input_.type]), repr(shown) if isinstance(shown, str) else str(shown), value)

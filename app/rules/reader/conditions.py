"""What the rules of a check or of a decision table say and read, put in the form in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from app.core.text import Text
from app.language import Field, ListOf, Struct, Vocabulary, word
from app.language.types import KIND_NAMES, Scalar, SetOf
from app.rules.coverage import seen_paths
from app.rules.model import Check, Rule, Ruleset
from app.rules.reader.shown import Blamed, Clause, Condition, ItemRead, ShownRule
from app.rules.reader.words import ABSENCES, ALWAYS, REQUIRE, THEN, WHEN
from app.rules.tables.cells import Absence, Cell, Part, show_cell, show_part
from app.rules.tables.model import CODE, SEVERITY, Answer, Input, Output, Row, Table
from app.rules.tables.writing import show_answer

WHOLE_RECORD = Text("整条", "the whole")


def shown_rules(ruleset: Ruleset) -> tuple[ShownRule, ...]:
    """The rules of a check, or the rows of a decision table."""
    if ruleset.table is not None:
        return tuple(_row(ruleset, ruleset.table, row) for row in ruleset.table.rows)
    return tuple(_rule(ruleset, rule) for rule in ruleset.rules)


def _rule(ruleset: Ruleset, rule: Rule) -> ShownRule:
    return ShownRule(
        ruleset=ruleset.name,
        id=rule.id,
        title=rule.title,
        say=partial(_conditions, rule, ruleset.vocabulary),
        look=lambda: items_read([rule.checks], ruleset.vocabulary),
        number=rule.number,
        code=rule.code,
        severity=rule.severity,
        confidence=rule.confidence,
        stage=rule.stage,
        needs=rule.needs,
        note=rule.note,
        fragment=rule.fragment,
        extended=rule.extended,
    )


def _conditions(rule: Rule, vocabulary: Vocabulary) -> tuple[Condition, ...]:
    """One for each that is written, however many items it was written out for."""
    alike: dict[tuple[str, str, str], list[Check]] = {}
    for check in rule.checks:
        alike.setdefault((check.when.text if check.when else "", check.require.text, check.code), []).append(check)
    return tuple(_condition(checks, vocabulary) for checks in alike.values())


def _condition(checks: list[Check], vocabulary: Vocabulary) -> Condition:
    first = checks[0]
    clauses = [Clause(WHEN, word(first.when), first.when.text)] if first.when else []
    clauses.append(Clause(REQUIRE, word(first.require), first.require.text))
    blamed = tuple(Blamed(check.blame, label_of(check.blame, vocabulary)) for check in checks)
    return Condition(tuple(clauses), tuple(dict.fromkeys(blamed)), first.code)


def label_of(path: str, vocabulary: Vocabulary) -> Text:
    """What a path is called; of something unknown the path."""
    found = vocabulary.find(path) if path else None
    return found.label if found else Text(path, path) if path else WHOLE_RECORD


def items_read(checks: Iterable[Iterable[Check]], vocabulary: Vocabulary) -> tuple[ItemRead, ...]:
    """The single values, groups and segments that checks name, in the order of the record."""
    seen = seen_paths(checks)
    order = {name: place for place, name in enumerate(vocabulary.fields)}
    return tuple(
        item_read(path, vocabulary)
        for path in sorted(seen, key=lambda each: (order.get(each.partition(".")[0], len(order)), each))
    )


def item_read(path: str, vocabulary: Vocabulary) -> ItemRead:
    """One name, with what it is called and where it stands."""
    found = vocabulary.find(path)
    if found is None:
        return ItemRead(path, Text(path, path), Text("", ""))
    outer = path.rpartition(".")[0]
    within = label_of(outer, vocabulary) if outer else Text("", "")
    codes = tuple((table.name, table.label) for table in found.form.codes) if found.form else ()
    return ItemRead(path, found.label, within, codes, kind_words(found))


def kind_words(found: Field) -> Text:
    """How a name is read: a text, a number, a list …"""
    match found.type:
        case Scalar(kind=kind):
            return KIND_NAMES[kind]
        case ListOf():
            return Text("重复的内容", "a list")
        case Struct():
            return Text("信息段", "a segment")
        case SetOf():
            return Text("名录", "a register")


def _row(ruleset: Ruleset, table: Table, row: Row) -> ShownRule:
    severity, code = table.answer(row, SEVERITY), table.answer(row, CODE)
    as_rule = next((rule for rule in ruleset.rules if rule.id == row.id), None)
    return ShownRule(
        ruleset=ruleset.name,
        id=row.id,
        title=row.note or Text(row.id, row.id),
        say=lambda: (Condition(tuple(_row_clauses(table, row))),),
        look=lambda: _row_items(ruleset, table, row),
        code=str(code or ""),
        severity=str(severity or ""),
        stage=as_rule.stage if as_rule else "",
        confidence=as_rule.confidence if as_rule else "",
        note=Text(row.basis, row.basis) if row.basis else None,
    )


def _row_clauses(table: Table, row: Row) -> Iterator[Clause]:
    asked = [(input_, cell) for input_, cell in zip(table.inputs, row.cells, strict=True) if not cell.any]
    for input_, cell in asked:
        said = cell_words(input_, cell)
        words = Text(f"{input_.title.zh}：{said.zh}", f"{input_.title.en}: {said.en}")
        yield Clause(WHEN, words, f"{input_.expression.text}: {show_cell(cell)}")
    if not asked:
        yield Clause(WHEN, ALWAYS)
    for output, answer in zip(table.outputs, row.answers, strict=True):
        if answer is not None:
            said = answer_words(output, answer)
            words = Text(f"{output.title.zh}：{said.zh}", f"{output.title.en}: {said.en}")
            yield Clause(THEN, words, f"{output.id}: {show_answer(answer)}")


def cell_words(input_: Input, cell: Cell) -> Text:
    """A cell as people read it: codes with their words."""
    if cell.any:
        return Text("–", "–")
    said = [_part_words(input_, part) for part in cell.parts]
    zh, en = "、".join(each.zh for each in said), ", ".join(each.en for each in said)
    return Text(f"不是 {zh}", f"not {en}") if cell.negated else Text(zh, en)


def _part_words(input_: Input, part: Part) -> Text:
    text = show_part(part)
    if isinstance(part, Absence):
        return ABSENCES.get(part.name, Text(text, text))
    label = input_.labels.get(text)
    return Text(f"{text} {label.zh}", f"{text} {label.en}") if label else Text(text, text)


def answer_words(output: Output, answer: Answer) -> Text:
    """An answer as people read it: with the words of its code or its place on the scale."""
    if isinstance(answer, bool):
        return Text("是", "yes") if answer else Text("否", "no")
    text = str(show_answer(answer))
    label = output.labels.get(text) or next((step.label for step in output.scale if step.value == text), None)
    return Text(f"{text} {label.zh}", f"{text} {label.en}") if label else Text(text, text)


def _row_items(ruleset: Ruleset, table: Table, row: Row) -> tuple[ItemRead, ...]:
    checks = [
        Check(row.id, 0, None, input_.expression, "", "")
        for input_, cell in zip(table.inputs, row.cells, strict=True)
        if not cell.any
    ]
    return items_read([checks], ruleset.vocabulary)

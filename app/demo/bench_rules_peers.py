"""Other rule engines that somebody might pick, judging the same checks. Each is there only if it is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.demo.bench_rules_words import CEL, POLARS, RULE_ENGINE, ZEN, Words, name_of, paths, violated
from app.language.facts import fetch
from app.language.nodes import Path
from app.language.types import Kind, Scalar
from app.language.values import READERS
from app.rules.model import Ruleset

Verdict = list[tuple[str, int]]
"""The violated checks of one record: rule and number of the check."""
Record = dict[str, Any]


class Unavailable(Exception):
    """The engine is not installed."""


@dataclass(frozen=True)
class Judging:
    """An engine made ready: `given` puts the records into its shape, which is not measured, `judge` judges them all."""

    rowwise: bool
    given: Callable[[Sequence[Record]], Any]
    judge: Callable[[Any], Sequence[Verdict]]


def columns_of(ruleset: Ruleset) -> Mapping[str, Path]:
    """The items that the checks read, by the flat name under which engines know them."""
    found: dict[str, Path] = {}
    for check in ruleset.checks:
        for expression in (check.when, check.require):
            for path in paths(expression.root) if expression else ():
                # an item that one check compares as a number and another as text is given as a number
                name = name_of(path)
                if name not in found or path.type == Scalar(Kind.NUMBER):
                    found[name] = path
    return found


def read_record(columns: Mapping[str, Path], fact: Mapping[str, Any]) -> Record:
    """A record with its values read, flat, numbers as floats and dates as days, without those that are missing."""
    record: Record = {}
    for name, path in columns.items():
        kind = path.type.kind if isinstance(path.type, Scalar) else Kind.TEXT
        value = READERS[kind](fetch(path.parts, fact))
        if value is not None:
            record[name] = (
                value.toordinal() if isinstance(value, date) else value if isinstance(value, str) else float(value)
            )
    return record


def _conditions(ruleset: Ruleset, words: Words) -> list[tuple[tuple[str, int], str]]:
    return [((check.rule_id, check.index), violated(check, words)) for check in ruleset.checks]


def _zen(ruleset: Ruleset, columns: Mapping[str, Path]) -> Judging:
    try:
        import zen
    except ImportError:
        raise Unavailable("pip install zen-engine") from None
    tests = [(what, zen.compile_expression(text)) for what, text in _conditions(ruleset, ZEN)]

    def judge(records: Sequence[Record]) -> list[Verdict]:
        return [[what for what, test in tests if test.evaluate(record)] for record in records]

    return Judging(True, list, judge)


def _rule_engine(ruleset: Ruleset, columns: Mapping[str, Path]) -> Judging:
    try:
        import rule_engine
    except ImportError:
        raise Unavailable("pip install rule-engine") from None
    context = rule_engine.Context(default_value=None)
    tests = [(what, rule_engine.Rule(text, context=context)) for what, text in _conditions(ruleset, RULE_ENGINE)]

    def judge(records: Sequence[Record]) -> list[Verdict]:
        return [[what for what, test in tests if test.matches(record)] for record in records]

    return Judging(True, list, judge)


def _cel(ruleset: Ruleset, columns: Mapping[str, Path]) -> Judging:
    try:
        import celpy
    except ImportError:
        raise Unavailable("pip install cel-python") from None
    environment = celpy.Environment()
    tests = [(what, environment.program(environment.compile(text))) for what, text in _conditions(ruleset, CEL)]

    def given(records: Sequence[Record]) -> list[Any]:
        floats = ({name: float(v) if isinstance(v, int) else v for name, v in record.items()} for record in records)
        return [{"r": celpy.json_to_cel(record)} for record in floats]

    def judge(records: Sequence[Any]) -> list[Verdict]:
        return [[what for what, test in tests if test.evaluate(record)] for record in records]

    return Judging(True, given, judge)


def _pandera(ruleset: Ruleset, columns: Mapping[str, Path]) -> Judging:
    try:
        import pandera.polars as pa
        import polars as pl
    except ImportError:
        raise Unavailable("pip install 'pandera[polars]'") from None
    kinds = {name: path.type.kind if isinstance(path.type, Scalar) else Kind.TEXT for name, path in columns.items()}
    types = {name: {Kind.NUMBER: pl.Float64, Kind.DATE: pl.Int64}.get(kind, pl.String) for name, kind in kinds.items()}
    tests = _conditions(ruleset, POLARS)
    checks = []
    for number, (_, text) in enumerate(tests):
        held = ~eval(text, {"pl": pl}).fill_null(False)  # noqa: S307 - words that bench_rules_words has written
        checks.append(pa.Check(lambda data, held=held: data.lazyframe.select(held), name=str(number)))
    schema = pa.DataFrameSchema({name: pa.Column(kind, nullable=True) for name, kind in types.items()}, checks=checks)

    def given(records: Sequence[Record]) -> Any:
        return pl.DataFrame([{name: record.get(name) for name in types} for record in records], schema=types)

    def judge(frame: Any) -> list[Verdict]:
        verdicts: list[Verdict] = [[] for _ in range(frame.height)]
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as problem:
            cases = problem.failure_cases
            for number, row in zip(cases["check"].to_list(), cases["index"].to_list(), strict=True):
                if row is not None:
                    verdicts[row].append(tests[int(number)][0])
        return verdicts

    return Judging(False, given, judge)


PEERS: Mapping[str, Callable[[Ruleset, Mapping[str, Path]], Judging]] = {
    "zen-engine": _zen,
    "rule-engine": _rule_engine,
    "cel-python": _cel,
    "pandera on Polars": _pandera,
}

"""The three evaluators of a table give the same word on generated tables over generated facts."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from made_tables import VOCABULARY, Maker, made_table, ruleset_of

from app.rules.explain import Judge
from app.rules.sweep import compile_sweep, facts_to_relation
from app.rules.tables.cases import decided, findings, sweep_table
from app.rules.tables.deciding import TableJudge
from app.rules.tables.model import HITS

FACTS = 40


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("PRAGMA disable_optimizer")
    return connection


@pytest.mark.parametrize("hit", HITS)
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(0, 2**32))
def test_explain_sweep_and_rules_agree(connection: duckdb.DuckDBPyConnection, hit: str, seed: int) -> None:
    maker = Maker(seed)
    table = made_table(maker, hit)
    ruleset = ruleset_of(table)
    facts = [maker.fact() for _ in range(FACTS)]
    decisions = [TableJudge(table).decide(fact) for fact in facts]

    def execute(statement: str, parameters: object) -> list[tuple[object, ...]]:
        return connection.execute(statement, parameters).fetchall()

    swept = sweep_table(ruleset, table, facts, execute)

    assert swept == [decided(table, decision) for decision in decisions]
    wanted = {(number, row) for number, decision in enumerate(decisions) for row in findings(table, decision)}
    judge = Judge(ruleset)
    assert {(number, found.rule) for number, fact in enumerate(facts) for found in judge.judge(fact)} == wanted
    if ruleset.rules:
        relation, parameters = facts_to_relation(VOCABULARY, facts)
        rows = connection.execute(compile_sweep(ruleset).sql(relation), parameters).fetchall()
        assert {(row[0], row[1]) for row in rows} == wanted


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(0, 2**32))
def test_the_colours_of_an_explanation_tell_the_decision(seed: int) -> None:
    maker = Maker(seed)
    table = made_table(maker, maker.pick(*HITS))
    judge = TableJudge(table)
    for _ in range(10):
        explained = judge.explain(maker.fact())
        matching = {row.row for row in explained.rows if all(cell.colour in ("any", "hit") for cell in row.cells)}
        assert matching == set(explained.decision.matched)
        assert {row.row for row in explained.rows if row.outcome == "decides"} == set(explained.decision.deciding)
        assert all(row.why.zh and row.why.en for row in explained.rows)
        assert explained.as_data()["rows"][0]["cells"] is not None

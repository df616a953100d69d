"""The shipped decision tables: the sweep and the explanation agree on facts as a careless lender might have them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from spoiled_facts import Spoiler

from app.rules.cases import read_case_files
from app.rules.loading import find_rulesets, load_ruleset
from app.rules.model import Ruleset
from app.rules.tables.cases import decided, sweep_table
from app.rules.tables.deciding import TableJudge

ROOT = Path(__file__).parents[2] / "rulesets"
TABLES = [ruleset for folder in find_rulesets(ROOT / "risk") if (ruleset := load_ruleset(folder)).table]


@pytest.mark.parametrize("ruleset", TABLES, ids=lambda ruleset: ruleset.name)
@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(seed=st.integers(0, 2**32))
def test_both_evaluators_decide_the_same(ruleset: Ruleset, seed: int) -> None:
    table = ruleset.table
    assert table is not None
    bases, _, _ = read_case_files(ruleset)
    spoiler = Spoiler(ruleset.vocabulary, list(bases.values()), seed)
    facts = [spoiler.fact() for _ in range(60)]
    judge = TableJudge(table)
    with duckdb.connect() as connection:
        swept = sweep_table(ruleset, table, facts, lambda text, given: connection.execute(text, given).fetchall())

    assert swept == [decided(table, judge.decide(fact)) for fact in facts]
    assert len({row for rows in swept for row, _ in rows}) > 1


@pytest.mark.parametrize(
    ("days", "grade"),
    [(0, "1"), (1, "2"), (90, "2"), (91, "3"), (120, "3"), (121, "3"), (180, "3"), (181, "3"),
     (270, "3"), (271, "4"), (360, "4"), (361, "5"), (999, "5")],
)  # fmt: skip
def test_the_edges_of_the_five_level_ladder(days: int, grade: str) -> None:
    table = load_ruleset(ROOT / "risk" / "overdue_to_five_level").table
    assert table is not None

    decision = TableJudge(table).decide({"H": {"OverdDy": str(days)}, "C": {"GuarMode": "1", "LoaFrm": "1"}})

    assert decision.answers["class"] == grade

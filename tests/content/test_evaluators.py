"""Every shipped rule, put to facts as a careless lender might have them: the sweep and the interpreter agree on all findings.

A run of the suite puts the same facts every time; `make prove` goes on to facts that nobody has seen before.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from spoiled_facts import Spoiler

from app.rules.cases import load_bases
from app.rules.explain import Judge
from app.rules.loading import find_rulesets, load_ruleset
from app.rules.sweep import Compiled, facts_to_relation

ROOT = Path(__file__).parents[2] / "rulesets"
FOLDERS = find_rulesets(ROOT / "submission")
SEEDS = int(os.environ.get("PROVE_SEEDS", "1"))
"""The first seed is always 0, further ones are drawn anew."""
FACTS = int(os.environ.get("PROVE_FACTS", "60"))


@lru_cache(maxsize=1)
def made_ready(folder: Path) -> tuple[Judge, Compiled, list[Mapping[str, Any]]]:
    """The interpreter and the sweep of a ruleset, and the good facts that its cases start from."""
    ruleset = load_ruleset(folder)
    return Judge(ruleset), Compiled.of(ruleset), list(load_bases(ruleset).values())


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("PRAGMA disable_optimizer")
    return connection


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
@settings(
    max_examples=SEEDS,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_both_evaluators_find_the_same(connection: duckdb.DuckDBPyConnection, folder: Path, seed: int) -> None:
    judge, compiled, bases = made_ready(folder)
    vocabulary = judge.ruleset.vocabulary
    spoiler = Spoiler(vocabulary, bases, seed)
    facts = [spoiler.fact() for _ in range(FACTS)]
    explained = {
        (row, finding.rule, finding.code, finding.tag)
        for row, fact in enumerate(facts)
        for finding in judge.judge(fact)
    }

    query, parameters = facts_to_relation(vocabulary, facts)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE facts AS FROM {query}", parameters)
    rows = connection.execute(compiled.sweep.sql("facts")).fetchall()
    # as many records are judged: what is suspect found item by item, the exact judgement a few rules at a time
    connection.execute(f"CREATE OR REPLACE TEMP TABLE suspect AS {compiled.of_stored.suspects('facts')}")
    in_portions = connection.execute(" UNION ALL ".join(each.sql("suspect") for each in compiled.portions)).fetchall()

    swept = {tuple(row[:4]) for row in rows}
    assert not [(rule, facts[row]) for row, rule, *_ in sorted(swept ^ explained)]
    assert sorted(in_portions) == sorted(rows)
    assert len(explained) > FACTS

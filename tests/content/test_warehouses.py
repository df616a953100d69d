"""Rulesets in a lender's own warehouse: PostgreSQL and Spark give the findings of explain, case by case and on spoiled facts.

A run of the suite takes a few rulesets that use all of the language; `make prove` takes them all.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from spoiled_facts import Spoiler

from app.cli import cli
from app.demo.postgres import throw_away_postgres
from app.language import ListOf, SetOf, Struct
from app.rules.cases import load_bases, load_cases
from app.rules.explain import Judge
from app.rules.loading import find_rulesets, load_ruleset
from app.rules.model import Ruleset
from app.rules.sweep import compile_sweep
from app.rules.sweep.dialects import warehouse_select
from app.rules.sweep.spark import column_type

ROOT = Path(__file__).parents[2] / "rulesets"
ALL = bool(os.environ.get("PROVE_SEEDS"))
FEW = ("corporate_report_file", "personal_document_linking", "personal_guarantee_account_segment_correction")
FOLDERS = [folder for folder in find_rulesets(ROOT) if ALL or folder.name in FEW]
NAMES = [folder.name for folder in FOLDERS]

Found = set[tuple[int, str, str, int]]


@lru_cache(maxsize=2)
def judged(folder: Path) -> tuple[Ruleset, Sequence[Mapping[str, Any]], Found]:
    """A ruleset, facts, and what explain finds: (row, rule, tag, check)."""
    ruleset = load_ruleset(folder)
    bases = load_bases(ruleset)
    spoiler = Spoiler(ruleset.vocabulary, list(bases.values()), 3)
    facts = [*bases.values(), *(case.fact for case in load_cases(ruleset)), *(spoiler.fact() for _ in range(40))]
    judge = Judge(ruleset)
    found = {(row, each.rule, each.tag, each.check) for row, fact in enumerate(facts) for each in judge.judge(fact)}
    return ruleset, facts, found


def as_found(rows: Sequence[Sequence[Any]]) -> Found:
    return {(row[0], row[1], row[3], row[5]) for row in rows}


@pytest.fixture(scope="module")
def postgres() -> Iterator[psycopg.Connection[Any]]:
    with throw_away_postgres() as server:
        address = f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("SET jit = off")
            yield connection


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_postgres_finds_the_same(postgres: psycopg.Connection[Any], folder: Path) -> None:
    ruleset, facts, explained = judged(folder)
    fields = ruleset.vocabulary.fields
    shaped = {name: isinstance(field.type, Struct | ListOf | SetOf) for name, field in fields.items()}
    columns = ", ".join(f'"{name}" {"jsonb" if nested else "text"}' for name, nested in shaped.items())
    postgres.execute("DROP TABLE IF EXISTS record")
    postgres.execute(
        f"CREATE TABLE record AS SELECT n - 1 AS record_id, r.* FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY"
        f" AS listed(fact, n), jsonb_to_record(fact) AS r({columns})",
        [json.dumps(facts, ensure_ascii=False)],
    )

    statement = warehouse_select(compile_sweep(ruleset), ruleset.vocabulary, "postgres", "record")

    assert as_found(postgres.execute(statement.encode()).fetchall()) == explained


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed: pip install -e '.[warehouse]'")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # statements that run once are interpreted sooner than compiled
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }
    builder = sql.SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_spark_finds_the_same(spark: Any, tmp_path: Path, folder: Path) -> None:
    ruleset, facts, explained = judged(folder)
    fields = ruleset.vocabulary.fields
    columns = ", ".join(f"`{name}` {column_type(field.type, field.written)}" for name, field in fields.items())
    path = tmp_path / "facts.json"
    lines = (json.dumps({"record_id": row, **fact}, ensure_ascii=False) for row, fact in enumerate(facts))
    path.write_text("\n".join(lines), encoding="utf-8")
    spark.read.schema(f"record_id BIGINT, {columns}").json(str(path)).createOrReplaceTempView("record")

    statement = warehouse_select(compile_sweep(ruleset), ruleset.vocabulary, "spark", "record")

    assert as_found(spark.sql(statement).collect()) == explained


def test_the_command_writes_one_statement() -> None:
    said = CliRunner().invoke(
        cli, ["rules", "sql", "corporate_report_file", "--dialect", "postgres", "--relation", "f"]
    )

    assert said.exit_code == 0
    assert said.stdout.startswith("SELECT ")
    assert "FROM f AS" in said.stdout


def test_an_unknown_ruleset_is_refused_with_the_nearest_name() -> None:
    said = CliRunner().invoke(cli, ["rules", "sql", "submission.corporate_report_fil"])

    assert said.exit_code != 0
    assert "submission.corporate_report_file" in str(said.exception)

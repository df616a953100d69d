"""`creditlink rules …`: what compliance staff ask of their rulesets."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import click

from app.core.errors import NotFound
from app.core.text import Text
from app.lake.connection import scratch
from app.rules.coverage import Unseen, cover
from app.rules.loading import find_rulesets, load_ruleset, read_head
from app.rules.model import Ruleset
from app.rules.proof import Proof, prove
from app.rules.sweep import compile_sweep
from app.rules.sweep.dialects import DIALECTS, warehouse_select
from app.submission.content import ROOT
from app.web.commands import FINDINGS, as_json, json_option


@click.group("rules")
def rules() -> None:
    """规则集 Rulesets."""


@rules.command("test")
@json_option
def test(as_json_wanted: bool) -> None:
    """跑全部用例 Run the cases of all rulesets by both evaluators; 1 when a verdict, a case or an agreement is wanting."""
    with scratch(few=True) as connection:

        def execute(statement: str, parameters: Sequence[str]) -> list[tuple[Any, ...]]:
            return connection.execute(statement, parameters).fetchall()

        proof = prove(find_rulesets(ROOT), execute)
    if as_json_wanted:
        as_json(proof.as_data())
    else:
        _tell(proof)
    if proof.faults:
        raise click.exceptions.Exit(FINDINGS)


def _tell(proof: Proof) -> None:
    data = proof.as_data()
    for fault in proof.faults:
        click.echo(f"{fault.file}:{fault.line} {fault.rule} {fault.message.zh} {fault.message.en}")
    click.echo(f"规则集 rulesets {data['rulesets']}，规则 rules {data['rules']}，用例 cases {data['cases']}")
    click.echo(
        f"判错 failed {data['failed']}，没有通过用例 without pass case {data['rules_without_pass_case']}", nl=False
    )
    click.echo(f"，没有违反用例 without fail case {data['rules_without_fail_case']}")
    agreement = data["agreement"]
    click.echo(f"两种判断 both evaluators {agreement['checked']}，不一致 disagreements {agreement['disagreements']}")


@rules.command("sql")
@click.argument("ruleset")
@click.option("--dialect", type=click.Choice(DIALECTS), default="duckdb", show_default=True, help="Engine. 数据库")
@click.option("--relation", default="record", show_default=True, help="Table or view of the facts. 数据表或视图")
@click.option("--id", "id_column", default="record_id", show_default=True, help="Its key column. 主键列")
def sql(ruleset: str, dialect: str, relation: str, id_column: str) -> None:
    """写成 SQL Write RULESET as one SELECT for a warehouse of your own: a row per finding."""
    loaded = _named(ruleset)
    click.echo(warehouse_select(compile_sweep(loaded), loaded.vocabulary, dialect, relation, id_column) + ";")


def _named(name: str) -> Ruleset:
    folders = {str(read_head(folder).get("ruleset")): folder for folder in find_rulesets(ROOT)}
    folder = folders.get(name) or next((each for each in folders.values() if each.name == name), None)
    if folder is None:
        near = difflib.get_close_matches(name, [*folders, *(each.name for each in folders.values())], 1, 0.5)
        hint = Text(f"，是否指“{near[0]}”？", f"; did you mean “{near[0]}”?") if near else Text("", "")
        raise NotFound("rules.ruleset", Text(f"没有规则集“{name}”{hint.zh}", f"there is no ruleset “{name}”{hint.en}"))
    return load_ruleset(folder)


@rules.command("coverage")
@json_option
def coverage(as_json_wanted: bool) -> None:
    """数据项覆盖 Name the items of the catalogue that no rule looks at; 1 when there is one."""
    found = cover(load_ruleset(folder) for folder in find_rulesets(ROOT))
    if as_json_wanted:
        as_json(found.as_data())
    else:
        for place in found.unseen:
            click.echo(_place(place))
        click.echo(f"数据项 items {found.items}，无规则 unseen {len(found.unseen)}", nl=False)
        click.echo(f"，只有通用规则 only by shared rules {len(found.only_shared)}")
    if found.unseen:
        raise click.exceptions.Exit(FINDINGS)


def _place(place: Unseen) -> str:
    return f"{place.of} {place.item} {place.title.zh} {place.title.en}"

"""`creditlink rules …`: what compliance staff ask of their rulesets."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.lake.connection import scratch
from app.rules.coverage import Unseen, cover
from app.rules.inference.content import policy_of
from app.rules.inference.facts import FactsInvalid, read_facts
from app.rules.inference.inferring import infer
from app.rules.inference.outcome import Outcome, plain
from app.rules.inference.policy import OUTCOME, Policy
from app.rules.loading import find_inferring, find_rulesets, load_ruleset, read_head
from app.rules.model import Ruleset
from app.rules.proof import Proof, prove
from app.rules.sweep import DIALECTS, compile_sweep
from app.submission.content import ROOT
from app.submission.table_commands import table
from app.web.commands import BAD_USE, FINDINGS, as_json, json_option, tell_error


@click.group("rules")
def rules() -> None:
    """规则集 Rulesets."""


rules.add_command(table)


@rules.command("test")
@json_option
def test(as_json_wanted: bool) -> None:
    """跑全部用例 Run the cases of all rulesets by both evaluators; 1 when a verdict, a case or an agreement is wanting."""
    with scratch(few=True) as connection:

        def execute(statement: str, parameters: Sequence[str]) -> list[tuple[Any, ...]]:
            return connection.execute(statement, parameters).fetchall()

        proof = prove(find_rulesets(ROOT), execute, find_inferring(ROOT))
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
    if data["tables"]:
        wanting = data["rows_without_case"]
        click.echo(f"决策表 tables {data['tables']}，行 rows {data['rows']}，没有用例的行 rows without case {wanting}")
    agreement = data["agreement"]
    click.echo(f"两种判断 both evaluators {agreement['checked']}，不一致 disagreements {agreement['disagreements']}")


@rules.command("infer")
@click.argument("ruleset")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def infer_command(ruleset: str, file: Path, as_json_wanted: bool) -> None:
    """按政策推理 Run the policy RULESET over the facts in FILE (JSON: a list of facts for each kind) and give the reasons."""
    policy = policy_of(ruleset)
    try:
        facts = read_facts(policy.shapes, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        where = f"{error.lineno}:{error.colno} " if isinstance(error, json.JSONDecodeError) else ""
        message = Text(f"{file} 不是可读的JSON：{where}", f"{file} is not readable JSON: {where}{type(error).__name__}")
        raise Invalid("rules.json", message) from None
    except FactsInvalid as refused:
        _tell_problems(refused, file, as_json_wanted)
        raise click.exceptions.Exit(BAD_USE) from None
    found = infer(policy, facts)
    if as_json_wanted:
        outcomes = [each.as_data() for each in found.outcomes]
        as_json({"ruleset": policy.name, "edition": policy.edition, "of": policy.about, "outcomes": outcomes})
        return
    for outcome in found.outcomes:
        _tell_outcome(policy, outcome)


def _tell_problems(refused: FactsInvalid, file: Path, as_json_wanted: bool) -> None:
    if as_json_wanted:
        as_json({"problems": [each.as_data() for each in refused.problems]})
        return
    for each in refused.problems:
        tell_error(f"{file} {each.place} {each.message.zh}", f"{each.place} {each.message.en}")


def _tell_outcome(policy: Policy, outcome: Outcome) -> None:
    scale = policy.shapes[policy.about].derived[OUTCOME].scale
    title = scale.titles.get(str(outcome.value)) if scale else None
    words = f" {title.zh} {title.en}" if title else ""
    click.echo(f"{policy.shapes[policy.about].title.zh} {outcome.key}：{plain(outcome.value)}{words}")
    for each in outcome.reasons:
        rule = policy.rule(each.rule)
        name = policy.shapes[each.kind].derived[each.name]
        aside = "" if each.stands else "（未采用 set aside）"
        click.echo(
            f"    {each.kind} {each.key} {name.title.zh} = {plain(each.value)}{aside}  [{rule.id}] {rule.title.zh} {rule.title.en}"
        )
        click.echo("        " + "，".join(f"{read.path} = {plain(read.value)}" for read in each.reads))


@rules.command("sql")
@click.argument("ruleset")
@click.option("--dialect", type=click.Choice(DIALECTS), default="duckdb", show_default=True, help="Engine. 数据库")
@click.option("--relation", default="record", show_default=True, help="Table or view of the facts. 数据表或视图")
@click.option("--id", "id_column", default="record_id", show_default=True, help="Its key column. 主键列")
def sql(ruleset: str, dialect: str, relation: str, id_column: str) -> None:
    """写成 SQL Write RULESET as one SELECT for a warehouse of your own: a row per finding."""
    from app.rules.sweep.dialects import warehouse_select

    loaded = _named(ruleset)
    click.echo(warehouse_select(compile_sweep(loaded), loaded.vocabulary, dialect, relation, id_column) + ";")


def _named(name: str) -> Ruleset:
    folders = {read_head(folder).name: folder for folder in find_rulesets(ROOT)}
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

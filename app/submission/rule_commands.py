"""`creditlink rules …`: what compliance staff ask of their rulesets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from app.lake.connection import scratch
from app.rules.coverage import Unseen, cover
from app.rules.loading import find_rulesets, load_ruleset
from app.rules.proof import Proof, prove
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

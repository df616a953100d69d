"""`creditlink sources …` and `creditlink mapping …`."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.table import Table

from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.rules.registry.shipped import ROOT
from app.submission.entities.keeping import meant_entity
from app.submission.mapping_cases import prove_mappings
from app.submission.sources import credentials, push
from app.submission.sources.listing import sources_of
from app.web.commands import FINDINGS, as_json, json_option

_entity_option = click.option(
    "--entity", default=None, help="Section code of the legal entity. 法人机构区段码（缺省为设置中的机构）"
)


@click.group("sources")
def sources() -> None:
    """来源系统 Source systems: what they are reached and pushed with."""


@sources.command("list")
@_entity_option
@json_option
def list_sources(entity: str | None, as_json_wanted: bool) -> None:
    """列出来源 List the sources, where they deliver, and whether their credential has been set."""
    with unit_of_work(reading=True):
        known = credentials.names()
        provider = meant_entity(entity).provider
    listed = [
        {
            "source": each.source,
            "kind": each.kind,
            "place": each.address(clock.today()),
            "credential": each.credential or None,
            "credential_set": each.credential in known if each.credential else None,
        }
        for each in sources_of(provider).values()
    ]
    if as_json_wanted:
        as_json(listed)
        return
    table = Table("来源 source", "方式 kind", "位置 place", "凭据 credential")
    for entry in listed:
        mark = "" if entry["credential_set"] is not False else " ✗"
        table.add_row(
            str(entry["source"]), str(entry["kind"]), str(entry["place"]), f"{entry['credential'] or ''}{mark}"
        )
    Console().print(table)


@sources.command("credential")
@click.argument("name")
@click.option("--user", default="", help="User name, or access key. 用户名或访问键")
@click.option("--remove", is_flag=True, help="Forget it. 删除")
def credential(name: str, user: str, remove: bool) -> None:
    """设置凭据 Keep a secret under a NAME; it is read from standard input, or asked for, and never shown again."""
    if remove:
        with acting(SYSTEM), unit_of_work():
            credentials.remove(name)
        return
    asked = sys.stdin.isatty()
    secret = click.prompt("密码或密钥 secret", hide_input=True) if asked else sys.stdin.read().strip("\r\n")
    with acting(SYSTEM), unit_of_work():
        credentials.keep(name, user, secret)


@sources.command("token")
@click.argument("source")
@click.option("--days", default=365, type=click.IntRange(1, 1825), help="Days that it is good for. 有效天数")
@click.option("--revoke", is_flag=True, help="End all tokens of the source. 吊销")
@_entity_option
def token(source: str, days: int, revoke: bool, entity: str | None) -> None:
    """签发推送令牌 Issue a token with which a SOURCE may push; it is shown this once."""
    with acting(SYSTEM), unit_of_work():
        provider = meant_entity(entity).provider
        click.echo(push.revoke_tokens(provider, source) if revoke else push.issue_token(provider, source, days))


@click.group("mapping")
def mapping() -> None:
    """来源映射 Mappings of sources."""


@mapping.command("test")
@json_option
def test(as_json_wanted: bool) -> None:
    """运行映射用例 Run the cases of all mappings. Exit code 1 where one comes out otherwise than expected."""
    proofs = prove_mappings(ROOT / "mapping")
    faults = [fault for proof in proofs for fault in proof.faults]
    if as_json_wanted:
        as_json(
            {
                "mappings": [{"source": proof.source, "cases": proof.cases} for proof in proofs],
                "faults": [
                    {
                        "source": each.source,
                        "file": each.file,
                        "case": each.case,
                        "zh": each.text.zh,
                        "en": each.text.en,
                    }
                    for each in faults
                ],
            }
        )
    else:
        for each in faults:
            click.echo(str(each))
        click.echo(f"映射 mappings {len(proofs)}, 用例 cases {sum(p.cases for p in proofs)}, 问题 faults {len(faults)}")
    if faults:
        raise click.exceptions.Exit(FINDINGS)

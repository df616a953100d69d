"""`creditlink entity …`: legal entities from the command line."""

from __future__ import annotations

from pathlib import Path

import click
import yaml
from rich.console import Console
from rich.table import Table

from app.core.actor import SYSTEM, Actor, acting
from app.core.db import unit_of_work
from app.core.errors import Invalid, Refused
from app.core.people import directory
from app.core.text import Text
from app.submission.entities.entity import as_texts, read_entity
from app.submission.entities.keeping import all_entities, decide, editions, propose
from app.submission.permissions import APPROVE_ENTITY, CHANGE_ENTITY, READERS
from app.web.commands import as_json, json_option


@click.group()
def entity() -> None:
    """法人机构 Legal entities."""


@entity.command("list")
@json_option
def list_command(as_json_wanted: bool) -> None:
    """列出法人机构 All legal entities in force."""
    with unit_of_work(reading=True):
        found = all_entities()
    if as_json_wanted:
        as_json([{"provider": each.provider, "edition": each.number, **each.as_data()} for each in found])
        return
    table = Table("区段码 section code", "名称 name", "版本 edition", "时间表 timetable", "启用 from", "停用 to")
    for each in found:
        name = f"{each.title.zh} {each.title.en}"
        until = [day.isoformat() if day else "" for day in (each.active_from, each.active_to)]
        table.add_row(each.provider, name, str(each.number), f"{each.cron} {each.days}", *until)
    Console().print(table)


@entity.command("propose")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--by", required=True, help="User name of whoever proposes it. 提出人用户名")
@click.option("--reason", default="", help="Why. 理由")
@click.option(
    "--centre-key-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Private key for signing in at the centre; it is sealed into the key ring. 登录征信中心的私钥",
)
def propose_command(file: Path, by: str, reason: str, centre_key_file: Path | None) -> None:
    """提出设立或变更 Propose a legal entity or a change of one, from a YAML file of its fields; another person approves it."""
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
        texts = {str(name): _text(value) for name, value in given.items()}
    except (OSError, AttributeError, yaml.YAMLError) as problem:
        raise Invalid(
            "submission.entity_file",
            Text("文件无法读取：{why}", "The file cannot be read: {why}").format(why=problem),
        ) from problem
    credential = centre_key_file.read_text(encoding="utf-8") if centre_key_file else ""
    with acting(_person(by, CHANGE_ENTITY)), unit_of_work():
        made = propose(read_entity(texts), reason, credential)
        click.echo(f"{made.provider} {made.number}")


def _text(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def _person(username: str, permission: str) -> Actor:
    """Somebody who may do it by their roles. Raises Invalid (`submission.person`), Refused (`submission.person_may_not`)."""
    found = directory().person(username)
    if found is None:
        raise Invalid(
            "submission.person", Text("没有这个用户，或已锁定", "There is no such person, or they are locked")
        )
    if not any(permission in READERS.get(role, ()) for role in found.roles):
        raise Refused("submission.person_may_not", Text("该用户没有这项权限", "This person may not do this"))
    return Actor(found.id, found.name, "person")


@entity.command("approve")
@click.argument("provider")
@click.argument("number", type=int)
@click.option("--by", required=True, help="User name of whoever approves it. 批准人用户名")
@click.option("--refuse", is_flag=True, help="Refuse it instead. 不批准")
@click.option("--answer", default="", help="Why. 理由")
def approve_command(provider: str, number: int, by: str, refuse: bool, answer: str) -> None:
    """批准或拒绝变更 Decide on a proposal of somebody else."""
    with acting(_person(by, APPROVE_ENTITY)), unit_of_work():
        made = decide(provider, number, approve=not refuse, answer=answer)
        click.echo(f"{made.provider} {made.number} {made.state}")


@entity.command("show")
@click.argument("provider")
@json_option
def show_command(provider: str, as_json_wanted: bool) -> None:
    """一个机构的历次版本 All editions of a legal entity."""
    with acting(SYSTEM), unit_of_work(reading=True):
        found = [
            {
                "number": each.number,
                "state": each.state,
                "asked_by": each.asked_by,
                "decided_by": each.decided_by,
                "reason": each.reason,
                "content": each.content,
            }
            for each in editions(provider)
        ]
        present = next((each for each in all_entities() if each.provider == provider), None)
    if as_json_wanted:
        as_json(found)
        return
    if present is not None:
        click.echo(yaml.safe_dump(as_texts(present), allow_unicode=True, sort_keys=False))
    for edition in found:
        click.echo(" ".join(str(edition[name] or "-") for name in ("number", "state", "asked_by", "decided_by")))

"""`creditlink notices …`: try the channels, say how somebody is reached, send what waits."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.core.errors import NotFound
from app.core.people import directory
from app.core.text import Text
from app.notices.channels import TITLES
from app.notices.contacts import Wishes, contact_of, keep_wishes
from app.notices.trying import try_channels
from app.web.commands import FINDINGS, as_json, json_option

_MARKS = {True: "✓", False: "✗", None: "–"}


@click.group()
def notices() -> None:
    """通知 Notices to people: mail, text messages, console."""


@notices.command("test")
@click.option("--to", "person", required=True, help="User name of who gets it. 收件人的用户名")
@json_option
def test_command(person: str, as_json_wanted: bool) -> None:
    """发送测试通知 Send a test message by every channel and say what happened. Exit code 1 where one that is set up fails."""
    with acting(SYSTEM):
        tried = try_channels(person)
    if as_json_wanted:
        as_json(
            [
                {
                    "channel": each.channel,
                    "went": each.went,
                    "to": each.address,
                    "zh": each.words.zh,
                    "en": each.words.en,
                }
                for each in tried
            ]
        )
    else:
        table = Table("渠道 channel", "", "收件 to", "结果 result")
        for each in tried:
            title = TITLES[each.channel]
            table.add_row(
                f"{title.zh} {title.en}", _MARKS[each.went], each.address, f"{each.words.zh} · {each.words.en}"
            )
        Console().print(table)
        if all(each.went is None for each in tried if each.channel != "console"):
            click.echo("通知只在控制台显示。 Notices are shown in the console only.")
    if any(each.went is False for each in tried):
        raise click.exceptions.Exit(FINDINGS)


@notices.command("contact")
@click.argument("person")
@click.option("--mail", help="Mail address; empty to forget it. 邮箱，留空即删除")
@click.option("--mobile", help="Mobile number; empty to forget it. 手机号码，留空即删除")
def contact_command(person: str, mail: str | None, mobile: str | None) -> None:
    """设置联系方式 Say how PERSON is reached; what is not given stays. People do this themselves under Notices."""
    with acting(SYSTEM), unit_of_work():
        if directory().person(person) is None:
            raise NotFound("notices.person", Text(f"没有用户 {person}", f"there is no user {person}"))
        known = contact_of(person)
        quiet = "house" if known is None or known.quiet_from is None else "own"
        keep_wishes(
            person,
            Wishes(
                mail,
                mobile,
                quiet,
                (known.quiet_from if known else None) or "",
                (known.quiet_until if known else None) or "",
                frozenset(known.unwanted if known else ()),
            ),
        )
    click.echo(f"已保存 kept: {person}")

"""`creditlink user`: the first administrator, and help when nobody can sign in. Recorded as the system's doing."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from app.core.actor import SYSTEM, acting
from app.core.db import current_session, unit_of_work
from app.security.accounts import create_user, get_user, limit_role, lock_user, reset_password, unlock_user
from app.security.models import User
from app.security.roles import WORDS, Role
from app.web.commands import as_json, json_option
from app.web.words import datetime_text

_ROLES = click.Choice([role.value for role in Role])


@click.group()
def user() -> None:
    """控制台用户 Accounts of the console."""


@user.command("create")
@click.argument("username")
@click.option("--name", required=True, help="The person's name. 姓名")
@click.option("--role", "roles", multiple=True, required=True, type=_ROLES, help="May be given again. 岗位，可重复")
@click.option(
    "--password",
    help="First password; generated and shown where absent. Visible in the shell's history. 初始密码，缺省则自动生成",
)
@click.option("--keep-password", is_flag=True, help="Do not ask for a new one at first sign-in. 首次登录不强制改密")
@json_option
def create_command(
    username: str, name: str, roles: tuple[str, ...], password: str | None, keep_password: bool, as_json_wanted: bool
) -> None:
    """新建用户 Make an account."""
    with acting(SYSTEM), unit_of_work():
        made, first = create_user(username, name, roles, password, must_change=not keep_password)
        shown = made.username
    _tell_password(shown, first, as_json_wanted)


@user.command("limit")
@click.argument("username")
@click.argument("role", type=_ROLES)
@click.argument("entities", nargs=-1)
def limit_command(username: str, role: str, entities: tuple[str, ...]) -> None:
    """限定岗位所及的法人机构 Let a role be held for some legal entities only; for all where none is named."""
    with acting(SYSTEM), unit_of_work():
        limit_role(get_user(username), role, entities)
    click.echo(f"{username} {role}: {' '.join(entities) or '全部 all'}")


@user.command("reset")
@click.argument("username")
@json_option
def reset_command(username: str, as_json_wanted: bool) -> None:
    """重置密码 Give a new first password."""
    with acting(SYSTEM), unit_of_work():
        first = reset_password(get_user(username))
    _tell_password(username, first, as_json_wanted)


def _tell_password(username: str, password: str, as_json_wanted: bool) -> None:
    if as_json_wanted:
        as_json({"username": username, "password": password})
    else:
        click.echo(f"用户 user: {username}\n初始密码 first password: {password}")


@user.command("lock")
@click.argument("username")
@click.option("--reason", default="", help="Recorded with the lock. 锁定原因")
def lock_command(username: str, reason: str) -> None:
    """锁定用户 Keep a person out at once."""
    with acting(SYSTEM), unit_of_work():
        lock_user(get_user(username), reason)
    click.echo(f"已锁定 locked: {username}")


@user.command("unlock")
@click.argument("username")
def unlock_command(username: str) -> None:
    """解锁用户 Let a person in again."""
    with acting(SYSTEM), unit_of_work():
        unlock_user(get_user(username))
    click.echo(f"已解锁 unlocked: {username}")


@user.command("list")
@json_option
def list_command(as_json_wanted: bool) -> None:
    """列出用户 All accounts with their roles."""
    with unit_of_work(reading=True):
        people = current_session().scalars(select(User).order_by(User.username)).all()
    if as_json_wanted:
        as_json(
            [
                {
                    "username": each.username,
                    "name": each.display_name,
                    "roles": sorted(each.roles),
                    "locked": each.locked,
                    "signed_in_at": each.signed_in_at,
                }
                for each in people
            ]
        )
        return
    table = Table("用户名 user", "姓名 name", "岗位 roles", "状态 state", "最近登录 last sign-in")
    for each in people:
        titles = "、".join(WORDS[role].title.zh for role in Role if role in each.roles)
        state = "锁定 locked" if each.locked else "正常 open"
        table.add_row(each.username, each.display_name, titles, state, datetime_text(each.signed_in_at))
    Console().print(table)

"""Commands of the ground floor: the key ring, and the events that could not be delivered."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from app.core import crypto
from app.core.actor import SYSTEM, acting
from app.core.config import settings
from app.core.crypto import key_ring
from app.core.db import unit_of_work
from app.core.outbox import DeadLetter, dead_letters, dismiss_dead_letter, retry_dead_letter


@click.group()
def keys() -> None:
    """密钥环 The key ring: own pairs, partners' public keys, data keys."""


@keys.command("public")
@click.argument("name")
def public(name: str) -> None:
    """输出公钥 Print the public key NAME of the suite in force, making an own pair on first use."""
    suite = crypto.suite(settings().crypto_suite)
    click.echo(key_ring().key_pair(name, suite).public.decode("ascii"), nl=False)


@keys.command("add")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def add(name: str, file: Path) -> None:
    """导入对方公钥 Take the partner NAME's public key from FILE into the ring."""
    key_ring().add_public_key(name, crypto.suite(settings().crypto_suite), file.read_bytes())
    click.echo(f"已导入 added: {name}")


@keys.command("secret")
@click.argument("name")
def secret(name: str) -> None:
    """保存密码或令牌 Keep a secret for good under NAME; it is read from standard input, or asked for, and never shown."""
    asked = sys.stdin.isatty()
    given = click.prompt("密码或令牌 secret", hide_input=True) if asked else sys.stdin.read().strip("\r\n")
    if not given:
        raise click.UsageError("没有内容 nothing was given")
    key_ring().keep_secret(name, given.encode())
    click.echo(f"已保存 kept: {name}")


@keys.command("rotate")
def rotate() -> None:
    """轮换数据密钥 Add a data key for encrypted columns; what is stored stays readable."""
    click.echo(f"数据密钥 data key: {key_ring().rotate_data_key()}")


@click.group()
def events() -> None:
    """未能投递的消息 Deliveries of events that were given up."""


@events.command("dead")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出 Print JSON.")
def dead(as_json: bool) -> None:
    """列出死信 List dead letters, oldest first; 1 when there are any."""
    with unit_of_work(reading=True):
        letters = dead_letters()
    if as_json:
        click.echo(json.dumps([_shown(letter) for letter in letters], ensure_ascii=False))
    else:
        for letter in letters:
            click.echo("  ".join(map(str, _shown(letter).values())))
    raise click.exceptions.Exit(1 if letters else 0)


def _shown(letter: DeadLetter) -> dict[str, str | int]:
    return {
        "event_id": letter.event_id,
        "event": letter.name,
        "aggregate": letter.aggregate,
        "subscriber": letter.subscriber,
        "occurred_at": letter.occurred_at.isoformat(),
        "attempts": letter.attempts,
        "error": letter.error.strip().rpartition("\n")[2],
    }


@events.command("retry")
@click.argument("event_id")
@click.argument("subscriber")
def retry(event_id: str, subscriber: str) -> None:
    """重新投递 Deliver a dead letter again."""
    with acting(SYSTEM), unit_of_work():
        retry_dead_letter(event_id, subscriber)


@events.command("dismiss")
@click.argument("event_id")
@click.argument("subscriber")
def dismiss(event_id: str, subscriber: str) -> None:
    """放弃投递 Give a dead letter up for good, so that what waits behind it moves on."""
    with acting(SYSTEM), unit_of_work():
        dismiss_dead_letter(event_id, subscriber)

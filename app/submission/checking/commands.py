"""`creditlink submission two-end`, `volume`, `prove`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.submission.checking.models import EndCheck
from app.submission.checking.two_end import REPLAY, TWO_END, begin_check, do_check
from app.web.commands import FINDINGS, as_json, json_option


@click.command("two-end")
@click.option(
    "--file",
    "files",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="收到的核对文件，可多次给出 · A check file received (repeatable)",
)
@click.option(
    "--replay", "replayed", is_flag=True, help="不用核对文件，重放本方收发 · Without check files, by our own replay"
)
@json_option
def two_end(files: tuple[Path, ...], replayed: bool, as_json_wanted: bool) -> None:
    """两端核对 Hold what we believe the centre has against what it says it has.

    Without files the newest statement at the centre is fetched. Exit code 0 both ends agree, 1 they differ, 2 the check was
    not possible or not for every record type.
    """
    with acting(SYSTEM):
        with unit_of_work():
            given = [(path.name, path) for path in files]
            check = begin_check(REPLAY if replayed else TWO_END, given, asked=False)
        do_check(check, lambda done, total: None)
        with unit_of_work(reading=True) as session:
            told = check_data(session.get_one(EndCheck, check))
    if as_json_wanted:
        as_json(told)
    else:
        _print(told)
    if told["problems"]:
        raise click.exceptions.Exit(2)
    if told["apart"]:
        raise click.exceptions.Exit(FINDINGS)


def check_data(check: EndCheck) -> dict[str, Any]:
    """A check as programs read it; `apart` counts what differs over all types."""
    return {
        "id": check.id,
        "kind": check.kind,
        "status": check.status,
        "as_of": check.as_of.isoformat() if check.as_of else None,
        "files": check.files,
        "counts": check.counts,
        "apart": sum(
            int(counts.get(name, 0))
            for counts in check.counts.values()
            for name in ("only_ours", "only_theirs", "differs")
        ),
        "problems": [{"code": code, "zh": zh, "en": en} for code, zh, en in check.problems],
    }


def _print(told: dict[str, Any]) -> None:
    names = ("same", "only_ours", "only_theirs", "differs", "travelling")
    table = Table("类型 type", "一致 same", "仅本方 ours", "仅中心 theirs", "不同 differs", "在途 travelling")
    for code, counts in told["counts"].items():
        table.add_row(code, *(f"{counts.get(name, 0):,}" for name in names))
    console = Console()
    console.print(table)
    for problem in told["problems"]:
        console.print(f"{problem['zh']}\n{problem['en']}")

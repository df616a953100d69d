"""`creditlink audit`: check the chain from the command line."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import Progress

from app.audit.verify import count_entries, verify
from app.core.db import unit_of_work
from app.web.commands import FINDINGS, as_json, json_option


@click.group()
def audit() -> None:
    """审计记录 The audit record."""


@audit.command("verify")
@json_option
def verify_command(as_json_wanted: bool) -> None:
    """核验审计记录未被改动 Check that the audit record is whole.

    Exits with 1 when the chain is broken. The last digest, noted outside the system, proves later that nothing before
    it has changed.
    """
    with unit_of_work(reading=True):
        if as_json_wanted:
            verdict = verify()
        else:
            with Progress(console=Console(stderr=True), transient=True) as bar:
                line = bar.add_task("核验 verifying", total=count_entries())
                verdict = verify(lambda read: bar.update(line, completed=read))
    if as_json_wanted:
        as_json(
            {
                "entries": verdict.entries,
                "whole": verdict.whole,
                "last_number": verdict.last_number,
                "last_digest": verdict.last_digest,
                "breaks": [{"number": each.number, "zh": each.what.zh, "en": each.what.en} for each in verdict.breaks],
            }
        )
    else:
        out = Console()
        out.print(f"记录 entries: {verdict.entries}    末条摘要 last digest: {verdict.last_digest}")
        for each in verdict.breaks:
            out.print(f"[red]第 {each.number} 条 entry {each.number}[/]: {each.what.zh} · {each.what.en}")
        out.print("[green]完整 whole[/]" if verdict.whole else "[red]链已断 broken[/]")
    if not verdict.whole:
        raise click.exceptions.Exit(FINDINGS)

"""`creditlink rules …` about editions: which there are, their files, what they would find, and a past day judged again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from app.submission.replay import replay
from app.submission.rule_commands import rules
from app.web.commands import FINDINGS, as_json, json_option

__all__ = ["rules"]


@rules.command("replay")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Business day. 业务日")
@click.option(
    "--standard",
    "standards",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of an edition of the standard. 接口标准版本目录",
)
@json_option
def replay_day(day: datetime, standards: tuple[Path, ...], as_json_wanted: bool) -> None:
    """重演某日校验 Judge a past day again with the editions, code tables and lake of that day; 1 when findings differ."""
    batches = replay(day.date(), standards)
    done = all(batch.reproduced for batch in batches)
    if as_json_wanted:
        listed = [
            {
                "batch": each.batch,
                "reproduced": each.reproduced,
                "findings": sum(part.findings for part in each.parts),
                "parts": [part.as_data() for part in each.parts],
            }
            for each in batches
        ]
        as_json({"date": day.date().isoformat(), "reproduced": done, "batches": listed})
    else:
        table = Table("批次 batch", "部分 part", "版本 edition", "快照 snapshot", "问题 findings", "一致 same")
        for each in batches:
            for part in each.parts:
                told = "是 yes" if part.reproduced else part.problem or "否 no"
                words = told if isinstance(told, str) else f"{told.zh}\n{told.en}"
                row = (each.batch, part.part, part.edition[:12], str(part.snapshot), f"{part.findings:,}", words)
                table.add_row(*row)
        Console().print(table)
    if not done:
        raise click.exceptions.Exit(FINDINGS)

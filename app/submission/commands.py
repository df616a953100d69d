"""`creditlink check` and `creditlink submission …`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from app.core.actor import SYSTEM, acting
from app.core.config import settings
from app.core.db import unit_of_work
from app.submission.check import check_file
from app.submission.service import batch_data, begin_batch, current_batches
from app.web.commands import FINDINGS, as_json, json_option


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def check(file: Path, as_json_wanted: bool) -> None:
    """离线校验报文文件 Judge a report file of any record or operation without sending it.

    Exit code 0 nothing blocks, 1 something would be held back, 2 the file cannot be opened or has no rules.
    Messages in JSON are in the language of the installation (CREDITLINK_LANGUAGE).
    """
    judgement = check_file(file)
    if as_json_wanted:
        findings = [finding.as_data(settings().language) for finding in judgement.findings]
        as_json({"file": judgement.file, "records": judgement.records, "findings": findings})
    else:
        table = Table("行 line", "规则 rule", "代码 code", "数据项 tag", "级别 severity", "说明 message")
        for finding in judgement.findings:
            words = f"{finding.message_zh}\n{finding.message_en}"
            table.add_row(str(finding.line), finding.rule, finding.code, finding.tag, finding.severity, words)
        console = Console()
        if judgement.findings:
            console.print(table)
        console.print(f"{judgement.file}: 记录 records {judgement.records}, 问题 findings {len(judgement.findings)}")
    if judgement.blocked:
        raise click.exceptions.Exit(FINDINGS)


@click.group("submission")
def submission() -> None:
    """信息报送 Credit reporting."""


@submission.command("begin")
@click.argument("business_date", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--entity", "provider", help="Section code; that of the settings where absent. 法人机构区段码")
def begin(business_date: datetime, provider: str | None) -> None:
    """发起某日批次 Begin the batch of a business day; a worker then runs it."""
    with acting(SYSTEM), unit_of_work():
        click.echo(begin_batch(business_date.date(), provider=provider))


@submission.command("list")
@json_option
def list_batches(as_json_wanted: bool) -> None:
    """列出批次 List the newest batches."""
    with unit_of_work(reading=True):
        batches = [batch_data(batch) for batch in current_batches()]
    if as_json_wanted:
        as_json(batches)
        return
    table = Table("批次 batch", "业务日 day", "状态 status", "应报 due", "入库 accepted", "退回 rejected")
    for batch in batches:
        sums = [sum(counts[name] for counts in batch["counts"].values()) for name in ("due", "accepted", "rejected")]
        table.add_row(batch["id"], batch["business_date"], batch["status"], *(f"{each:,}" for each in sums))
    Console().print(table)

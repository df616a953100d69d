"""`creditlink rules …` about editions: which there are, their files, what they would find, and a past day judged again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from app.core import clock
from app.core.actor import SYSTEM, Actor, acting
from app.core.db import unit_of_work
from app.core.errors import NotFound
from app.core.events import publish
from app.core.people import directory
from app.core.text import Text
from app.rules.loading import load_ruleset
from app.rules.model import Ruleset
from app.rules.registry import drafts, edition, in_force
from app.rules.registry.backtest import Trial, backtest, keep
from app.rules.registry.editions import (
    editions_of,
    find_edition,
    remember_shipped,
    texts_of_row,
)
from app.rules.registry.events import EditionExported
from app.rules.registry.files import read_files, write_files
from app.rules.registry.models import Release, RulesetDraft, RulesetEdition
from app.rules.registry.stored import stored_days
from app.submission.replay import replay
from app.submission.rule_commands import rules
from app.web.commands import FINDINGS, as_json, json_option

__all__ = ["rules"]

_DAY = click.DateTime(["%Y-%m-%d"])


def _on_day(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--date`, the business day asked about, given as `day`; today unless it is named."""

    @click.option("--date", "given", type=_DAY, help="Business day, by default today. 业务日")
    @wraps(command)
    def run(*args: Any, given: datetime | None, **options: Any) -> Any:
        return command(*args, day=given.date() if given else clock.today(), **options)

    return run


@rules.command("list")
@_on_day
@json_option
def list_rulesets(day: date, as_json_wanted: bool) -> None:
    """列出规则集 List the rulesets in force on a business day, and the drafts."""
    with unit_of_work(reading=True) as session:
        force = in_force(day)
        numbers = {row.edition: row.number for row in session.query(RulesetEdition)}
        drafted = {row.ruleset: row.status for row in session.query(RulesetDraft)}
        listed: list[dict[str, Any]] = []
        for place in force:
            ruleset = place.ruleset()
            listed.append(
                {
                    "ruleset": place.name,
                    "facts": place.facts,
                    "subject": place.subject,
                    "rules": len(ruleset.rules),
                    "edition": ruleset.edition,
                    "number": numbers.get(ruleset.edition),
                    "origin": "shipped" if place.release is None else "console",
                    "draft": drafted.pop(place.name, None),
                    "title": {"zh": ruleset.title.zh, "en": ruleset.title.en},
                }
            )
    if as_json_wanted:
        as_json({"date": day.isoformat(), "rulesets": listed, "drafts": drafted})
        return
    table = Table("规则集 ruleset", "对象 facts", "规则 rules", "版本 edition", "来源 origin", "草稿 draft")
    for each in listed:
        about = f"{each['facts']} {each['subject'] or ''}".strip()
        edition_ = f"{each['number'] or ''} {str(each['edition'])[:12]}".strip()
        table.add_row(
            f"{each['ruleset']}\n{each['title']['zh']}",
            about,
            str(each["rules"]),
            edition_,
            str(each["origin"]),
            str(each["draft"] or ""),
        )
    for name, status in drafted.items():
        table.add_row(name, "", "", "", "", status)
    Console().print(table)


@rules.command("show")
@click.argument("ruleset")
@_on_day
@json_option
def show(ruleset: str, day: date, as_json_wanted: bool) -> None:
    """规则集的版本与生效记录 Show the editions of a ruleset, when each was put in force and by whom."""
    with unit_of_work(reading=True) as session:
        force = in_force(day)
        present = force.ruleset(ruleset).edition if ruleset in force.places else None
        editions = editions_of(ruleset)
        acts = session.query(Release).filter_by(ruleset=ruleset).order_by(Release.id).all()
        if present is None and not editions and not acts:
            force.ruleset(ruleset)
        data: dict[str, Any] = {
            "ruleset": ruleset,
            "date": day.isoformat(),
            "in_force": present,
            "editions": [
                {
                    "number": row.number,
                    "edition": row.edition,
                    "origin": row.origin,
                    "authors": row.authors,
                    "created_at": row.created_at.isoformat(),
                    "note": row.note,
                }
                for row in editions
            ],
            "releases": [
                {
                    "edition": act.edition,
                    "effective_from": act.effective_from.isoformat(),
                    "approved_by": act.approved_by,
                    "approved_at": act.approved_at.isoformat(),
                    "note": act.note,
                    "request": act.request,
                }
                for act in acts
            ],
        }
    if as_json_wanted:
        as_json(data)
        return
    console = Console()
    console.print(f"{ruleset}  {day}  生效版本 in force: {present or '无 none'}")
    table = Table("版本 edition", "来源 origin", "编写 authors", "说明 note")
    for row in data["editions"]:
        table.add_row(f"{row['number']} {row['edition'][:12]}", row["origin"], ", ".join(row["authors"]), row["note"])
    console.print(table)
    table = Table("起始业务日 from", "版本 edition", "批准 approved by", "说明 note")
    for row in data["releases"]:
        table.add_row(row["effective_from"], (row["edition"] or "停用 retired")[:12], row["approved_by"], row["note"])
    console.print(table)


@rules.command("export")
@click.argument("ruleset")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder. 目标目录")
@click.option("--edition", "wanted", help="Number or hash; by default the one in force. 版本号或哈希")
@_on_day
def export(ruleset: str, out: Path, wanted: str | None, day: date) -> None:
    """导出为文件 Write an edition as the files it was written in, below a folder of rulesets."""
    with acting(SYSTEM), unit_of_work():
        if wanted is None:
            present = in_force(day).ruleset(ruleset)
            remember_shipped(present)
            wanted = present.edition
        row = find_edition(ruleset, wanted)
        files = write_files(texts_of_row(row), out)
        publish(EditionExported(ruleset, row.edition))
    for file in files:
        click.echo(str(file.relative_to(out)))


@rules.command("import")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--author", required=True, help="Id of the person whose draft it becomes. 编写人")
def import_files(folder: Path, author: str) -> None:
    """导入为草稿 Read the files of a ruleset into its draft, right or wrong; whoever is named counts as its author."""
    texts = read_files(folder)
    with unit_of_work():
        person = directory().person(author)
        if person is None:
            raise NotFound(
                "rules.author", Text("没有这个人，或其账户已锁定", "there is no such person, or they are locked")
            )
        with acting(Actor(person.id, person.name, "person")):
            draft = drafts.import_texts(texts)
        click.echo(draft.ruleset)


@rules.command("backtest")
@click.argument("ruleset")
@click.option(
    "--candidate", required=True, help="Folder of a ruleset, or number or hash of an edition. 候选：目录或版本"
)
@click.option("--days", required=True, help="Business days: 2026-10-29,2026-10-31 or 2026-10-01..2026-10-31. 业务日")
@click.option("--keep", "keep_it", is_flag=True, help="Keep the result for the pages. 保存结果")
@json_option
def backtest_candidate(ruleset: str, candidate: str, days: str, keep_it: bool, as_json_wanted: bool) -> None:
    """历史试跑 Try a candidate on stored days beside the editions in force: what it would newly and no longer find."""
    with unit_of_work(reading=True):
        tried = _candidate(ruleset, candidate)
        trial = Trial.of(ruleset, tried, clock.today())
    result = backtest(trial, _days(days, trial))
    if keep_it:
        with acting(SYSTEM), unit_of_work():
            result["backtest"] = keep(trial, result)
    if as_json_wanted:
        as_json(result)
        return
    console = Console()
    table = Table("规则 rule", "现行 now", "候选 then", "新增 newly", "不再 no longer")
    for row in result["rules"]:
        table.add_row(f"{row['rule']} {row['zh']}", *(f"{row[k]:,}" for k in ("before", "after", "newly", "no_longer")))
    console.print(table)
    console.print(
        f"记录 records {result['records']:,}, 新增 newly {result['newly']['records']:,},"
        f" 不再 no longer {result['no_longer']['records']:,}, 秒 seconds {result['seconds']}"
    )


def _candidate(ruleset: str, given: str) -> Ruleset:
    if Path(given).is_dir():
        found = load_ruleset(read_files(Path(given)))
    else:
        found = edition(find_edition(ruleset, given).edition)
    if found.name != ruleset:
        raise NotFound(
            "rules.candidate",
            Text("候选是规则集 {name}", "the candidate is the ruleset {name}").format(name=found.name),
        )
    return found


def _days(given: str, trial: Trial) -> list[date]:
    """Days in order; of a range those that are stored."""
    try:
        if ".." in given:
            first, last = (date.fromisoformat(each.strip()) for each in given.split("..", 1))
            return sorted(day for day in stored_days().days(trial.code, 10_000) if first <= day <= last)
        return sorted({date.fromisoformat(each.strip()) for each in given.split(",")})
    except ValueError:
        raise click.BadParameter("YYYY-MM-DD,… 或 or YYYY-MM-DD..YYYY-MM-DD", param_hint="--days") from None


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

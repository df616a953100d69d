"""`creditlink submission two-end`, `volume`, `prove`."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.core.errors import NotFound
from app.core.text import Text
from app.submission.checking.models import EndCheck, VolumePosition, VolumeVerdict
from app.submission.checking.proving import count_day, follow_fates, kept_counts, passed_by_type
from app.submission.checking.tolerances import MEASURES, SIDES
from app.submission.checking.two_end import REPLAY, TWO_END, begin_check, do_check
from app.submission.checking.volume import DIFFERS, NO_LEDGER, judge_volume, verdicts_of
from app.submission.entities.keeping import meant_entity
from app.submission.models import Batch
from app.submission.service import provider_of
from app.web.commands import FINDINGS, as_json, json_option

_entity = click.option(
    "--entity", "provider", help="法人机构区段码，默认按设置 · Section code; that of the settings where absent"
)


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
@_entity
@json_option
def two_end(files: tuple[Path, ...], replayed: bool, provider: str | None, as_json_wanted: bool) -> None:
    """两端核对 Hold what we believe the centre has against what it says it has.

    Without files the newest statement at the centre is fetched. Exit code 0 both ends agree, 1 they differ, 2 the check was
    not possible or not for every record type.
    """
    with acting(SYSTEM):
        with unit_of_work():
            given = [(path.name, path) for path in files]
            check = begin_check(REPLAY if replayed else TWO_END, given, provider=provider, asked=False)
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


@click.command("volume")
@click.argument("business_date", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--side", type=click.Choice(SIDES), default=None, help="只核对一侧 · One side only")
@_entity
@json_option
def volume(business_date: datetime, side: str | None, provider: str | None, as_json_wanted: bool) -> None:
    """总量核对 Hold a day's volumes against the general ledger, anew.

    Exit code 0 all agree, 1 a position is beyond its tolerance, 2 there is no ledger.
    """
    day = business_date.date()
    with acting(SYSTEM):
        batch = _batch(day, provider)
        for each in (side,) if side else SIDES:
            judge_volume(batch, each)
        with unit_of_work(reading=True) as session:
            told = []
            for name, verdict in sorted(verdicts_of(batch).items()):
                if side in (None, name):
                    rows = session.scalars(select(VolumePosition).filter_by(batch_id=batch, side=name))
                    told.append(_verdict_data(verdict, [each for each in rows if each.beyond]))
    if as_json_wanted:
        as_json({"batch": batch, "business_date": day.isoformat(), "sides": told})
    else:
        table = Table("双方 side", "结论 verdict", "产品机构 positions", "超出 beyond")
        for line in told:
            table.add_row(line["side"], line["verdict"], str(line["positions"]), str(len(line["beyond"])))
        Console().print(table)
    if any(line["verdict"] == NO_LEDGER for line in told):
        raise click.exceptions.Exit(2)
    if any(line["verdict"] == DIFFERS for line in told):
        raise click.exceptions.Exit(FINDINGS)


def _batch(day: date, provider: str | None) -> str:
    """The batch of a legal entity's day. Raises NotFound, Invalid."""
    with unit_of_work():
        own = meant_entity(provider).provider
    with unit_of_work(reading=True) as session:
        found = session.scalar(select(Batch.id).filter_by(business_date=day, provider=own))
    if found is None:
        raise NotFound("submission.batch", Text("没有这个业务日的批次", "There is no batch of this day"))
    return found


def _verdict_data(verdict: VolumeVerdict, beyond: list[VolumePosition]) -> dict[str, Any]:
    positions = [
        {
            "product": each.product,
            "branch": each.branch,
            "measures": each.beyond,
            "ledger": {name: int(getattr(each, f"ledger_{name}")) for name in MEASURES},
            "ours": {name: int(getattr(each, f"our_{name}")) for name in MEASURES},
        }
        for each in beyond
    ]
    return {"side": verdict.side, "verdict": verdict.verdict, "positions": verdict.positions, "beyond": positions}


@click.command("prove")
@click.argument("business_date", type=click.DateTime(["%Y-%m-%d"]))
@_entity
@json_option
def prove(business_date: datetime, provider: str | None, as_json_wanted: bool) -> None:
    """预校验证明 Count the rules of a day against the centre's answers anew, and tell what is kept.

    For every rule that has found or missed anything: records found, held back, mended, false blocks, confirmed, taken, missed.
    """
    day = business_date.date()
    with acting(SYSTEM):
        own = provider_of(_batch(day, provider))
        count_day(own, day)
        follow_fates(own, day)
        rows = list(kept_counts([day], [], narrow=False, provider=own))
        with unit_of_work(reading=True):
            answered = passed_by_type(own, day)
    told = [
        {"record_type": each.record_type, "rule": each.rule}
        | {name: getattr(each.counts, name) for name in (*_FIGURES, "precision", "recall")}
        for each in sorted(rows, key=lambda each: (each.record_type, each.rule))
    ]
    if as_json_wanted:
        types = {code: {"answered": passed, "accepted": taken} for code, (passed, taken) in sorted(answered.items())}
        as_json({"business_date": day.isoformat(), "types": types, "rules": told})
        return
    table = Table("记录 type", "规则 rule", *_FIGURES)
    for line in told:
        table.add_row(line["record_type"], line["rule"], *(f"{line[name]:,}" for name in _FIGURES))
    Console().print(table)


_FIGURES = ("records", "held", "mended", "unchanged", "exempt", "confirmed", "accepted", "otherwise", "missed")


def _print(told: dict[str, Any]) -> None:
    names = ("same", "only_ours", "only_theirs", "differs", "travelling")
    table = Table("类型 type", "一致 same", "仅本方 ours", "仅中心 theirs", "不同 differs", "在途 travelling")
    for code, counts in told["counts"].items():
        table.add_row(code, *(f"{counts.get(name, 0):,}" for name in names))
    console = Console()
    console.print(table)
    for problem in told["problems"]:
        console.print(f"{problem['zh']}\n{problem['en']}")

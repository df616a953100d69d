"""The quality dashboard, and the records behind the figures of a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.audit import Thing, record
from app.core.db import current_session
from app.core.entities import visible_entities
from app.core.errors import NotFound
from app.core.text import Text
from app.rules.registry import in_force
from app.submission.checking import dashboard as kept
from app.submission.checking.dashboard import Dashboard, DayLine, Rates
from app.submission.checking.proving import records_select
from app.submission.models import Batch
from app.submission.permissions import RECORDS, VIEW
from app.submission.reading import terms
from app.submission.reading.lake_rows import lake_page
from app.submission.reading.personal import shown_key
from app.submission.tables import RECORD_TYPES
from app.submission.views.day import parse_day, shown_entity
from app.web.access import permission
from app.web.listing import Column, Listing, csv_answer
from app.web.words import percent_text, say

RECORDS_LIST: Final = Listing(
    columns=(
        Column("key", Text("业务标识", "Business key"), sortable=True),
        Column("fate", Text("结果", "Outcome"), sortable=True),
        Column("file", Text("报文与行", "File and line")),
    ),
    order="fate",
)
CELLS: Final = ("records", "held", "mended", "unchanged", "confirmed", "accepted", "otherwise", "missed")


def chosen_days() -> int:
    """Over how many reporting days; the usual number where none, or another, is asked for."""
    given = request.args.get("days", "")
    return int(given) if given in {str(each) for each in kept.PERIODS} else kept.USUAL


@permission(VIEW)
def quality() -> ResponseReturnValue:
    """All on one page."""
    found = kept.dashboard(shown_entity(), chosen_days())
    return render_template(
        "submission/quality.html",
        board=found,
        entities=visible_entities(),
        chosen=chosen_days(),
        periods=kept.PERIODS,
        terms=terms,
        titles=kept.NUMBER_TITLES,
        rates_chart=rates_chart(found.days) if len(found.days) > 1 else None,
        proof_chart=proof_chart(found) if found.found else None,
        export=url_for("submission.quality_csv", days=chosen_days(), entity=found.provider),
    )


def rates_chart(lines: Sequence[DayLine]) -> dict[str, Any]:
    """Chart options: shares of accepted, rejected and blocked records by business day, in percent."""
    ordered = list(reversed(lines))
    shares = (
        ("accepted", Text("入库率", "Accepted")),
        ("rejected", Text("退回率", "Rejected")),
        ("blocked", Text("拦截率", "Blocked")),
    )
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0, "itemWidth": 12, "itemHeight": 8},
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 32, "containLabel": True},
        "xAxis": {"type": "category", "data": [f"{line.batch.business_date:%m-%d}" for line in ordered]},
        "yAxis": {"type": "value", "axisLabel": {"formatter": "{value}%"}},
        "series": [
            {
                "name": say(title),
                "type": "line",
                "symbolSize": 6,
                "data": [_percent(getattr(line.total, f"{name}_share")) for line in ordered],
            }
            for name, title in shares
        ],
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 2)


def proof_chart(board: Dashboard) -> dict[str, Any]:
    """Chart options: what the pre-check has found rightly and wrongly, and what it missed, by business day."""
    days = sorted(board.found)
    series = (
        (0, Text("判断正确", "Right"), "bar"),
        (1, Text("判断有误", "Wrong"), "bar"),
        (3, Text("漏判", "Missed"), "line"),
    )
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0, "itemWidth": 12, "itemHeight": 8},
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 32, "containLabel": True},
        "xAxis": {"type": "category", "data": [f"{day:%m-%d}" for day in days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "name": say(title),
                "type": kind,
                **({"stack": "all", "barMaxWidth": 36} if kind == "bar" else {"symbolSize": 6}),
                "data": [board.found[day][place] for day in days],
            }
            for place, title, kind in series
        ],
    }


@permission(VIEW)
def quality_csv() -> ResponseReturnValue:
    """The rates by business day and record type; the export is recorded."""
    board = kept.dashboard(shown_entity(), chosen_days())
    record("submission.quality.export", Thing("quality", board.provider or "*"), detail={"days": chosen_days()})
    rows = [(line, code, line.by_type[code]) for line in board.days for code in RECORD_TYPES]
    shares = (Text("入库率", "Accepted share"), Text("退回率", "Rejected share"), Text("拦截率", "Blocked share"))
    titles = (
        Text("机构", "Institution"),
        Text("业务日", "Business day"),
        Text("记录类型", "Record type"),
        *kept.NUMBER_TITLES.values(),
        *shares,
        Text("逾期报送", "Late"),
    )

    def cells(row: tuple[DayLine, str, Rates]) -> tuple[object, ...]:
        line, code, rates = row
        numbers = [getattr(rates, name) for name in kept.NUMBERS]
        parts = [percent_text(each) for each in (rates.accepted_share, rates.rejected_share, rates.blocked_share)]
        late = Text("是", "yes") if line.late else Text("否", "no")
        return (line.batch.provider, line.batch.business_date.isoformat(), code, *numbers, *parts, say(late))

    return csv_answer("quality", titles, rows, cells)


@permission(RECORDS)
def proof() -> ResponseReturnValue:
    """The records behind one figure of a rule: over one business day, or over the latest ones. Raises NotFound."""
    code, rule, cell = (request.args.get(name, "") for name in ("type", "rule", "cell"))
    cell = cell if cell in CELLS else "records"
    days = _days()
    error, title = _rule(code, rule, days)
    query_of_days = select(Batch.id, Batch.business_date).where(Batch.business_date.in_(days))
    batches: dict[str, date] = dict(current_session().execute(query_of_days).all())
    selected, values = records_select(cell, code, rule, error, list(batches))
    query = RECORDS_LIST.read()
    return render_template(
        "submission/proof.html",
        page=lake_page(query, selected, values, {"key": "key", "fate": "fate"}, "key, record_id, fate"),
        code=code,
        rule=rule,
        title=title,
        cell=cell,
        cells=CELLS,
        days=days,
        batches=batches,
        terms=terms,
        shown_key=shown_key,
    )


def _days() -> list[date]:
    """The day asked for, else the latest reporting days, the newest first."""
    if day := parse_day(request.args.get("day")):
        return [day]
    query = select(Batch.business_date).distinct().order_by(Batch.business_date.desc()).limit(chosen_days())
    return list(current_session().scalars(query))


def _rule(code: str, rule: str, days: Sequence[date]) -> tuple[str, Text]:
    place = in_force(days[0]).about_record(code) if code in RECORD_TYPES and days else None
    rules: Mapping[str, Any] = {each.id: each for each in place.ruleset().rules} if place else {}
    if rule not in rules:
        raise NotFound("rules.rule", Text("没有这条规则", "There is no such rule"))
    return rules[rule].code or rule, rules[rule].title


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/quality", "quality", quality)
    blueprint.add_url_rule("/quality.csv", "quality_csv", quality_csv)
    blueprint.add_url_rule("/proof", "proof", proof)

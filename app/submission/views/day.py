"""The day at a glance: one business day's batch, live while it runs, with the calendar around it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, record
from app.core import clock
from app.core.config import settings
from app.core.entities import visible_entities
from app.core.errors import Invalid
from app.core.text import Text
from app.submission.permissions import BEGIN, VIEW
from app.submission.reading import batches, days, terms
from app.submission.reading.exceptions import exception_totals
from app.submission.service import begun_batch
from app.web.access import permission
from app.web.toasts import toast
from app.web.words import t

_TREND = 14
_EARLIEST = date(2006, 1, 1)


def parse_day(text: str | None) -> date | None:
    """A day as forms write it; None for anything else and for days before the credit register began."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day and _EARLIEST <= day <= clock.today() + timedelta(days=366) else None


def shown_entity() -> str:
    """The legal entity that a page about a single one shows: of those in sight that of the settings, else the first."""
    seen = [each.provider for each in visible_entities()]
    own = settings().provider_code
    return own if own in seen else next(iter(seen), "")


def _chosen(provider: str) -> tuple[date, Any]:
    """The day asked for, else that of the entity's newest batch, else yesterday; with its batch."""
    if asked := parse_day(request.args.get("day")):
        return asked, batches.batch_of_day(asked, provider)
    newest = batches.newest_batch(provider)
    return (newest.business_date, newest) if newest else (clock.today() - timedelta(days=1), None)


@permission(VIEW)
def day() -> ResponseReturnValue:
    """The chosen business day."""
    provider = shown_entity()
    chosen, batch = _chosen(provider)
    view = batches.view_batch(batch) if batch else None
    recent = batches.recent_batches(_TREND, provider)
    words = (t("入库", "Accepted"), t("拦截", "Blocked"), t("退回", "Rejected"), t("待反馈", "Awaiting"))
    return render_template(
        "submission/day.html",
        chosen=chosen,
        view=view,
        terms=terms,
        columns=batches.COLUMNS,
        deadline=batches.deadline_of(chosen),
        strip=days.day_strip(chosen, provider),
        today=clock.today(),
        earlier=chosen - timedelta(days=1),
        later=chosen + timedelta(days=1),
        unmapped=days.unmapped_codes(chosen, provider) if view and view.unmapped else (),
        trend=days.trend(recent, words) if len(recent) > 1 else None,
        exceptions=exception_totals(provider),
        provider=provider,
        entities=visible_entities(),
    )


@permission(VIEW)
def day_live() -> ResponseReturnValue:
    """The moving part of the page alone, for its polling."""
    _, batch = _chosen(shown_entity())
    if batch is None:
        raise Invalid("submission.no_batch", Text("当日还没有批次", "There is no batch of that day yet"))
    view = batches.view_batch(batch)
    return render_template("submission/day_live.html", view=view, terms=terms, columns=batches.COLUMNS)


@permission(BEGIN)
def day_begin() -> ResponseReturnValue:
    """Begin the batch of a business day that has ended. Raises Invalid for one that has not."""
    chosen = parse_day(request.form.get("day"))
    if chosen is None or chosen >= clock.today():
        raise Invalid(
            "submission.business_date",
            Text("请选择已经结束的业务日", "Choose a business day that has ended"),
        )
    provider = request.form.get("provider") or shown_entity()
    batch, new = begun_batch(chosen, provider=provider)
    if not new:
        toast(Text("该业务日的批次已经发起", "The batch of that day had been begun already"), "info")
    else:
        record("submission.batch.begin", Thing("batch", batch), detail={"business_date": chosen.isoformat()})
        toast(Text("批次已发起，后台随即开始采集", "The batch has begun; collection starts in the background"))
    return redirect(url_for("submission.day", day=chosen.isoformat(), entity=provider))


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("", "day", day)
    blueprint.add_url_rule("/live", "day_live", day_live)
    blueprint.add_url_rule("/begin", "day_begin", day_begin, methods=["POST"])

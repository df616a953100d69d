"""Pages of shadows: all of them, one with its days, rules and samples; started from a draft, stopped by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.core import clock
from app.core.db import current_session
from app.core.errors import Conflict, Invalid, NotFound
from app.core.people import name_of
from app.core.text import Text
from app.rules.model import Fault, RulesetInvalid
from app.rules.permissions import SHADOW, VIEW
from app.rules.registry.models import RulesetDraft
from app.rules.shadow import running, totals
from app.rules.shadow.days import compare_again
from app.rules.shadow.models import Shadow, ShadowDay
from app.rules.views.trials import wording
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, csv_answer, database_page, database_stream, like_pattern
from app.web.toasts import toast
from app.web.words import datetime_text, say, t

LISTING: Final = Listing(
    columns=(
        Column("ruleset", Text("规则集", "Ruleset"), sortable=True),
        Column("state", Text("状态", "State"), sortable=True),
        Column("started_at", Text("开始", "Started"), sortable=True),
        Column("until", Text("截止业务日", "Until"), sortable=True),
        Column("days", Text("已比对", "Days compared"), number=True),
        Column("newly", Text("新增命中", "Newly found"), number=True),
        Column("no_longer", Text("不再命中", "No longer found"), number=True),
    ),
    order="-started_at",
    filters=(
        Filter("q", Text("规则集", "Ruleset"), hint=Text("名称", "name")),
        Filter("state", Text("状态", "State"), options=tuple(running.STATES.items())),
    ),
)
_SORTS: Final = {
    "ruleset": Shadow.ruleset,
    "state": Shadow.state,
    "started_at": Shadow.started_at,
    "until": Shadow.until,
}
RULE_TITLES: Final = (
    Text("规则", "Rule"),
    Text("名称", "Title"),
    Text("现行命中", "Found now"),
    Text("候选命中", "Found by the candidate"),
    Text("新增", "Newly found"),
    Text("不再命中", "No longer found"),
)


def _selected() -> tuple[Any, Any]:
    query = LISTING.read()
    statement = select(Shadow)
    if wanted := query.filters.get("q"):
        statement = statement.where(Shadow.ruleset.ilike(like_pattern(wanted), escape="\\"))
    if state := query.filters.get("state"):
        statement = statement.where(Shadow.state == state)
    return query, statement


def _list(problem: Text | None = None, faults: Sequence[Fault] = ()) -> str:
    query, statement = _selected()
    page = database_page(current_session(), statement, query, _SORTS, Shadow.id)
    force = wording.present()
    runs = select(Shadow.ruleset).where(Shadow.state == "running")
    drafted = select(RulesetDraft.ruleset).where(RulesetDraft.ruleset.not_in(runs)).order_by(RulesetDraft.ruleset)
    drafts = list(current_session().scalars(drafted))
    return render_template(
        "rules/shadows.html",
        page=page,
        states=running.STATES,
        tones=running.TONES,
        progress=totals.progress_of(each.id for each in page.rows),
        nothing=totals.Progress(),
        titles=wording.ruleset_titles(force, {*drafts, *(each.ruleset for each in page.rows)}),
        drafts=drafts,
        today=clock.today(),
        latest=running.latest_end(),
        export=query.at(url_for("rules.shadows_csv")),
        problem=problem,
        faults=faults,
    )


@permission(VIEW)
def shadows() -> ResponseReturnValue:
    """All shadows, the newest first."""
    return _list()


@permission(VIEW)
def shadows_csv() -> ResponseReturnValue:
    """The same list for a spreadsheet."""
    query, statement = _selected()
    progress = totals.progress_of(current_session().scalars(statement.with_only_columns(Shadow.id)))
    titles = [Text("编号", "Number"), *(column.title for column in LISTING.columns)]

    def cells(shadow: Shadow) -> tuple[object, ...]:
        far = progress.get(shadow.id, totals.Progress())
        return (
            shadow.id,
            shadow.ruleset,
            say(running.STATES[shadow.state]),
            datetime_text(shadow.started_at),
            shadow.until.isoformat(),
            far.done,
            far.newly,
            far.no_longer,
        )

    return csv_answer("shadows", titles, database_stream(statement, query, _SORTS, Shadow.id), cells)


@permission(SHADOW)
def shadows_start(ruleset: str) -> ResponseReturnValue:
    """Start a shadow from the draft, or say everything that is wrong with it (422) or in its way (404, 409)."""
    until = wording.parsed_day(request.form.get("until", ""))
    try:
        if until is None:
            raise Invalid("rules.shadow_until", Text("请填写截止日", "give the last day"))
        shadow = running.start(ruleset, until, request.form.get("note", ""))
    except RulesetInvalid as refused:
        words = Text("草稿没有通过检查，不能影子运行", "the draft does not pass its check and cannot run as a shadow")
        return _list(words, refused.faults), refused.status
    except (Invalid, Conflict, NotFound) as refused:
        return _list(refused.message), refused.status
    toast(Text("影子运行已开始", "The shadow runs"))
    return redirect(url_for("rules.shadows_one", shadow_id=shadow.id))


@permission(SHADOW)
def shadows_stop(shadow_id: str) -> ResponseReturnValue:
    """Stop one; what it has found stays."""
    shadow = running.find(shadow_id)
    try:
        running.stop(shadow)
    except Conflict as refused:
        return _page(shadow, refused.message), refused.status
    toast(Text("影子运行已停止", "The shadow has been stopped"))
    return redirect(url_for("rules.shadows_one", shadow_id=shadow_id))


@permission(SHADOW)
def shadows_again(shadow_id: str, day: str) -> ResponseReturnValue:
    """Compare a day anew that has failed for good."""
    shadow = running.find(shadow_id)
    try:
        compare_again(shadow, wording.parsed_day(day) or date.min)
    except (Conflict, NotFound) as refused:
        return _page(shadow, refused.message), refused.status
    toast(Text("已重新比对", "It is compared again"), "info")
    return redirect(url_for("rules.shadows_one", shadow_id=shadow_id))


@permission(VIEW)
def shadows_one(shadow_id: str) -> ResponseReturnValue:
    """One shadow: what its candidate would change, by day, rule, branch and product, with samples."""
    return _page(running.find(shadow_id))


def _page(shadow: Shadow, problem: Text | None = None) -> str:
    days = totals.days_of(shadow.id)
    done = [day for day in days if day.state == "done"]
    return render_template(
        "rules/shadow.html",
        shadow=shadow,
        title=wording.title_of_edition(shadow.edition, shadow.ruleset),
        states=running.STATES,
        tones=running.TONES,
        days=days,
        done=done,
        failed=[day for day in days if day.state == "failed"],
        totals=totals.totals_of(days),
        samples=totals.samples_of(shadow.id),
        chart_options=_chart(done),
        changes=wording.CHANGES,
        severity=wording.SEVERITY,
        edition_text=wording.edition_text,
        address=wording.address,
        first_day=shadow.started_at.astimezone(clock.CHINA).date(),
        name_of=name_of,
        problem=problem,
    )


@permission(VIEW)
def shadows_rules_csv(shadow_id: str) -> ResponseReturnValue:
    """What changes by rule, for a spreadsheet."""
    shadow = running.find(shadow_id)
    found = totals.totals_of(totals.days_of(shadow.id))

    def cells(row: totals.Changed) -> tuple[object, ...]:
        return row.name, say(row.title), row.before, row.after, row.newly, row.no_longer

    return csv_answer(f"shadow-{shadow.id}", RULE_TITLES, found.rules, cells)


def _chart(days: Sequence[ShadowDay]) -> dict[str, Any]:
    """Records changed on each day."""
    bar = {"type": "bar", "stack": "all", "barMaxWidth": 36}
    return {
        "legend": {},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [f"{day.day:%m-%d}" for day in days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {**bar, "name": t("新增命中", "Newly found"), "data": [day.newly for day in days]},
            {**bar, "name": t("不再命中", "No longer found"), "data": [day.no_longer for day in days]},
        ],
    }


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the room's blueprint."""
    one = "/shadows/<shadow_id>"
    blueprint.add_url_rule("/shadows", "shadows", shadows)
    blueprint.add_url_rule("/shadows.csv", "shadows_csv", shadows_csv)
    blueprint.add_url_rule("/sets/<ruleset>/shadow", "shadows_start", shadows_start, methods=["POST"])
    blueprint.add_url_rule(one, "shadows_one", shadows_one)
    blueprint.add_url_rule(f"{one}/rules.csv", "shadows_rules_csv", shadows_rules_csv)
    blueprint.add_url_rule(f"{one}/days/<day>/again", "shadows_again", shadows_again, methods=["POST"])
    blueprint.add_url_rule(f"{one}/stop", "shadows_stop", shadows_stop, methods=["POST"])

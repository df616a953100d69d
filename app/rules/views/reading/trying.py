"""A candidate tried on stored days: asked for, followed while it runs, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.db import current_session
from app.core.errors import Invalid
from app.core.events import tell
from app.core.people import name_of
from app.core.text import Text
from app.rules.permissions import APPROVE, TRY, VIEW
from app.rules.reader import words
from app.rules.registry import trying
from app.rules.registry.editions import find_edition
from app.rules.registry.events import SamplesSeen
from app.rules.registry.models import Backtest, RulesetEdition
from app.rules.registry.stored import stored_days
from app.rules.views.reading import given
from app.standard import catalogue
from app.web.access import may, permission
from app.web.words import t

_CHARTED = 12


@permission(TRY)
def ask(ruleset: str) -> ResponseReturnValue:
    """Have the draft, an edition or a retirement tried on the chosen days; the page of the trial shows its progress."""
    line = given.line(ruleset)
    checks = given.shown(line.name, "").checks
    if checks is None or checks.record_type is None or not checks.rules:
        raise Invalid(
            "rules.untryable",
            Text("只有判断记录的规则集可以试跑", "only rulesets about records can be tried on stored days"),
        )
    first, last = given.day("first"), given.day("last")
    days = trying.chosen_days(checks.record_type, request.form.get("days", "")[:10], first, last)
    number = trying.ask(line.name, _candidate(line.name), days)
    return redirect(url_for("rules.sets_backtest", backtest_id=number))


def _candidate(ruleset: str) -> str:
    asked = request.form.get("candidate", "")[:64]
    if asked in (trying.DRAFT, trying.NOTHING):
        return asked
    return find_edition(ruleset, given.identifier(asked) or "-").edition


@permission(VIEW)
def one(backtest_id: str) -> ResponseReturnValue:
    """A trial: its progress, why it failed, or what came of it."""
    tried = trying.find(given.identifier(backtest_id))
    line = given.line(tried.ruleset)
    return render_template(
        "rules/backtest.html",
        tried=tried,
        line=line,
        number=number_of(tried.candidate),
        name_of=name_of,
        words=words,
        named=words.named,
        **(told(tried.row) if tried.row else {}),
    )


def number_of(edition: str) -> int | None:
    """The number by which people know an edition, if it has been remembered."""
    row = current_session().get(RulesetEdition, edition) if edition else None
    return row.number if row else None


def told(row: Backtest) -> dict[str, Any]:
    """What a page shows of a trial that is done. That its records were looked at is told."""
    seen = may(TRY) or may(APPROVE)
    if seen and row.result["samples"]:
        tell(SamplesSeen(row.ruleset, row.id))
    code = _record_type(row)
    batches = [batch for day in row.result["days"] for batch in day.get("batches", ())]
    return {
        "row": row,
        "result": row.result,
        "chart_options": _chart(row.result),
        "samples_shown": seen,
        "stored": stored_days(),
        "code": code,
        "products": _products(code),
        "only_batch": batches[0] if len(batches) == 1 else None,
    }


def _record_type(row: Backtest) -> str:
    checks = given.shown(row.ruleset, "").checks
    return (checks.record_type if checks else None) or ""


def _products(code: str) -> Mapping[str, Text]:
    """What the products are called by which findings are counted."""
    table = catalogue.current().codes(catalogue.current().record(code).subject).get("AcctType") if code else None
    return table.values if table else {}


def _chart(result: dict[str, Any]) -> dict[str, Any] | None:
    """The rules that changed most, as bars; None where none changed."""
    changed = [row for row in result["rules"] if row["newly"] or row["no_longer"]][:_CHARTED]
    if not changed:
        return None
    changed.reverse()
    return {
        "legend": {},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": [row["rule"] for row in changed]},
        "series": [
            {
                "name": name,
                "type": "bar",
                "stack": "change",
                "barMaxWidth": 18,
                "data": [row[side] for row in changed],
            }
            for side, name in (("newly", t("新增命中", "Newly found")), ("no_longer", t("不再命中", "No longer found")))
        ],
    }


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/sets/<ruleset>/backtest", "sets_backtest_ask", ask, methods=["POST"])
    blueprint.add_url_rule("/backtests/<backtest_id>", "sets_backtest", one)

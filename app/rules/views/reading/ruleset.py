"""One ruleset: its rules or its table, what they leave unseen, its history, requests and back-tests; submitted and retired here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import CreditLinkError
from app.core.people import name_of
from app.core.text import Text
from app.rules.coverage import cover_one
from app.rules.model import RulesetInvalid
from app.rules.permissions import VIEW, WRITE
from app.rules.reader import words
from app.rules.reader.casework import Count, counts_of
from app.rules.reader.conditions import answer_words, cell_words
from app.rules.reader.history import history_of, open_request
from app.rules.reader.index import first_words
from app.rules.reader.overview import STATES, SetLine
from app.rules.reader.shelf import find_shown
from app.rules.reader.shown import ShownRule, ShownRuleset
from app.rules.registry import requests, trying
from app.rules.registry.backtest import USUAL_DAYS
from app.rules.views.reading import given
from app.web.access import permission
from app.web.toasts import toast

TABS: Final = {
    "rules": Text("规则", "Rules"),
    "coverage": Text("覆盖", "Coverage"),
    "history": Text("版本", "Editions"),
    "requests": Text("申请", "Requests"),
    "trials": Text("试跑", "Trials"),
}
GROUPS: Final = {"stage": Text("按判断范围", "by scope"), "fragment": Text("按来源", "by origin")}
_OWN: Final = Text("本规则集", "this ruleset")


@permission(VIEW)
def one(ruleset: str) -> ResponseReturnValue:
    """The page of a ruleset."""
    return _page(ruleset)


def _page(name: str, problem: Text | None = None, typed: Mapping[str, str] | None = None) -> str:
    line = given.line(name)
    reference = given.reference(name)
    try:
        shown = find_shown(name, reference)
    except RulesetInvalid as wrong:
        return _faults(line, wrong)
    tab = request.args.get("tab", "")
    return render_template(
        "rules/ruleset.html",
        shown=shown,
        reference=reference,
        tab=tab if tab in _tabs(shown) else "rules",
        tabs=_tabs(shown),
        by=_grouping(),
        groupings=GROUPS,
        groups=_grouped(shown, _grouping()),
        counts=counts_of(shown),
        nothing=Count(),
        here=request.args.get("edition") or None,
        first_words=first_words,
        coverage=cover_one(shown.checks) if shown.checks else None,
        cell_words=cell_words,
        answer_words=answer_words,
        problem=problem,
        typed=typed or {},
        **_around(line),
    )


def _around(line: SetLine) -> dict[str, Any]:
    """What every state of the page tells beside the content."""
    editable = line.kind in ("check", "table")
    code = _record_type(line) if editable else None
    days, month = trying.days_stored(code) if code else (), trying.last_month()
    return {
        "line": line,
        "history": history_of(line),
        "requests": requests.requests_of(line.name),
        "request_states": requests.STATES,
        "request_kinds": requests.KINDS,
        "open_request": open_request(line.name),
        "trials": trying.trials_of(line.name) if editable else [],
        "days": days,
        "last_month": month,
        "days_last_month": sum(month[0] <= day <= month[1] for day in days),
        "usual_days": USUAL_DAYS,
        "editable": editable,
        "tomorrow": clock.today() + timedelta(days=1),
        "today": clock.today(),
        "words": words,
        "named": words.named,
        "states": STATES,
        "name_of": name_of,
    }


def _record_type(line: SetLine) -> str | None:
    try:
        checks = find_shown(line.name, given.reference(line.name, "")).checks
    except CreditLinkError:
        return None
    return checks.record_type if checks and checks.rules else None


def _faults(line: SetLine, wrong: RulesetInvalid) -> str:
    """The page of a draft that cannot be read: every fault with its place."""
    return render_template("rules/faults.html", faults=wrong.faults, **_around(line))


def _tabs(shown: ShownRuleset) -> dict[str, Text]:
    left = {"coverage"} if shown.checks is None or shown.checks.record_type is None or not shown.checks.rules else set()
    left |= {"requests", "trials"} if shown.checks is None else set()
    left |= {"trials"} if shown.checks and not shown.checks.rules else set()
    return {name: title for name, title in TABS.items() if name not in left}


def _grouping() -> str:
    asked = request.args.get("by", "")
    return asked if asked in GROUPS else "stage"


def _grouped(shown: ShownRuleset, by: str) -> list[tuple[Text, list[ShownRule]]]:
    """The rules in groups, each group in the order in which its first rule is judged."""
    groups: dict[str, list[ShownRule]] = {}
    for rule in shown.rules:
        groups.setdefault(rule.fragment if by == "fragment" else rule.stage, []).append(rule)
    if by == "stage":
        order: Sequence[str] = [*words.STAGES, ""]
        return [
            (words.named(words.STAGES, key) if key else Text("", ""), groups[key]) for key in order if key in groups
        ]
    return [(Text(key, key) if key else _OWN, rules) for key, rules in groups.items()]


@permission(WRITE)
def submit(ruleset: str) -> ResponseReturnValue:
    """Ask that the draft judge from a business day on. What is wrong with the asking is told on the page."""
    line = given.line(ruleset)
    try:
        day, lock = given.needed_day("effective_from"), given.lock()
        with unit_of_work():  # what fails leaves nothing behind, though the page is answered
            made = requests.submit(line.name, lock, day, given.words("note"))
    except CreditLinkError as problem:
        return _told(ruleset, problem)
    toast(Text("已提交，正在检查", "Submitted; it is being checked"))
    return redirect(url_for("rules.sets_request", request_id=made.id))


@permission(WRITE)
def retire(ruleset: str) -> ResponseReturnValue:
    """Ask that the ruleset judge no more from a business day on."""
    line = given.line(ruleset)
    try:
        day = given.needed_day("effective_from")
        with unit_of_work():
            made = requests.retire(line.name, day, given.words("note"))
    except CreditLinkError as problem:
        return _told(ruleset, problem)
    toast(Text("已提交停用申请", "The retirement has been asked for"))
    return redirect(url_for("rules.sets_request", request_id=made.id))


def _told(ruleset: str, problem: CreditLinkError) -> ResponseReturnValue:
    typed = {name: given.words(name, 500) for name in ("effective_from", "note")}
    return _page(ruleset, problem.message, typed), problem.status


def add_to(blueprint: Blueprint) -> None:
    address = "/sets/<ruleset>"
    blueprint.add_url_rule(address, "sets_one", one)
    blueprint.add_url_rule(f"{address}/submit", "sets_submit", submit, methods=["POST"])
    blueprint.add_url_rule(f"{address}/retire", "sets_retire", retire, methods=["POST"])

"""Pages of exemptions: all of them, one with its history, asking for one, taking back, ending early."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, or_, select

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import Conflict, Invalid
from app.core.people import name_of
from app.core.text import Text
from app.rules import statistics
from app.rules.exemption import asking
from app.rules.exemption.models import Exemption
from app.rules.exemption.scopes import SCOPES, documents_of, scope_title, scopes_of_ruleset, shown_value
from app.rules.permissions import ASK_EXEMPTION, EXEMPTIONS
from app.rules.registry.force import InForce
from app.rules.views.trials import wording
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, ListQuery, csv_answer, database_page, database_stream, like_pattern
from app.web.parts import TimelineEntry
from app.web.toasts import toast
from app.web.words import say
from app.workflow.models import ProcessTask

COLUMNS: Final = (
    Column("asked_at", Text("申请", "Asked"), sortable=True),
    Column("ruleset", Text("规则集", "Ruleset"), sortable=True),
    Column("rule", Text("规则", "Rule"), sortable=True),
    Column("value", Text("豁免对象", "For")),
    Column("until", Text("截止业务日", "Until"), sortable=True),
    Column("state", Text("状态", "State")),
    Column("asked_by", Text("申请人", "Asked by"), sortable=True),
    Column("decided_by", Text("复核人", "Decided by"), sortable=True),
)
_SORTS: Final = {
    "asked_at": Exemption.asked_at,
    "ruleset": Exemption.ruleset,
    "rule": Exemption.rule,
    "until": Exemption.until,
    "asked_by": Exemption.asked_by,
    "decided_by": Exemption.decided_by,
}


def listing(force: InForce) -> Listing:
    """The list, the newest first, with the rulesets that have exemptions to choose from."""
    known = set(current_session().scalars(select(Exemption.ruleset).distinct()))
    titles = wording.ruleset_titles(force, known)
    return Listing(
        columns=COLUMNS,
        order="-asked_at",
        filters=(
            Filter("state", Text("状态", "State"), options=tuple(asking.STATES.items())),
            Filter("ruleset", Text("规则集", "Ruleset"), options=tuple(sorted(titles.items()))),
            Filter("rule", Text("规则", "Rule"), hint=Text("P210-050", "P210-050")),
        ),
    )


def _selected(query: ListQuery) -> Any:
    statement = select(Exemption)
    if state := query.filters.get("state"):
        today = clock.today()
        over = and_(Exemption.state == "granted", Exemption.until < today)
        holds = or_(Exemption.state != "granted", Exemption.until >= today)
        statement = statement.where(over if state == "expired" else and_(Exemption.state == state, holds))
    if ruleset := query.filters.get("ruleset"):
        statement = statement.where(Exemption.ruleset == ruleset)
    if rule := query.filters.get("rule"):
        statement = statement.where(Exemption.rule.ilike(like_pattern(rule), escape="\\"))
    return statement


def _shown(force: InForce, exemption: Exemption) -> str:
    """Whom it is for, masked."""
    ruleset = force.ruleset(exemption.ruleset) if exemption.ruleset in force.places else None
    return f"{say(scope_title(exemption.scope))} {shown_value(ruleset, exemption.scope, exemption.value)}"


@permission(EXEMPTIONS)
def exemptions() -> ResponseReturnValue:
    """All exemptions, asked for, in force or over."""
    force = wording.present()
    query = listing(force).read()
    page = database_page(current_session(), _selected(query), query, _SORTS, Exemption.id)
    return render_template(
        "rules/exemptions.html",
        page=page,
        standing=asking.standing,
        states=asking.STATES,
        tones=asking.TONES,
        titles=wording.ruleset_titles(force, {each.ruleset for each in page.rows}),
        shown=lambda exemption: _shown(force, exemption),
        name_of=name_of,
        export=query.at(url_for("rules.exemptions_csv")),
    )


@permission(EXEMPTIONS)
def exemptions_csv() -> ResponseReturnValue:
    """The filtered list for a spreadsheet, whom they are for masked."""
    force = wording.present()
    query = listing(force).read()

    def cells(exemption: Exemption) -> tuple[object, ...]:
        return (
            exemption.id,
            exemption.asked_at.astimezone(clock.CHINA).date().isoformat(),
            exemption.ruleset,
            exemption.rule,
            _shown(force, exemption),
            exemption.until.isoformat(),
            say(asking.STATES[asking.standing(exemption)]),
            name_of(exemption.asked_by),
            name_of(exemption.decided_by) if exemption.decided_by else "",
        )

    titles = [Text("编号", "Number"), *(column.title for column in COLUMNS)]
    rows = database_stream(_selected(query), query, _SORTS, Exemption.id)
    return csv_answer("exemptions", titles, rows, cells)


@permission(EXEMPTIONS)
def exemptions_one(exemption_id: str) -> ResponseReturnValue:
    """One exemption: what was asked, why, and what has come of it."""
    return _page(asking.find(exemption_id))


def _page(exemption: Exemption, problem: Text | None = None) -> str:
    force = wording.present()
    ruleset = force.ruleset(exemption.ruleset) if exemption.ruleset in force.places else None
    titles = {rule.id: rule.title for rule in ruleset.rules} if ruleset else {}
    waiting = select(ProcessTask).filter_by(instance_id=exemption.instance_id, kind="question", status="open")
    return render_template(
        "rules/exemption.html",
        exemption=exemption,
        ruleset=ruleset,
        rule_title=titles.get(exemption.rule),
        shown=_shown(force, exemption),
        standing=asking.standing(exemption),
        states=asking.STATES,
        tones=asking.TONES,
        entries=list(_history(exemption)),
        question=current_session().scalar(waiting) if exemption.instance_id else None,
        mine=exemption.asked_by == current_actor().id,
        trend=statistics.of_rule(exemption.ruleset, exemption.rule),
        titles=statistics.TITLES,
        address=wording.address,
        name_of=name_of,
        shortest=asking.SHORTEST_REASON,
        longest=asking.LONGEST_REASON,
        problem=problem,
    )


def _history(exemption: Exemption) -> Iterator[TimelineEntry]:
    yield TimelineEntry(exemption.asked_at, Text("提出申请", "Asked for"), name_of(exemption.asked_by), tone="info")
    decision = "granted" if exemption.state in ("granted", "ended") else exemption.state
    if exemption.decided_at:
        title = Text("批准", "Granted") if decision == "granted" else asking.STATES[decision]
        by = name_of(exemption.decided_by) if exemption.decided_by else ""
        yield TimelineEntry(exemption.decided_at, title, by, exemption.answer, asking.TONES.get(decision, "neutral"))
    if exemption.ended_at:
        by = name_of(exemption.ended_by) if exemption.ended_by else ""
        yield TimelineEntry(exemption.ended_at, asking.STATES["ended"], by, exemption.ended_because)


@permission(ASK_EXEMPTION)
def exemptions_new() -> ResponseReturnValue:
    """The form by which one asks for an exemption; the ruleset is chosen first."""
    given = request.args
    wish = asking.Wish(given.get("ruleset", ""), given.get("rule", ""), given.get("scope", ""), "", "", None, "")
    return _form(wish)


def _form(wish: asking.Wish, errors: Mapping[str, Text] | None = None, problem: Text | None = None) -> str:
    rulesets = {each.name: each for each in statistics.reported_rulesets()}
    chosen = rulesets.get(wish.ruleset)
    documents = documents_of(chosen) if chosen else None
    return render_template(
        "rules/exemption_new.html",
        wish=wish,
        errors=errors or {},
        problem=problem,
        rulesets=rulesets,
        chosen=chosen,
        scopes={name: SCOPES[name] for name in scopes_of_ruleset(chosen)} if chosen else {},
        documents=documents.values if documents else {},
        today=clock.today(),
        latest=asking.latest_end(),
        shortest=asking.SHORTEST_REASON,
        longest=asking.LONGEST_REASON,
    )


@permission(ASK_EXEMPTION)
def exemptions_ask() -> ResponseReturnValue:
    """Ask for it, or say everything that is wrong with the wish (422) or in its way (409)."""
    given = request.form
    wish = asking.Wish(
        ruleset=given.get("ruleset", ""),
        rule=given.get("rule", "").strip(),
        scope=given.get("scope", ""),
        document=given.get("document", ""),
        number=given.get("number", "")[:200],
        until=wording.parsed_day(given.get("until", "")),
        reason=given.get("reason", "")[: 4 * asking.LONGEST_REASON],
    )
    try:
        exemption = asking.ask(wish)
    except asking.WishRefused as refused:
        return _form(wish, refused.errors), refused.status
    except Conflict as conflict:
        return _form(wish, problem=conflict.message), conflict.status
    toast(Text("豁免申请已提交，待第二人批准", "The request is on its way to a second person"))
    return redirect(url_for("rules.exemptions_one", exemption_id=exemption.id))


@permission(ASK_EXEMPTION)
def exemptions_withdraw(exemption_id: str) -> ResponseReturnValue:
    """Take a request back that is not decided."""
    exemption = asking.find(exemption_id)
    try:
        asking.withdraw(exemption)
    except Conflict as conflict:
        return _page(exemption, conflict.message), conflict.status
    toast(Text("申请已撤回", "The request has been withdrawn"))
    return redirect(url_for("rules.exemptions_one", exemption_id=exemption_id))


@permission(ASK_EXEMPTION)
def exemptions_end(exemption_id: str) -> ResponseReturnValue:
    """Let it apply no more, before its day."""
    exemption = asking.find(exemption_id)
    try:
        asking.end(exemption, request.form.get("reason", ""))
    except (Conflict, Invalid) as refused:
        return _page(exemption, refused.message), refused.status
    toast(Text("豁免已终止", "The exemption has been ended"))
    return redirect(url_for("rules.exemptions_one", exemption_id=exemption_id))


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the room's blueprint."""
    one = "/exemptions/<exemption_id>"
    blueprint.add_url_rule("/exemptions", "exemptions", exemptions)
    blueprint.add_url_rule("/exemptions.csv", "exemptions_csv", exemptions_csv)
    blueprint.add_url_rule("/exemptions/new", "exemptions_new", exemptions_new)
    blueprint.add_url_rule("/exemptions", "exemptions_ask", exemptions_ask, methods=["POST"])
    blueprint.add_url_rule(one, "exemptions_one", exemptions_one)
    blueprint.add_url_rule(f"{one}/withdraw", "exemptions_withdraw", exemptions_withdraw, methods=["POST"])
    blueprint.add_url_rule(f"{one}/end", "exemptions_end", exemptions_end, methods=["POST"])

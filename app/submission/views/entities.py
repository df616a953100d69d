"""Legal entities: the list, one with its history, and changes that one person proposes and another approves."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.core.actor import current_actor
from app.core.db import current_session
from app.core.entities import in_sight
from app.core.errors import CreditLinkError, NotFound
from app.core.people import name_of
from app.core.text import Text
from app.submission.entities.entity import Entity, EntityFaults, as_texts, read_entity, stored
from app.submission.entities.fields import FIELDS, GROUPS, STATES
from app.submission.entities.keeping import all_entities, decide, editions, entity_of, propose, withdraw
from app.submission.entities.models import EntityEdition
from app.submission.permissions import APPROVE_ENTITY, CHANGE_ENTITY, ENTITIES
from app.web.access import permission
from app.web.listing import csv_answer
from app.web.toasts import toast


def _seen() -> tuple[Entity, ...]:
    return tuple(each for each in all_entities() if in_sight(each.provider))


def _proposed() -> list[EntityEdition]:
    query = select(EntityEdition).filter_by(state="proposed").order_by(EntityEdition.provider)
    return list(current_session().scalars(query))


@permission(ENTITIES)
def entities() -> ResponseReturnValue:
    """The legal entities in force, and what is only proposed."""
    return render_template("submission/entities.html", entities=_seen(), proposed=_proposed())


@permission(ENTITIES)
def entities_csv() -> ResponseReturnValue:
    """The entities in force with all that holds of them, secrets left out."""
    return csv_answer("entities", [each.title for each in FIELDS], _seen(), _cells)


def _cells(entity: Entity) -> list[str]:
    texts = as_texts(entity)
    return [" ".join(texts[each.name].split()) for each in FIELDS]


@permission(ENTITIES)
def entities_one(provider: str) -> ResponseReturnValue:
    """One entity: what is in force, what is proposed and how it differs, and everything before."""
    return _one(provider)


def _one(provider: str, problem: Text | None = None) -> str:
    query = select(EntityEdition).filter_by(provider=provider).limit(1)
    kept = current_session().scalar(query) is not None
    if not kept and not any(each.provider == provider for each in _seen()):
        raise NotFound("submission.entity", Text("没有这个法人机构", "There is no such legal entity"))
    history = editions(provider) if kept else []
    proposal = next((each for each in history if each.state == "proposed"), None)
    present = entity_of(provider)
    return render_template(
        "submission/entity.html",
        entity=present,
        texts=as_texts(present),
        groups=GROUPS,
        history=history,
        states=STATES,
        proposal=proposal,
        changes=_changes(present, proposal),
        own=proposal is not None and proposal.asked_by == current_actor().id,
        name_of=name_of,
        problem=problem,
    )


def _changes(present: Entity, proposal: EntityEdition | None) -> list[tuple[Text, str, str]]:
    """Field by field what a proposal would change."""
    if proposal is None:
        return []
    before = as_texts(present) if present.number else {}
    after = as_texts(stored(proposal.provider, proposal.number, proposal.content))
    found = [(each.title, before.get(each.name, ""), after[each.name]) for each in FIELDS]
    secret = Text("登录征信中心的私钥", "Private key for the centre")
    found.append((secret, before.get("centre_credential", ""), after["centre_credential"]))
    return [each for each in found if each[1] != each[2]]


@permission(CHANGE_ENTITY)
def entities_new() -> ResponseReturnValue:
    """The form for another legal entity."""
    return _form(None, {"cron": "30 1 * * *", "days": "every", "centre_key": "centre"})


@permission(CHANGE_ENTITY)
def entities_change(provider: str) -> ResponseReturnValue:
    """The form for a change, filled with what is in force."""
    return _form(provider, as_texts(_known(provider)))


def _known(provider: str) -> Entity:
    found = next((each for each in _seen() if each.provider == provider), None)
    if found is None:
        raise NotFound("submission.entity", Text("没有这个法人机构", "There is no such legal entity"))
    return found


def _form(
    provider: str | None,
    typed: Mapping[str, str],
    faults: Mapping[str, Text] | None = None,
    problem: Text | None = None,
) -> str:
    given = {"provider": provider, "typed": typed, "groups": GROUPS, "faults": faults or {}, "problem": problem}
    return render_template("submission/entity_form.html", **given)


@permission(CHANGE_ENTITY)
def entities_new_now() -> ResponseReturnValue:
    """Propose another legal entity."""
    return _propose(None)


@permission(CHANGE_ENTITY)
def entities_change_now(provider: str) -> ResponseReturnValue:
    """Propose a change of a legal entity."""
    return _propose(_known(provider))


def _propose(present: Entity | None) -> ResponseReturnValue:
    typed = {each.name: request.form.get(each.name, "") for each in FIELDS}
    if present is not None:
        typed |= {"provider": present.provider, "centre_credential": present.centre_credential}
    provider = present.provider if present else None
    try:
        made = propose(read_entity(typed), request.form.get("reason", ""), request.form.get("credential", ""))
    except EntityFaults as wrong:
        return _form(provider, typed, wrong.faults), wrong.status
    except CreditLinkError as problem:
        return _form(provider, typed, None, problem.message), problem.status
    toast(Text("已提交，须由另一人批准后生效", "Proposed; it holds once another person approves it"))
    return redirect(url_for("submission.entities_one", provider=made.provider))


@permission(APPROVE_ENTITY)
def entities_decide(provider: str) -> ResponseReturnValue:
    """Approve or refuse what somebody else has proposed."""
    number, approve = request.form.get("number", ""), request.form.get("decision") == "approve"
    try:
        chosen = int(number) if number.isdecimal() else 0
        decide(provider, chosen, approve=approve, answer=request.form.get("answer", ""))
    except CreditLinkError as problem:
        return _one(provider, problem.message), problem.status
    toast(Text("已批准，即时生效", "Approved; it holds from now on") if approve else Text("未批准", "Refused"))
    return redirect(url_for("submission.entities"))


@permission(CHANGE_ENTITY)
def entities_withdraw(provider: str) -> ResponseReturnValue:
    """Take one's own proposal back."""
    withdraw(provider)
    toast(Text("已撤回", "Withdrawn"))
    return redirect(url_for("submission.entities"))


def add_to(blueprint: Blueprint) -> None:
    one = "/entities/of/<provider>"
    blueprint.add_url_rule("/entities", "entities", entities)
    blueprint.add_url_rule("/entities.csv", "entities_csv", entities_csv)
    blueprint.add_url_rule("/entities/new", "entities_new", entities_new, methods=["GET"])
    blueprint.add_url_rule("/entities/new", "entities_new_now", entities_new_now, methods=["POST"])
    blueprint.add_url_rule(one, "entities_one", entities_one)
    blueprint.add_url_rule(f"{one}/change", "entities_change", entities_change, methods=["GET"])
    blueprint.add_url_rule(f"{one}/change", "entities_change_now", entities_change_now, methods=["POST"])
    blueprint.add_url_rule(f"{one}/decide", "entities_decide", entities_decide, methods=["POST"])
    blueprint.add_url_rule(f"{one}/withdraw", "entities_withdraw", entities_withdraw, methods=["POST"])

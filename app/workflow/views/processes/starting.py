"""The page on which somebody begins a case by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.db import unit_of_work
from app.core.registry import Registry
from app.core.text import Text
from app.web.access import permission
from app.web.toasts import toast
from app.workflow import starting
from app.workflow.content import Content
from app.workflow.forms import LOOK, Background, answers_from, hidden_ids
from app.workflow.permissions import START
from app.workflow.versions import no_process
from app.workflow.views.inbox.given import case_url, me
from app.workflow.views.processes import overview


def _content(process: str) -> Content:
    """The live definition, where whoever asks may begin it. Raises NotFound (`workflow.process`) and Refused."""
    content = overview.live_content(process)
    if content is None:
        raise no_process(process)
    if problem := starting.hindrance(me(), content.description):
        raise problem
    return content


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    def page(process: str, values: Mapping[str, Any], errors: Mapping[str, Text]) -> str:
        content = _content(process)
        suggestion = request.form.get("_suggested") or starting.suggested(process)
        return render_template(
            "workflow/process_start.html",
            process=process,
            title=overview.worded(content.description, "title", process),
            purpose=overview.worded(content.description, "purpose", ""),
            form=starting.asked(content),
            values=values,
            errors=errors,
            background=Background(registry=registry),
            suggestion=suggestion,
            key=request.form.get("_key") or suggestion,
            longest=starting.LONGEST,
        )

    def answers(process: str) -> dict[str, Any]:
        form = starting.asked(_content(process))
        return answers_from(form, request.form) if form else {}

    @permission(START)
    def start(process: str) -> ResponseReturnValue:
        """What is asked to begin a case."""
        return page(process, {}, {})

    @permission(START)
    def start_now(process: str) -> ResponseReturnValue:
        """Begin the case, or lead to it where its number has been used; with errors the page as it was filled in."""
        given = answers(process)
        if LOOK in request.form:
            return page(process, given, {})
        # A page that is sent twice sends the same suggestion twice, so that an empty number is no second case either.
        key = " ".join((request.form.get("_key", "").strip() or request.form.get("_suggested", "")).split())
        wish = starting.Wish(key, " ".join(request.form.get("_subject", "").split()), given)
        try:
            with unit_of_work():
                instance, fresh = starting.begin(me(), process, wish, registry)
        except starting.WishErrors as wrong:
            return page(process, given, wrong.errors), wrong.status
        known = Text("业务编号 {key} 已经发起过，没有重复发起", "{key} had been begun already; it was not begun again")
        told = Text("已发起 {key}", "{key} has begun") if fresh else known
        toast(told.format(key=key), "success" if fresh else "info")
        return redirect(case_url(instance) or url_for("workflow.inbox"))

    @permission(START)
    def look(process: str) -> ResponseReturnValue:
        """Which parts of the start form are hidden for what is filled in so far."""
        form = starting.asked(_content(process))
        return jsonify({"hidden": hidden_ids(form, request.form, Background(registry=registry)) if form else []})

    one = "/processes/<process>/start"
    blueprint.add_url_rule(one, "processes_start", start)
    blueprint.add_url_rule(one, "processes_start_now", start_now, methods=["POST"])
    blueprint.add_url_rule(f"{one}/look", "processes_start_look", look, methods=["POST"])

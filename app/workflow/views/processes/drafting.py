"""The editor's page, and what it asks of the server: keep, check, word, submit, withdraw, throw away."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.core.actor import current_actor
from app.core.errors import Invalid
from app.core.people import name_of
from app.core.registry import Registry
from app.core.text import Text
from app.language import ExpressionInvalid, parse, word
from app.web.access import permission
from app.web.toasts import toast
from app.workflow import drafts
from app.workflow.checking import check_content
from app.workflow.checking.cases import run_cases
from app.workflow.checking.report import Problem, Report
from app.workflow.content import Content, compiled, vocabulary_of
from app.workflow.models import Draft
from app.workflow.palette import pair, palette
from app.workflow.permissions import DRAW
from app.workflow.views.processes import given, overview


def draft_json(draft: Draft) -> dict[str, Any]:
    """A draft as the editor holds it; cases are YAML text."""
    return {
        "process": draft.process,
        "lock": draft.lock,
        "status": draft.status,
        "note": draft.note,
        "xml": bytes(draft.xml).decode("utf-8", "replace"),
        "description": draft.description,
        "forms": draft.forms,
        "cases": overview.cases_text(draft.cases),
        "has_live": draft.base is not None,
        "authors": [name_of(each) for each in draft.authors],
        "others": [name_of(each) for each in draft.authors if each != current_actor().id],
        "updated_at": draft.updated_at.isoformat(),
    }


def report_json(report: Report) -> dict[str, Any]:
    return {
        "problems": [_problem(each) for each in report.problems],
        "unsupported": [pair(each) for each in report.unsupported],
        "cases": report.cases,
        "sound": report.sound,
        "states": report.states,
    }


def _unplayable(report: Report) -> bool:
    """Whether something other than a case is wrong: cases are then not played."""
    return any(each.rule != "case" for each in report.errors)


def _outcomes(content: Content) -> list[dict[str, Any]]:
    """What came of each case, in their order."""
    return [
        {"name": pair(each.name), "faults": [pair(fault) for fault in each.faults]}
        for each in run_cases(compiled(content))
    ]


def _problem(each: Problem) -> dict[str, Any]:
    return {
        "severity": each.severity,
        "rule": each.rule,
        "message": pair(each.message),
        "element": each.element,
        "path": list(each.path),
    }


@permission(DRAW)
def draft(process: str) -> ResponseReturnValue:
    """The draft as it was last kept."""
    return jsonify(draft_json(drafts.find(process)))


@permission(DRAW)
def save(process: str) -> ResponseReturnValue:
    """Keep what has been drawn; gives the new lock."""
    sent = given.body()
    lock = drafts.save(
        process,
        given.lock(sent),
        xml=given.xml(sent),
        description=given.description(sent),
        forms=given.forms(sent),
        cases=given.cases(sent),
    )
    return jsonify({"lock": lock, "saved_at": drafts.find(process).updated_at.isoformat()})


@permission(DRAW)
def wording(process: str) -> ResponseReturnValue:
    """A condition read aloud in both languages, or everything that is wrong with it and where."""
    sent = given.body()
    expression, facts = sent.get("expression"), sent.get("facts")
    if not isinstance(expression, str):
        raise Invalid("workflow.request", Text("缺少条件", "The condition is missing"))
    try:
        vocabulary = vocabulary_of({"facts": facts})
    except (KeyError, TypeError, AttributeError) as problem:
        raise Invalid(
            "workflow.facts", Text("流程的可用数据声明有误", "The facts of the process are wrong")
        ) from problem
    try:
        words = word(parse(expression, vocabulary))
    except ExpressionInvalid as problem:
        return jsonify(
            {
                "process": process,
                "problems": [
                    {"line": each.line, "column": each.column, "message": pair(each.message), "nearest": each.nearest}
                    for each in problem.problems
                ],
            }
        )
    return jsonify({"process": process, "words": pair(words), "problems": []})


@permission(DRAW)
def withdraw(process: str) -> ResponseReturnValue:
    """Back to drawing."""
    drafts.withdraw(process)
    toast(Text("已撤回，可以继续修改", "Withdrawn: it can be changed again"))
    return redirect(url_for("workflow.processes_edit", process=process))


@permission(DRAW)
def discard(process: str) -> ResponseReturnValue:
    """Throw the draft away; published versions stay."""
    drafts.discard(process)
    toast(Text("草稿已丢弃", "The draft has been thrown away"))
    if overview.live_content(process) is None:
        return redirect(url_for("workflow.processes"))
    return redirect(url_for("workflow.processes_one", process=process))


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    @permission(DRAW)
    def edit(process: str) -> ResponseReturnValue:
        """The editor, full width; a submitted draft is looked at in its review instead."""
        overview.require(process)
        found = overview.draft_of(process)
        if found is None:
            return redirect(url_for("workflow.processes_one", process=process))
        if found.status == "submitted":
            return redirect(url_for("workflow.processes_review", process=process))
        known = [{"name": line.process, "title": pair(line.title)} for line in overview.lines()]
        offered = {**palette(registry), "processes": known, "draft": draft_json(found)}
        title = overview.worded(found.description, "title", process)
        return render_template("workflow/process_edit.html", process=process, title=title, offered=offered)

    @permission(DRAW)
    def check(process: str) -> ResponseReturnValue:
        """Everything that publication would find in the draft as it was last kept."""
        content = drafts.content(drafts.find(process))
        report = check_content(content, registry, (line.process for line in overview.lines() if line.live))
        outcomes = _outcomes(content) if given.body().get("outcomes") and not _unplayable(report) else []
        return jsonify({**report_json(report), "outcomes": outcomes})

    @permission(DRAW)
    def submit(process: str) -> ResponseReturnValue:
        """Ask for publication by somebody else."""
        sent = given.body()
        drafts.submit(registry, process, given.lock(sent), str(sent.get("note") or ""))
        toast(Text("已提交复核", "Submitted for review"))
        return jsonify({"next": url_for("workflow.processes_one", process=process)})

    one = "/processes/<process>"
    blueprint.add_url_rule(f"{one}/edit", "processes_edit", edit)
    blueprint.add_url_rule(f"{one}/draft", "processes_draft", draft)
    blueprint.add_url_rule(f"{one}/draft", "processes_save", save, methods=["PUT"])
    blueprint.add_url_rule(f"{one}/check", "processes_check", check, methods=["POST"])
    blueprint.add_url_rule(f"{one}/wording", "processes_wording", wording, methods=["POST"])
    blueprint.add_url_rule(f"{one}/submit", "processes_submit", submit, methods=["POST"])
    blueprint.add_url_rule(f"{one}/withdraw", "processes_withdraw", withdraw, methods=["POST"])
    blueprint.add_url_rule(f"{one}/discard", "processes_discard", discard, methods=["POST"])

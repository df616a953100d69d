"""Pages about definitions: the list, one process with its versions, and any two of them compared."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.actor import current_actor
from app.core.people import name_of
from app.core.text import Text
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, Page, csv_answer
from app.web.words import datetime_text, language, say
from app.workflow import drafts
from app.workflow.permissions import DRAW, VIEW
from app.workflow.starting import hindrance
from app.workflow.versions import shipped_anew
from app.workflow.views.inbox.given import me
from app.workflow.views.processes import overview
from app.workflow.views.processes.blank import blank

DRAFT_STATES: Final = {
    "editing": Text("编辑中", "Being drawn"),
    "submitted": Text("待复核", "Waiting for review"),
}
LISTING: Final = Listing(
    columns=(
        Column("title", Text("流程", "Process"), sortable=True),
        Column("owner", Text("负责人", "Owner"), sortable=True),
        Column("number", Text("现行版本", "Live version"), sortable=True, number=True),
        Column("published_at", Text("发布", "Published"), sortable=True),
        Column("draft", Text("草稿", "Draft"), sortable=True),
        Column("running", Text("在办实例", "Running"), sortable=True, number=True),
    ),
    order="title",
    filters=(
        Filter("q", Text("搜索", "Search"), hint=Text("名称、代码或负责人", "title, code or owner")),
        Filter("draft", Text("草稿", "Draft"), options=tuple(DRAFT_STATES.items())),
    ),
)


def _selected() -> tuple[Any, list[overview.ProcessLine]]:
    query = LISTING.read()
    wanted = query.filters.get("q", "").casefold()
    state = query.filters.get("draft")
    rows = [
        line
        for line in overview.lines()
        if wanted in f"{line.process} {line.title.zh} {line.title.en} {line.owner.zh} {line.owner.en}".casefold()
        and state in (None, line.draft)
    ]

    def order(line: overview.ProcessLine) -> tuple[str | float, str]:
        values: dict[str, str | float] = {
            "title": say(line.title),
            "owner": say(line.owner),
            "number": line.number or 0,
            "published_at": line.published_at.timestamp() if line.published_at else 0.0,
            "draft": line.draft,
            "running": line.running,
        }
        return values[query.sort], line.process

    return query, sorted(rows, key=order, reverse=query.descending)


@permission(VIEW)
def processes() -> ResponseReturnValue:
    """Every process with its live version, its draft and what runs of it."""
    query, rows = _selected()
    page = Page(query, tuple(rows[query.offset : query.offset + query.size]), len(rows))
    return render_template(
        "workflow/processes.html",
        page=page,
        states=DRAFT_STATES,
        name_of=name_of,
        export=query.at(url_for("workflow.processes_csv")),
    )


@permission(VIEW)
def processes_csv() -> ResponseReturnValue:
    """The same list for a spreadsheet."""
    _, rows = _selected()
    titles = [Text("代码", "Code"), *(column.title for column in LISTING.columns)]
    return csv_answer("processes", titles, rows, _cells)


def _cells(line: overview.ProcessLine) -> tuple[object, ...]:
    draft = say(DRAFT_STATES[line.draft]) if line.draft else ""
    published = datetime_text(line.published_at) if line.published_at else ""
    return line.process, say(line.title), say(line.owner), line.number or "", published, draft, line.running


@permission(DRAW)
def processes_new() -> ResponseReturnValue:
    """Begin the draft of a process that does not exist yet, on an empty canvas."""
    given = request.form
    process = given.get("process", "").strip()
    title = {"zh": given.get("title_zh", "").strip()[:100], "en": given.get("title_en", "").strip()[:100]}
    owner = {"zh": given.get("owner_zh", "").strip()[:100], "en": given.get("owner_en", "").strip()[:100]}
    description = {"title": title, "owner": owner, "purpose": {"zh": "", "en": ""}, "basis": [], "facts": {}}
    drafts.begin(
        process, description, blank(process, title["zh"] if language() == "zh" else title["en"] or title["zh"])
    )
    return redirect(url_for("workflow.processes_edit", process=process))


@permission(DRAW)
def processes_open(process: str) -> ResponseReturnValue:
    """Begin a draft from the live version, or go on with the one there is."""
    drafts.open_draft(process)
    return redirect(url_for("workflow.processes_edit", process=process))


@permission(VIEW)
def processes_one(process: str) -> ResponseReturnValue:
    """One process: its live diagram, its versions, and where its draft stands."""
    overview.require(process)
    content = overview.live_content(process)
    draft = overview.draft_of(process)
    shown = content.description if content else draft.description if draft else {}
    line = next(each for each in overview.lines() if each.process == process)
    return render_template(
        "workflow/process.html",
        process=process,
        line=line,
        content=content,
        purpose=overview.worded(shown, "purpose", "–"),
        basis=[str(each) for each in shown.get("basis") or ()],
        draft=draft,
        states=DRAFT_STATES,
        versions=overview.versions_of(process),
        live=overview.live_row(process),
        shipped_anew=shipped_anew(process) if overview.live_row(process) else None,
        me=current_actor().id,
        may_start=content is not None and hindrance(me(), content.description) is None,
        name_of=name_of,
    )


@permission(VIEW)
def processes_bpmn(process: str) -> ResponseReturnValue:
    """The diagram of a version as a file: `of` is live, draft, shipped or a number."""
    reference = request.args.get("of", overview.LATEST)
    content = overview.content_named(process, reference)
    answer = Response(content.xml, mimetype="application/xml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{process}-{reference}.bpmn"'
    return answer


@permission(VIEW)
def processes_diff(process: str) -> ResponseReturnValue:
    """Two versions side by side: what was added, removed, changed and moved."""
    overview.require(process)
    before, after = request.args.get("a", overview.LATEST), request.args.get("b", overview.DRAFT)
    old, new = overview.content_named(process, before), overview.content_named(process, after)
    return render_template(
        "workflow/process_diff.html",
        process=process,
        title=overview.worded(new.description, "title", process),
        before=before,
        after=after,
        changes=overview.changes(old, new),
        versions=overview.versions_of(process),
        draft=overview.draft_of(process),
    )


def add_to(blueprint: Blueprint) -> None:
    one = "/processes/<process>"
    blueprint.add_url_rule("/processes", "processes", processes)
    blueprint.add_url_rule("/processes.csv", "processes_csv", processes_csv)
    blueprint.add_url_rule("/processes", "processes_new", processes_new, methods=["POST"])
    blueprint.add_url_rule(one, "processes_one", processes_one)
    blueprint.add_url_rule(f"{one}/open", "processes_open", processes_open, methods=["POST"])
    blueprint.add_url_rule(f"{one}/bpmn", "processes_bpmn", processes_bpmn)
    blueprint.add_url_rule(f"{one}/diff", "processes_diff", processes_diff)

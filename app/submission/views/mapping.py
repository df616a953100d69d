"""The mapping editor: a grid per target, code tables, the text itself; a draft that a second person approves."""

from __future__ import annotations

import difflib
from datetime import date
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, looked_at
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import Invalid
from app.core.people import directory
from app.core.text import Text
from app.rules.registry.shipped import ROOT
from app.submission import mapping_editions as editions
from app.submission.mapping import parse_mapping
from app.submission.mapping_edits import WAYS, grid, read_data, targets_in, with_codes, with_grid
from app.submission.permissions import APPROVE_MAPPING, RECORDS, SOURCES, WRITE_MAPPING
from app.submission.reading import source_pages as reading
from app.submission.reading.preview import Preview, preview
from app.submission.sources.models import MappingEdition
from app.submission.views.day import shown_entity
from app.web.access import may, permission
from app.web.toasts import toast

STATES: Final = {
    "draft": Text("草稿", "Draft"),
    "submitted": Text("待批准", "Waits for approval"),
    "approved": Text("已批准", "Approved"),
}


def content_in_force(source: str) -> str:
    """The text of the mapping that is in force: the approved edition, or the file."""
    mapping = reading.mapping_of(source)
    for edition in editions.editions_of(source):
        if edition.edition == mapping.edition and edition.state == "approved":
            return edition.content
    texts = (path.read_text(encoding="utf-8") for path in sorted((ROOT / "mapping").glob("*/mapping.yaml")))
    return next(text for text in texts if read_data(text).get("source") == source)


@permission(SOURCES)
def mapping(source: str) -> ResponseReturnValue:
    """The mapping in force or its draft, one target at a time."""
    in_force = reading.mapping_of(source)
    draft = editions.open_draft(source)
    content = draft.content if draft else content_in_force(source)
    data = read_data(content)
    targets = targets_in(data)
    number = min(max(request.args.get("target", 0, type=int), 0), max(len(targets) - 1, 0))
    newest = reading.newest_load(shown_entity(), source)
    return render_template(
        "submission/mapping.html",
        mapping=in_force,
        draft=draft,
        targets=targets,
        number=number,
        lines=grid(data, number) if targets else (),
        columns=_columns(source, data, targets[number] if targets else {}),
        code_tables=tuple(map(str, data.get("code_tables") or ())),
        ways=WAYS,
        faults=editions.faults_of(source, content),
        editable=bool(draft and draft.state == "draft" and may(WRITE_MAPPING)),
        mine=bool(draft and current_actor().id in draft.authors),
        difference=_difference(source, draft) if draft else "",
        history=[each for each in editions.editions_of(source) if each.state == "approved"],
        states=STATES,
        people=_people(source),
        today=clock.today(),
        newest=newest,
    )


def _people(source: str) -> dict[str, str]:
    ids = {each for edition in editions.editions_of(source) for each in (*edition.authors, edition.decided_by) if each}
    found = {each: directory().person(each) for each in ids}
    return {each: person.name if person else each for each, person in found.items()}


def _columns(source: str, data: dict[str, object], target: dict[str, object]) -> tuple[str, ...]:
    """The columns that a target may take: its main table's by their own names, those of joined tables after the table's."""
    in_force = reading.mapping_of(source)
    known = reading.columns_of(in_force, reading.newest_load(shown_entity(), source))
    main = str(target.get("from"))
    found = [column.name for column in known.get(main, ())]
    joins = target.get("joins")
    for join in joins if isinstance(joins, list) else ():
        table = str(join.get("table")) if isinstance(join, dict) else ""
        found += [f"{table}.{column.name}" for column in known.get(table, ())]
    return tuple(found)


def _difference(source: str, draft: MappingEdition) -> str:
    before = content_in_force(source).splitlines()
    lines = difflib.unified_diff(before, draft.content.splitlines(), lineterm="", n=1)
    return "\n".join(line for line in list(lines)[2:])


@permission(WRITE_MAPPING)
def mapping_begin(source: str) -> ResponseReturnValue:
    """Begin a draft."""
    content = content_in_force(source)
    editions.begin(source, content, editions.digest(content))
    toast(Text("草稿已建立", "The draft has been begun"))
    return _back(source)


@permission(WRITE_MAPPING)
def mapping_grid(source: str) -> ResponseReturnValue:
    """Keep the items of one target."""
    number = request.form.get("target", 0, type=int)
    draft = editions.find_draft(source)
    content = with_grid(draft.content, number, request.form)
    return _kept(source, content, target=number)


@permission(WRITE_MAPPING)
def mapping_text(source: str) -> ResponseReturnValue:
    """Keep the text as a whole."""
    return _kept(source, request.form.get("content", "").replace("\r\n", "\n"))


@permission(SOURCES)
def mapping_codes(source: str, table: str) -> ResponseReturnValue:
    """A code table, with the codes that it lacks first."""
    in_force = reading.mapping_of(source)
    draft = editions.open_draft(source)
    data = read_data(draft.content if draft else content_in_force(source))
    tables = data.get("code_tables") or {}
    codes = tables.get(table) if isinstance(tables, dict) else None
    if not isinstance(codes, dict):
        raise Invalid("submission.code_table", Text("没有这张代码表", "There is no such code table"))
    unmapped = [
        each
        for each in reading.unmapped_of(shown_entity(), in_force)
        if each.table == table and each.value not in codes
    ]
    return render_template(
        "submission/mapping_codes.html",
        mapping=in_force,
        table=table,
        codes={str(own): str(standard) for own, standard in codes.items()},
        unmapped=unmapped,
        draft=draft,
        editable=bool(draft and draft.state == "draft" and may(WRITE_MAPPING)),
    )


@permission(WRITE_MAPPING)
def mapping_codes_keep(source: str, table: str) -> ResponseReturnValue:
    """Keep a code table."""
    draft = editions.find_draft(source)
    pairs = zip(request.form.getlist("own"), request.form.getlist("standard"), strict=False)
    content = with_codes(draft.content, table, [(own.strip(), standard.strip()) for own, standard in pairs])
    return _kept(source, content)


def _kept(source: str, content: str, target: int = 0) -> ResponseReturnValue:
    _, faults = editions.keep(source, content, request.form.get("version", 0, type=int))
    if faults:
        toast(Text(f"已保存，还有 {len(faults)} 处错误", f"Kept, with {len(faults)} faults"), "warning")
    else:
        toast(Text("已保存，检查无误", "Kept; nothing is wrong with it"))
    return _back(source, target)


@permission(WRITE_MAPPING)
def mapping_check(source: str) -> ResponseReturnValue:
    """What would be wrong with the grid as it stands, without keeping it."""
    draft = editions.find_draft(source)
    content = with_grid(draft.content, request.form.get("target", 0, type=int), request.form)
    return render_template("submission/mapping_faults.html", faults=editions.faults_of(source, content))


@permission(RECORDS)
def mapping_preview(source: str) -> ResponseReturnValue:
    """The first rows that the draft, or the mapping in force, makes of what has landed; masked, and the look recorded."""
    number = request.args.get("target", 0, type=int)
    draft = editions.open_draft(source)
    made, faults = parse_mapping((draft.content if draft else content_in_force(source)).encode())
    newest = reading.newest_load(shown_entity(), source)
    shown = Preview()
    if made is not None and newest is not None and 0 <= number < len(made.targets):
        shown = preview(made, number, newest.business_date, newest.provider)
        looked_at(Thing("mapping", source), what="preview of mapped rows", view="masked")
    return render_template("submission/mapping_preview.html", shown=shown, faults=faults)


@permission(WRITE_MAPPING)
def mapping_submit(source: str) -> ResponseReturnValue:
    """Lay the draft before a second person."""
    editions.submit(source, request.form.get("note", ""))
    toast(Text("已提交，等待另一人批准", "Submitted; somebody else approves it"))
    return _back(source)


@permission(WRITE_MAPPING)
def mapping_throw_away(source: str) -> ResponseReturnValue:
    """Give the draft up."""
    editions.throw_away(source)
    toast(Text("草稿已放弃", "The draft has been given up"), "info")
    return _back(source)


@permission(SOURCES)
def mapping_take_back(source: str) -> ResponseReturnValue:
    """Back to a draft: withdrawn by an author, or returned by who may approve."""
    draft = editions.find_draft(source)
    if not may(APPROVE_MAPPING) and current_actor().id not in draft.authors:
        raise Invalid("submission.mapping_foreign", Text("只有编写人可以撤回", "Only its authors may withdraw it"))
    editions.take_back(source)
    toast(Text("已退回为草稿", "It is a draft again"), "info")
    return _back(source)


@permission(APPROVE_MAPPING)
def mapping_approve(source: str) -> ResponseReturnValue:
    """Put the submitted edition in force from a business day on."""
    try:
        day = date.fromisoformat(request.form.get("effective_from", ""))
    except ValueError as problem:
        raise Invalid("submission.mapping_day", Text("请选择生效业务日", "Choose a business day")) from problem
    editions.approve(source, day, request.form.get("version", 0, type=int))
    toast(Text(f"已批准，自 {day} 生效", f"Approved, in force from {day}"))
    return _back(source)


def _back(source: str, target: int = 0) -> ResponseReturnValue:
    return redirect(url_for("submission.mapping", source=source, target=target or None))


def add_to(blueprint: Blueprint) -> None:
    one = "/sources/<source>/mapping"
    blueprint.add_url_rule(one, "mapping", mapping)
    blueprint.add_url_rule(f"{one}/preview", "mapping_preview", mapping_preview)
    blueprint.add_url_rule(f"{one}/codes/<table>", "mapping_codes", mapping_codes)
    for name, view in {
        "begin": mapping_begin,
        "grid": mapping_grid,
        "text": mapping_text,
        "check": mapping_check,
        "submit": mapping_submit,
        "throw-away": mapping_throw_away,
        "take-back": mapping_take_back,
        "approve": mapping_approve,
    }.items():
        blueprint.add_url_rule(f"{one}/{name}", f"mapping_{name.replace('-', '_')}", view, methods=["POST"])
    blueprint.add_url_rule(f"{one}/codes/<table>", "mapping_codes_keep", mapping_codes_keep, methods=["POST"])

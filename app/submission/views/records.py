"""One record: its segments, what is said against it and why, its line, and the source rows it was made of."""

from __future__ import annotations

import re
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.audit import Thing, looked_at
from app.core.errors import Refused
from app.core.masking import mask
from app.core.text import Text
from app.security.permissions import REVEAL
from app.submission.permissions import RECORDS
from app.submission.reading import terms
from app.submission.reading.exceptions import exception_of
from app.submission.reading.explaining import explain_record
from app.submission.reading.findings import rules_with_code, tag_title
from app.submission.reading.personal import personal_kind, shown_key
from app.submission.reading.reasons import changed_title, why
from app.submission.reading.records import (
    RecordView,
    ShownGroup,
    checked_type,
    line_of,
    origins_of,
    point_title,
    stored_record,
    view_record,
)
from app.submission.reading.sources import source_rows
from app.submission.service import find_batch, provider_of
from app.submission.tables import record_type
from app.web.access import may, permission

_RULES_MOST: Final = 50
_ELEMENT: Final = re.compile(r"<([A-Za-z0-9_]+)>([^<]+)</\1>")


def thing(code: str, record_id: str) -> Thing:
    """The record as the audit record names it."""
    return Thing("record", f"{code}:{record_id}")


def _viewed(code: str, record_id: str) -> RecordView:
    return view_record(code, record_id, request.args.get("batch"))


@permission(RECORDS)
def record(code: str, record_id: str) -> ResponseReturnValue:
    """The record with personal values masked. That it was looked at is written down."""
    view = _viewed(code, record_id)
    looked_at(thing(code, record_id), what="record", view="masked")
    return render_template(
        "submission/record.html",
        view=view,
        terms=terms,
        held=exception_of(provider_of(view.batch), code, view.key),
        shown_key=shown_key(code, view.key),
        point=point_title(code, _point(view)),
        tag_title=tag_title,
        line_text=masked_line(code, view.line_text),
        clear=False,
        why=_asked_rules(view),
        is_group=lambda entry: isinstance(entry, ShownGroup),
    )


def _point(view: RecordView) -> str | None:
    base = next((segment for segment in view.segments if segment.code == "B"), None)
    items = base.items if base else ()
    return next((each.value for each in items if not isinstance(each, ShownGroup) and each.tag == "RptDateCode"), None)


def masked_line(code: str, text: str) -> str:
    """A record line with every personal value masked in its place."""
    subject = record_type(code).subject

    def hide(found: re.Match[str]) -> str:
        kind = personal_kind(found[1], subject)
        return f"<{found[1]}>{mask(kind, found[2])}</{found[1]}>" if kind else found[0]

    return _ELEMENT.sub(hide, text)


def _asked_rules(view: RecordView) -> dict[str, str]:
    """The rules to be explained, as arguments of an address: those that found something, and those the centre's codes stand for."""
    ours = [blame.rule for blame in view.blames if blame.rule]
    theirs = [
        rule for blame in view.blames if blame.from_centre for rule in rules_with_code(view.record_type, blame.code)
    ]
    return {"rules": ",".join(dict.fromkeys([*ours, *theirs])), "centre": ",".join(dict.fromkeys(theirs))}


@permission(RECORDS)
def record_why(code: str, record_id: str) -> ResponseReturnValue:
    """Why each finding came about: the rules asked for judged again on this record, with every value they read."""
    batch = request.args.get("batch") or stored_record(code, record_id)["batch"]
    rules = tuple(request.args.get("rules", "").split(",")[:_RULES_MOST])
    shown = explain_record(batch, checked_type(code), record_id, rules)
    centre = frozenset(request.args.get("centre", "").split(","))
    return render_template("submission/record_why.html", explained=shown, centre=centre)


@permission(RECORDS)
def record_reason(code: str, record_id: str) -> ResponseReturnValue:
    """Why the record was due, by the derivation of its day."""
    row = stored_record(code, record_id, request.args.get("batch"))
    answer = why(find_batch(row["batch"]), code, row["key"])
    return render_template("submission/record_reason.html", answer=answer, code=code, changed_title=changed_title)


@permission(RECORDS)
def record_sources(code: str, record_id: str) -> ResponseReturnValue:
    """The source rows behind the record, as they were delivered, personal values masked."""
    row = stored_record(code, record_id, request.args.get("batch"))
    rows = source_rows(origins_of(row), row["business_date"], provider_of(row["batch"]))
    looked_at(thing(code, record_id), what="source rows", view="masked")
    return render_template("submission/record_sources.html", rows=rows, thing_id=f"{code}:{record_id}")


@permission(REVEAL)
def record_line(code: str, record_id: str) -> ResponseReturnValue:
    """The line as it was sent, in the clear, for those who may; each look is written down."""
    if not may(RECORDS):
        raise Refused("web.forbidden", Text("您的岗位不能查看记录明细", "your roles do not include looking at records"))
    row = stored_record(code, record_id, request.args.get("batch"))
    looked_at(thing(code, record_id), what="line", view="clear")
    return render_template(
        "submission/record_line.html",
        line_text=line_of(code, row),
        clear=True,
        code=code,
        record_id=record_id,
    )


def add_to(blueprint: Blueprint) -> None:
    address = "/records/<code>/<record_id>"
    blueprint.add_url_rule(address, "findings_record", record)
    blueprint.add_url_rule(f"{address}/why", "findings_record_why", record_why)
    blueprint.add_url_rule(f"{address}/reason", "findings_record_reason", record_reason)
    blueprint.add_url_rule(f"{address}/sources", "findings_record_sources", record_sources)
    blueprint.add_url_rule(f"{address}/line", "findings_record_line", record_line, methods=["POST"])

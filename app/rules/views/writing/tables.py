"""A draft that is a decision table: to Excel and back."""

from __future__ import annotations

from flask import Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from app.rules.editing.forms import refused
from app.rules.editing.workbooks import text_from, workbook_of
from app.rules.model import RulesetInvalid
from app.rules.permissions import WRITE
from app.rules.registry import drafts
from app.rules.views.writing.saving import draft_data
from app.web.access import permission


@permission(WRITE)
def workbook(ruleset: str) -> Response:
    """The table as a workbook."""
    made = make_response(workbook_of(drafts.content(drafts.find(ruleset))))
    made.headers["Content-Type"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    made.headers["Content-Disposition"] = f'attachment; filename="{drafts.find(ruleset).ruleset}.xlsx"'
    return made


@permission(WRITE)
def take_workbook(ruleset: str) -> ResponseReturnValue:
    """A workbook in the place of the table; what is wrong with it is told by cell, and the draft stays as it was."""
    given, lock = request.files.get("file"), request.form.get("lock", "")
    if given is None or not lock.isdecimal() or len(lock) > 15:
        raise refused()
    draft = drafts.find(ruleset)
    try:
        changed = text_from(drafts.content(draft), given.read())
    except RulesetInvalid as wrong:
        return jsonify({"faults": [fault.as_data() for fault in wrong.faults[:100]]})
    before = {path: draft.texts.get(path) for path in changed}
    drafts.save(ruleset, int(lock), changed)
    return jsonify({**draft_data(draft), "before": before})

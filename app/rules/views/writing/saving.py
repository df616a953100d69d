"""The draft as the editor holds it: read, changed rule by rule, saved as a whole."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from app.core.actor import current_actor
from app.core.errors import Invalid
from app.core.people import name_of
from app.core.text import Text
from app.rules.editing.changes import apply
from app.rules.editing.outline import outline
from app.rules.permissions import WRITE
from app.rules.registry import drafts
from app.rules.registry.editions import row_of, texts_of_row
from app.rules.registry.models import RulesetDraft
from app.rules.source import RULESET, Texts
from app.rules.views.writing.body import body, lock_of, texts_of
from app.web.access import permission


def draft_data(draft: RulesetDraft) -> dict[str, Any]:
    """The draft with its text and outline, fit for JSON; the texts of cases stay on the server."""
    texts = drafts.content(draft)
    path = f"{texts.folder}/{RULESET}"
    return {
        "ruleset": draft.ruleset,
        "lock": draft.lock,
        "status": draft.status,
        "path": path,
        "text": texts.files.get(path, ""),
        "based": draft.base is not None,
        "answer": draft.answer,
        "authors": [name_of(each) for each in draft.authors],
        "mine": draft.updated_by == current_actor().id,
        "updated_by": name_of(draft.updated_by),
        "updated_at": draft.updated_at.isoformat(),
        **outline(texts, base_of(draft)).as_data(),
    }


def base_of(draft: RulesetDraft) -> Texts | None:
    """The texts that the draft began from; None for a new ruleset."""
    return texts_of_row(row_of(draft.base)) if draft.base else None


@permission(WRITE)
def state(ruleset: str) -> ResponseReturnValue:
    """The draft as it was last kept."""
    return jsonify(draft_data(drafts.find(ruleset)))


@permission(WRITE)
def save(ruleset: str) -> ResponseReturnValue:
    """Keep whole texts, right or wrong: the ruleset's own; what it includes belongs to others as well."""
    given = body()
    draft = drafts.find(ruleset)
    changed = texts_of(given)
    if any(not path.startswith(f"{draft.folder}/") for path in changed):
        raise Invalid(
            "rules.shared", Text("共用规则不能在这里修改", "shared rules cannot be changed in the draft of a ruleset")
        )
    before = {path: draft.texts.get(path) for path in changed}
    drafts.save(ruleset, lock_of(given), changed)
    return jsonify({**draft_data(draft), "before": before})


@permission(WRITE)
def change(ruleset: str) -> ResponseReturnValue:
    """Change one thing of the texts and keep them; `before` has the texts as they were, by which it is undone."""
    given = body()
    draft = drafts.find(ruleset)
    changed: dict[str, str | None] = {}
    rule = ""
    if draft.lock == lock_of(given):
        changed, rule = apply(drafts.content(draft), given)
    before = {path: draft.texts.get(path) for path in changed}
    drafts.save(ruleset, lock_of(given), changed)
    return jsonify({**draft_data(draft), "before": before, "rule": rule})

"""What colleagues have said to one by name."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.core.db import unit_of_work
from app.core.people import name_of
from app.web.access import permission
from app.workflow.inbox.mentioned import note_seen, said_to
from app.workflow.permissions import WORK
from app.workflow.views.inbox.given import me, titles_of


@permission(WORK)
def mentions() -> ResponseReturnValue:
    """The latest comments that name whoever asks."""
    rows = said_to(me())
    return render_template(
        "workflow/inbox_mentions.html",
        rows=rows,
        unseen=any(not row.seen for row in rows),
        name_of=name_of,
        titles=titles_of(row.task for row in rows if row.task),
    )


@permission(WORK)
def seen() -> ResponseReturnValue:
    """All of them have been read."""
    with unit_of_work():
        note_seen(me())
    return redirect(url_for("workflow.inbox_mentions"))


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/inbox/mentions", "inbox_mentions", mentions, methods=["GET"])
    blueprint.add_url_rule("/inbox/mentions/seen", "inbox_mentions_seen", seen, methods=["POST"])

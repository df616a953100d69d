"""The editor's page, and how a draft begins and ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.db import current_session
from app.core.errors import CreditLinkError, NotFound
from app.core.text import Text
from app.rules.editing.names import offered
from app.rules.editing.starting import about_choices, new_texts
from app.rules.loading import read_about, read_head
from app.rules.model import SEVERITIES
from app.rules.permissions import WRITE
from app.rules.registry import drafts, in_force
from app.rules.registry.models import RulesetDraft
from app.rules.registry.shipped import shipped
from app.rules.rule_reading import CONFIDENCES, STAGES
from app.rules.views.writing.saving import draft_data
from app.web.access import permission
from app.web.toasts import toast


@permission(WRITE)
def draft(ruleset: str) -> ResponseReturnValue:
    """The editor; where there is no draft yet, the question whether to begin one."""
    found = current_session().get(RulesetDraft, ruleset)
    if found is None:
        if ruleset not in shipped() and drafts.last_release(ruleset) is None:
            raise NotFound("rules.ruleset", Text("没有这个规则集", "there is no such ruleset"))
        head = read_head(drafts.newest_texts(ruleset))
        return render_template("rules/draft_begin.html", ruleset=ruleset, title=head.title)
    texts = drafts.content(found)
    about = read_about(texts)
    given: dict[str, Any] = {
        "draft": draft_data(found),
        "names": offered(about) if about is not None else None,
        "choices": {"severity": SEVERITIES, "confidence": CONFIDENCES, "stage": STAGES},
    }
    title = read_head(texts).title
    return render_template(
        "rules/draft.html",
        ruleset=ruleset,
        title=title if title.zh else Text(ruleset, ruleset),
        given=given,
        today=clock.today(),
    )


@permission(WRITE)
def begin(ruleset: str) -> ResponseReturnValue:
    """Begin the draft from the newest edition, or take up the one that is there."""
    drafts.open_draft(ruleset)
    return redirect(url_for("rules.writing_draft", ruleset=ruleset))


@permission(WRITE)
def discard(ruleset: str) -> ResponseReturnValue:
    """Throw the draft away; editions stay."""
    drafts.discard(ruleset)
    toast(Text("草稿已丢弃", "The draft has been thrown away"))
    return redirect(f"{url_for('rules.writing_new').rpartition('/')[0]}/sets")


def _choices() -> Iterator[tuple[str, Text]]:
    """What a ruleset can be about, with the one that judges it already: a second is not let in beside it."""
    taken: dict[tuple[str, str], str] = {}
    for place in in_force(clock.today()):
        code = place.facts.removeprefix("record.")
        taken[code, str(place.subject or "")] = taken[code, ""] = place.name
    for value, label in about_choices():
        code, _, subject = value.partition("/")
        name = taken.get((code, subject))
        yield value, Text(f"{label.zh}（已由 {name} 判断）", f"{label.en} (judged by {name})") if name else label


@permission(WRITE)
def new() -> ResponseReturnValue:
    """A new ruleset: its name, what it is about, its title."""
    problem: Text | None = None
    if request.method == "POST":
        said = {name: request.form.get(name, "").strip()[:400] for name in ("name", "about", "zh", "en")}
        try:
            drafts.begin(new_texts(said["name"], said["about"], Text(said["zh"], said["en"])))
            return redirect(url_for("rules.writing_draft", ruleset=said["name"]))
        except CreditLinkError as refused:
            problem = refused.message
    page = render_template("rules/draft_new.html", choices=list(_choices()), problem=problem, said=request.form)
    return page, 422 if problem else 200

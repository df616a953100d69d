"""The second person's page: what changed, what the checks say, and the decision to publish or to return."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.core.actor import current_actor
from app.core.people import name_of
from app.core.registry import Registry
from app.core.text import Text
from app.web.access import permission
from app.web.toasts import toast
from app.workflow import drafts
from app.workflow.checking import check_content
from app.workflow.content import Content
from app.workflow.permissions import PUBLISH, VIEW
from app.workflow.views.processes import overview


@permission(PUBLISH)
def give_back(process: str) -> ResponseReturnValue:
    """Back to who has drawn it."""
    drafts.withdraw(process, "returned")
    toast(Text("已退回绘制人", "Returned to who has drawn it"))
    return redirect(url_for("workflow.processes_one", process=process))


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    @permission(VIEW)
    def review(process: str) -> ResponseReturnValue:
        """The submitted draft beside the live version, with its report and its cases."""
        draft = drafts.find(process)
        content = drafts.content(draft)
        live = overview.live_content(process)
        return render_template(
            "workflow/process_review.html",
            process=process,
            title=overview.worded(draft.description, "title", process),
            draft=draft,
            live=live,
            changes=overview.changes(live or Content(process, {}, b""), content),
            report=check_content(content, registry),
            cases=overview.cases_text(content.cases),
            mine=current_actor().id in draft.authors,
            authors=[name_of(each) for each in draft.authors],
        )

    @permission(PUBLISH)
    def publish(process: str) -> ResponseReturnValue:
        """Make the submitted draft the live version."""
        version = drafts.publish_draft(registry, process)
        toast(Text("已发布第 {number} 版", "Version {number} has been published").format(number=version.number))
        return redirect(url_for("workflow.processes_one", process=process))

    one = "/processes/<process>"
    blueprint.add_url_rule(f"{one}/review", "processes_review", review)
    blueprint.add_url_rule(f"{one}/publish", "processes_publish", publish, methods=["POST"])
    blueprint.add_url_rule(f"{one}/return", "processes_return", give_back, methods=["POST"])

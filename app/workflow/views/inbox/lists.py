"""The lists of tasks."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.core.people import directory, name_of
from app.core.text import Text
from app.web.access import permission
from app.workflow.clocks.nearness import deadlines_of
from app.workflow.inbox.listing import MOST_COUNTED, TABS, tab_counts, tasks_page
from app.workflow.inbox.mentioned import unseen
from app.workflow.inbox.wording import due_words, priority_words
from app.workflow.permissions import WORK
from app.workflow.starting import doors
from app.workflow.views.inbox.given import me, place, role_title, titles_of

_NOTHING = {
    "mine": Text(
        "您手上没有任务。到“待领取”领一件，或等同事转交。",
        "Nothing is with you. Take something from “Unassigned”, or wait for a colleague to hand something over.",
    ),
    "group": Text("本岗位没有待办任务，全部办完了。", "Your groups have nothing open: all is done."),
    "unassigned": Text(
        "没有待领取的任务。“我的”里若还有，请先办完。",
        "Nothing waits to be taken. If something is left under “Mine”, deal with that first.",
    ),
    "all": Text("没有任何待办任务。", "Nobody has anything open."),
    "done": Text(
        "您还没有办结过任务，办结后会列在这里。", "You have not dealt with a task yet; once you have, it stands here."
    ),
}


@permission(WORK)
def inbox() -> ResponseReturnValue:
    """The tasks behind one tab, with the counts of all."""
    here = place(request.args)
    doer = me()
    counts = tab_counts(doer)
    page = tasks_page(doer, here.tab, here.query)
    return render_template(
        "workflow/inbox.html",
        page=page,
        here=here,
        tabs={name: title for name, title in TABS.items() if name != "all" or doer.leads},
        counts=counts,
        most=MOST_COUNTED,
        nothing=_NOTHING[here.tab],
        due_words=due_words,
        deadlines=deadlines_of((row.instance_id, row.id) for row in page.rows if row.due_at),
        priority_words=priority_words,
        processes=dict(next(each.options for each in here.query.listing.filters if each.name == "process")),
        role_title=role_title,
        name_of=name_of,
        doer=doer,
        unseen=unseen(doer),
        doors=doors(doer),
        titles=titles_of(row.id for row in page.rows),
        everyone=directory().everyone() if doer.leads else (),
    )


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/inbox", "inbox", inbox, methods=["GET"])

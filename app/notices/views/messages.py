"""What became of messages, for who keeps the system running: failures first, with what may be done about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, exists, func, select

from app.core.db import current_session
from app.core.errors import Conflict
from app.core.people import name_of
from app.core.registry import Registry
from app.core.text import Text
from app.notices.channels import CHANNELS, TITLES
from app.notices.models import Message, Notice, NoticeCause
from app.notices.permissions import MESSAGES, RESEND
from app.notices.sending import AGAIN, send_again
from app.notices.timing import DIGEST
from app.notices.views.words import kind_titles
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, database_page
from app.web.parts import Tone
from app.web.toasts import toast

STATES: Final[Mapping[str, tuple[Text, Tone]]] = {
    "failed": (Text("失败", "Failed"), "danger"),
    "unknown": (Text("结果不明", "Unknown"), "danger"),
    "waiting": (Text("待发", "Waiting"), "warning"),
    "sending": (Text("发送中", "Sending"), "info"),
    "sent": (Text("已发", "Sent"), "success"),
    "withdrawn": (Text("已撤下", "Withdrawn"), "neutral"),
}
LISTING: Final = Listing(
    columns=(
        Column("made", Text("生成", "Made"), sortable=True),
        Column("channel", Text("渠道", "Channel"), sortable=True),
        Column("person", Text("收件人", "To"), sortable=True),
        Column("kind", Text("内容", "About")),
        Column("attempts", Text("次数", "Tries"), sortable=True, number=True),
        Column("state", Text("状态", "State"), sortable=True),
        Column("act", Text("办理", "Action")),
    ),
    order="-made",
    filters=(
        Filter("state", Text("状态", "State"), options=tuple((name, words) for name, (words, _) in STATES.items())),
        Filter("channel", Text("渠道", "Channel"), options=tuple((name, TITLES[name]) for name in CHANNELS)),
    ),
)
_SORTS: Final = {
    "made": Message.created_at,
    "channel": Message.channel,
    "person": Message.person,
    "attempts": Message.attempts,
    "state": Message.state,
}


def _selected(filters: Mapping[str, str]) -> Select[Message]:
    query = select(Message)
    for name, column in (("state", Message.state), ("channel", Message.channel)):
        if value := filters.get(name):
            query = query.where(column == value)
    return query


def told_to_nobody() -> int:
    """How many open causes no person was told of: the roles that the rules name are empty."""
    told = exists().where(Notice.cause_id == NoticeCause.id)
    query = select(func.count()).select_from(NoticeCause).where(NoticeCause.ended_at.is_(None), ~told)
    return current_session().scalar(query) or 0


@permission(RESEND)
def again(number: str) -> ResponseReturnValue:
    """Send a message again."""
    try:
        send_again(number)
    except Conflict as problem:
        toast(problem.message, "danger")
    else:
        toast(Text("已排队重新发送", "It will be sent again"))
    return redirect(url_for("notices.messages"))


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    @permission(MESSAGES)
    def messages() -> ResponseReturnValue:
        """All messages and how the channels stand."""
        query = LISTING.read()
        session = current_session()
        tally = dict(session.execute(select(Message.state, func.count()).group_by(Message.state)).all())
        digest = {DIGEST: Text("每日汇总", "Daily digest")}
        return render_template(
            "notices/messages.html",
            page=database_page(session, _selected(query.filters), query, _SORTS, Message.id),
            tally=tally,
            channels=CHANNELS,
            channel_titles=TITLES,
            states=STATES,
            again=AGAIN,
            titles=kind_titles(registry) | digest,
            name_of=name_of,
            nobody=told_to_nobody(),
            error_of=lambda each: Text(each.error_zh, each.error_en),
        )

    blueprint.add_url_rule("/messages", "messages", messages, methods=["GET"])
    blueprint.add_url_rule("/messages/<number>/again", "messages_again", again, methods=["POST"])

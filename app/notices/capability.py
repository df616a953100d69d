"""The one door of notices."""

from __future__ import annotations

from typing import Final

from app.audit import name_actions
from app.core.notices import NoticeKind
from app.core.registry import Job, Registry
from app.core.text import Text
from app.notices.commands import notices
from app.notices.house_rules import registry_problems
from app.notices.permissions import FROM_THE_START, OWN, PERMISSIONS
from app.notices.rounds import EVERY_SECONDS, JOB, look_after
from app.notices.set_back import notices_made_good
from app.notices.telling import hearer
from app.notices.trying import TITLE
from app.notices.views import register_pages
from app.notices.wording import TEST

ACTIONS: Final = {
    "notices.contact_changed": Text("更改通知接收设置", "Changed how notices come"),
    "notices.read": Text("确认通知", "Acknowledged notices"),
    "notices.escalated": Text("通知升级", "A notice went further up"),
    "notices.message_sent": Text("发出通知", "Sent a message"),
    "notices.message_failed": Text("通知发送失败", "A message could not be sent"),
    "notices.message_unknown": Text("通知发送结果不明", "A message of which nobody knows whether it was sent"),
    "notices.message_withdrawn": Text("撤下通知", "Withdrew a message"),
    "notices.message_again": Text("重新发送通知", "Had a message sent again"),
}


def register(registry: Registry) -> None:
    """Announce it all; what rooms below have to tell must have been announced before."""
    registry.models("app.notices.models")
    for name, title in PERMISSIONS.items():
        registry.permission(name, title)
    for role in registry.roles:
        registry.grant(role, OWN, *FROM_THE_START.get(role, ()))
    registry.notice_kind(NoticeKind(TEST, TITLE))
    for kind in registry.notice_kinds.values():
        for event, read in kind.causes.items():
            registry.subscribe(f"notices.of.{event.name}", event, hearer(kind, read))
    registry.job(
        Job(
            JOB,
            Text("发送与升级通知", "Send notices, and take them further up"),
            lambda context: _round(registry),
            every_seconds=EVERY_SECONDS,
            own_commits=True,
        )
    )
    registry.when_set_back("notices.messages", notices_made_good)
    registry.add_check(registry_problems)
    registry.command(notices)
    name_actions(ACTIONS)
    register_pages(registry)


def _round(registry: Registry) -> None:
    look_after(registry.notice_kinds)

"""By what notices leave the house. The console is none of these: what is told stands there in any case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.core.text import Text
from app.notices.channels.channel import Channel
from app.notices.channels.mail import Mail
from app.notices.channels.sms import Sms

CHANNELS: Final[Mapping[str, Channel]] = {each.name: each for each in (Mail(), Sms())}
TITLES: Final[Mapping[str, Text]] = {
    "console": Text("控制台", "Console"),
    "mail": Text("邮件", "Mail"),
    "sms": Text("短信", "Text message"),
}


def usable() -> frozenset[str]:
    """The channels that are configured wholly."""
    return frozenset(name for name, channel in CHANNELS.items() if channel.wanted() and not channel.faults())

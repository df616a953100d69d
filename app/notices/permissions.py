"""What may be done with notices, and which posts may do it from the start."""

from __future__ import annotations

from typing import Final

from app.core.text import Text

OWN: Final = "notices.own.use"
MESSAGES: Final = "notices.message.view"
RESEND: Final = "notices.message.resend"

PERMISSIONS: Final = {
    OWN: Text("查看本人的通知，设置接收方式", "See one's own notices and set how they come"),
    MESSAGES: Text("查看通知的发送情况", "See what became of messages"),
    RESEND: Text("重新发送通知", "Send a message again"),
}

FROM_THE_START: Final = {"admin_system": (MESSAGES, RESEND)}
"""Beside OWN, which everybody has."""

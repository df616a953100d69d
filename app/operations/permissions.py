"""What may be done in operations, and which posts may do it from the start."""

from __future__ import annotations

from typing import Final

from app.core.text import Text

VIEW: Final = "operations.deadline.view"
PAUSE: Final = "operations.deadline.pause"
PAUSE_STATUTORY: Final = "operations.deadline.pause_statutory"
WARNINGS: Final = "operations.warning.view"
HANDLE_WARNINGS: Final = "operations.warning.handle"

PERMISSIONS: Final = {
    VIEW: Text("查看时限看板", "View the deadlines board"),
    PAUSE: Text("暂停与恢复时限", "Pause and resume deadlines"),
    PAUSE_STATUTORY: Text("暂停与恢复法定时限和征信中心时限", "Pause and resume statutory and credit-centre deadlines"),
    WARNINGS: Text("查看预警", "View early warnings"),
    HANDLE_WARNINGS: Text("办理与静默预警", "Acknowledge and silence early warnings"),
}

FROM_THE_START: Final = {
    "compliance": (VIEW, WARNINGS, HANDLE_WARNINGS),
    "reviewer": (VIEW, WARNINGS),
    "analyst": (VIEW, WARNINGS),
    "operator": (VIEW, WARNINGS, HANDLE_WARNINGS),
    "manager": (VIEW, PAUSE, PAUSE_STATUTORY, WARNINGS, HANDLE_WARNINGS),
    "admin_system": (VIEW, WARNINGS),
}

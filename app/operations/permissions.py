"""What may be done in operations, and which posts may do it from the start."""

from __future__ import annotations

from typing import Final

from app.core.text import Text

VIEW: Final = "operations.deadline.view"
PAUSE: Final = "operations.deadline.pause"
PAUSE_STATUTORY: Final = "operations.deadline.pause_statutory"

PERMISSIONS: Final = {
    VIEW: Text("查看时限看板", "View the deadlines board"),
    PAUSE: Text("暂停与恢复时限", "Pause and resume deadlines"),
    PAUSE_STATUTORY: Text("暂停与恢复法定时限和征信中心时限", "Pause and resume statutory and credit-centre deadlines"),
}

FROM_THE_START: Final = {
    "compliance": (VIEW,),
    "reviewer": (VIEW,),
    "analyst": (VIEW,),
    "operator": (VIEW,),
    "manager": (VIEW, PAUSE, PAUSE_STATUTORY),
    "admin_system": (VIEW,),
}

"""What may be done with rulesets, and which posts may do it from the start."""

from __future__ import annotations

from typing import Final

from app.core.text import Text

VIEW: Final = "rules.ruleset.view"
WRITE: Final = "rules.ruleset.write"
APPROVE: Final = "rules.ruleset.approve"
TRY: Final = "rules.ruleset.try"

PERMISSIONS: Final = {
    VIEW: Text("查看规则集", "View rulesets"),
    WRITE: Text("编写与提交规则集", "Write and submit rulesets"),
    TRY: Text("在历史数据上试跑规则集", "Try rulesets on stored days"),
    APPROVE: Text("复核并批准规则集生效或停用", "Approve that rulesets take effect or are retired"),
}

FROM_THE_START: Final = {
    "compliance": (VIEW, WRITE, TRY, APPROVE),
    "reviewer": (VIEW,),
    "analyst": (VIEW, TRY),
    "operator": (VIEW,),
    "manager": (VIEW,),
    "admin_audit": (VIEW,),
}

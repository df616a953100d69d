"""What may be done with rulesets, and which posts may do it from the start."""

from __future__ import annotations

from typing import Final

from app.core.text import Text

VIEW: Final = "rules.ruleset.view"
WRITE: Final = "rules.ruleset.write"
APPROVE: Final = "rules.ruleset.approve"
TRY: Final = "rules.ruleset.try"
SHADOW: Final = "rules.shadow.run"
EXEMPTIONS: Final = "rules.exemption.view"
ASK_EXEMPTION: Final = "rules.exemption.ask"
APPROVE_EXEMPTION: Final = "rules.exemption.approve"

PERMISSIONS: Final = {
    VIEW: Text("查看规则集", "View rulesets"),
    WRITE: Text("编写与提交规则集", "Write and submit rulesets"),
    TRY: Text("在历史数据上试跑规则集", "Try rulesets on stored days"),
    APPROVE: Text("复核并批准规则集生效或停用", "Approve that rulesets take effect or are retired"),
    SHADOW: Text("开始与停止规则集的影子运行", "Start and stop shadows of rulesets"),
    EXEMPTIONS: Text("查看规则豁免", "View exemptions from rules"),
    ASK_EXEMPTION: Text("申请、撤回与提前终止规则豁免", "Ask for exemptions from rules, withdraw and end them"),
    APPROVE_EXEMPTION: Text("复核并批准规则豁免", "Approve exemptions from rules"),
}

FROM_THE_START: Final = {
    "compliance": (VIEW, WRITE, TRY, APPROVE, SHADOW, EXEMPTIONS, ASK_EXEMPTION, APPROVE_EXEMPTION),
    "reviewer": (VIEW, EXEMPTIONS),
    "analyst": (VIEW, TRY),
    "operator": (VIEW,),
    "manager": (VIEW, EXEMPTIONS),
    "admin_audit": (VIEW, EXEMPTIONS),
}

"""The console pages of operations, on one blueprint, and their places in the menu."""

from __future__ import annotations

from flask import Blueprint

from app.audit import name_actions
from app.core.registry import MenuEntry, Registry
from app.core.text import Text
from app.operations.permissions import VIEW, WARNINGS
from app.operations.views import deadlines, warnings


def register_pages(registry: Registry) -> None:
    """Announce the pages, their menu entries, and the words for what is recorded of them."""
    blueprint = Blueprint("operations", __name__, url_prefix="/operations", template_folder="../templates")
    deadlines.add_to(blueprint)
    warnings.add_to(blueprint)
    registry.blueprint(blueprint)
    registry.menu_entry(
        MenuEntry(
            "operations.deadlines",
            Text("时限看板", "Deadlines"),
            "operations.deadlines",
            VIEW,
            order=500,
            icon="clock",
            group="operations",
        )
    )
    registry.menu_entry(
        MenuEntry(
            "operations.warnings",
            Text("预警", "Early warnings"),
            "operations.warnings",
            WARNINGS,
            order=490,
            icon="bell",
            group="operations",
        )
    )
    name_actions(
        {
            "submission.warning_opened": Text("开出预警", "An early warning opened"),
            "submission.warning.acknowledged": Text("办理预警", "Acknowledged an early warning"),
            "submission.warning.silenced": Text("静默预警", "Silenced an early warning"),
            "operations.warning.export": Text("导出预警", "Exported early warnings"),
            "workflow.clock_warned": Text("时限预警", "A deadline came near"),
            "workflow.clock_missed": Text("时限逾期", "A deadline was missed"),
            "workflow.clock_paused": Text("时限暂停", "A deadline was paused"),
            "workflow.clock_resumed": Text("时限恢复", "A deadline was resumed"),
            "operations.deadline.pause": Text("暂停时限的理由", "Why a deadline was paused"),
            "operations.deadline.export": Text("导出时限清单", "Exported the list of deadlines"),
        }
    )

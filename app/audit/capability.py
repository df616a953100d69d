"""The one door of the audit room."""

from __future__ import annotations

from app.core.registry import EVERY_EVENT, MenuEntry, Registry
from app.core.text import Text


def register(registry: Registry) -> None:
    """Announce permissions, pages, commands and the ear for every event."""
    from app.audit.cli import audit
    from app.audit.subscribers import note_event
    from app.audit.views import blueprint
    from app.audit.wording import name_actions
    from app.web.events import ACTIONS

    registry.models("app.audit.models")
    name_actions(
        {
            "audit.personal_data_seen": Text("查看个人信息明文", "Saw personal data in the clear"),
            "audit.detail_read": Text("查看审计详情", "Read the detail of an entry"),
            "audit.exported": Text("导出审计记录", "Exported the audit record"),
            **ACTIONS,
        }
    )
    registry.permission("audit.record.read", Text("查阅审计记录", "Read the audit record"))
    registry.permission("audit.record.export", Text("导出审计记录", "Export the audit record"))
    registry.grant("admin_audit", "audit.record.read", "audit.record.export")
    registry.subscribe("audit.every_event", EVERY_EVENT, note_event)
    registry.blueprint(blueprint)
    registry.menu_entry(
        MenuEntry(
            "audit.log",
            Text("审计记录", "Audit record"),
            "audit.entries",
            "audit.record.read",
            order=920,
            icon="list-search",
            group="administration",
        )
    )
    registry.command(audit)

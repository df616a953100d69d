"""The one door of the security room."""

from __future__ import annotations

from app.core.registry import MenuEntry, Registry
from app.core.text import Text
from app.security import permissions
from app.security.roles import WORDS, Role


def register(registry: Registry) -> None:
    """Announce roles, permissions, pages, commands, and who may do what from the start."""
    from app.security.cli import user
    from app.security.views import make_blueprint

    registry.models("app.security.models")
    for name, title in permissions.TITLES.items():
        registry.permission(name, title)
    for role in Role:
        registry.role(role.value, WORDS[role].title)
        registry.grant(role.value, permissions.OWN_ACCOUNT, "web.console.use")
    registry.grant("admin_security", permissions.READ_USERS, permissions.MANAGE_USERS)
    registry.grant("admin_audit", permissions.READ_USERS)
    for role in (Role.COMPLIANCE, Role.REVIEWER, Role.OPERATOR):
        registry.grant(role.value, permissions.REVEAL)
    registry.blueprint(make_blueprint(registry))
    registry.menu_entry(
        MenuEntry(
            "security.users",
            Text("用户与岗位", "Users and roles"),
            "security.users",
            permissions.READ_USERS,
            order=900,
            icon="users",
            group="administration",
        )
    )
    registry.command(user)

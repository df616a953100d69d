"""What the security room announces for processes, for registries of tests that have no pages."""

from __future__ import annotations

from app.core.registry import Registry
from app.core.text import Text
from app.security import permissions
from app.security.roles import Role
from app.security.steps import register_steps


def announce(registry: Registry) -> None:
    """Roles, permissions and steps, as room `security`."""
    for role in Role:
        registry.role(role.value, Text(role.value, role.value))
    for name, title in permissions.TITLES.items():
        registry.permission(name, title)
    register_steps(registry)

"""What rooms with shipped processes announce, for registries of tests that have no pages."""

from __future__ import annotations

from app.core.registry import Registry
from app.core.text import Text
from app.rules import capability as rules
from app.security import permissions
from app.security.roles import Role
from app.security.steps import register_steps


def announce(registry: Registry) -> None:
    """The rooms `security`, without its pages, and `rules`."""
    registry.room("security", _people)
    registry.room("rules", rules.register)


def _people(registry: Registry) -> None:
    for role in Role:
        registry.role(role.value, Text(role.value, role.value))
    for name, title in permissions.TITLES.items():
        registry.permission(name, title)
    register_steps(registry)

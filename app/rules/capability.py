"""The one door of the rules room."""

from __future__ import annotations

from app.core.registry import Registry
from app.rules.permissions import FROM_THE_START, PERMISSIONS


def register(registry: Registry) -> None:
    registry.models("app.rules.registry.models")
    for name, title in PERMISSIONS.items():
        registry.permission(name, title)
    for role, permissions in FROM_THE_START.items():
        registry.grant(role, *permissions)

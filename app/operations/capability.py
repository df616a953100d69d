"""The one door of operations."""

from __future__ import annotations

from app.core.registry import Registry
from app.operations.permissions import FROM_THE_START, PERMISSIONS
from app.operations.views import register_pages


def register(registry: Registry) -> None:
    for name, title in PERMISSIONS.items():
        registry.permission(name, title)
    for role, permissions in FROM_THE_START.items():
        registry.grant(role, *permissions)
    register_pages(registry)

"""The one door of the rules room."""

from __future__ import annotations

from app.core.registry import Registry
from app.rules.permissions import FROM_THE_START, PERMISSIONS


def register(registry: Registry) -> None:
    from app.rules.registry.events import EVENTS
    from app.rules.registry.evidence import register_evidence
    from app.rules.registry.steps import register_steps

    registry.models("app.rules.registry.models")
    for name, title in PERMISSIONS.items():
        registry.permission(name, title)
    for role, permissions in FROM_THE_START.items():
        registry.grant(role, *permissions)
    for event in EVENTS:
        registry.event(event)
    register_steps(registry)
    register_evidence(registry)

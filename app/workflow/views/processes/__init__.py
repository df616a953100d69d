"""Pages: definitions, drafts and their publication."""

from __future__ import annotations

from flask import Blueprint

from app.core.registry import Registry
from app.workflow.views.processes import drafting, pages, review, starting


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    """Put these pages on the room's blueprint."""
    pages.add_to(blueprint)
    drafting.add_to(blueprint, registry)
    review.add_to(blueprint, registry)
    starting.add_to(blueprint, registry)

"""Pages: tasks that wait for people."""

from __future__ import annotations

from flask import Blueprint

from app.core.registry import Registry
from app.workflow.inbox.events import EVENTS
from app.workflow.views.inbox import absences, bulk, lists, mentions, task


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    """Put these pages on the room's blueprint, and announce the events of their work."""
    for pages in (lists, bulk, task, absences, mentions):
        pages.add_to(blueprint)
    for kind in EVENTS:
        registry.event(kind)

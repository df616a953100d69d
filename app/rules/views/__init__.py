"""The console pages of the rules room, on one blueprint, and their places in the menu."""

from __future__ import annotations

from flask import Blueprint

from app.core.registry import Registry
from app.rules.views import reading, trials, writing


def register_pages(registry: Registry) -> None:
    """Announce the pages and their menu entries."""
    blueprint = Blueprint("rules", __name__, url_prefix="/rules", template_folder="../templates")
    for pages in (reading, writing, trials):
        pages.add_to(blueprint, registry)
    registry.blueprint(blueprint)

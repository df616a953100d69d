"""The one door of the web room."""

from __future__ import annotations

from app.core.registry import Registry
from app.core.text import Text


def register(registry: Registry) -> None:
    """Announce the shell's pages."""
    from app.web.events import ListExported
    from app.web.views import blueprint

    registry.event(ListExported)
    registry.permission("web.console.use", Text("使用控制台", "Use the console"))
    registry.blueprint(blueprint)

"""Assembles the product: an ordered list of rooms, nothing clever."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from app.audit.capability import register as audit
from app.core.capability import register as core
from app.core.config import Settings, override, settings
from app.core.registry import Registry
from app.notices.capability import register as notices
from app.operations.capability import register as operations
from app.rules.capability import register as rules
from app.security.capability import register as security
from app.submission.capability import register as submission
from app.web import shell
from app.web.access import access_problems
from app.web.capability import register as web
from app.web.console import Console
from app.workflow.capability import register as workflow

ROOMS: Final = (
    ("core", core),
    ("web", web),
    ("workflow", workflow),
    ("rules", rules),
    ("audit", audit),
    ("security", security),
    ("submission", submission),
    ("notices", notices),
    ("operations", operations),
)


def assemble() -> Registry:
    """Ask every room, lowest first, what it has."""
    registry = Registry()
    for name, register in ROOMS:
        registry.room(name, register)
    return registry


def create_app(chosen: Settings | None = None) -> Console:
    """The application object. Raises Invalid (`core.registry`) naming everything that does not fit together.

    `chosen` are the settings to build it with; without them those of the process. They must also be in force when
    requests are served.
    """
    with override(chosen or settings()):
        registry = assemble()
        app = Console(
            "app", root_path=str(Path(__file__).parent), static_folder="web/static", static_url_path="/static"
        )
        shell.install(app, registry)
        for blueprint in registry.blueprints.values():
            app.register_blueprint(blueprint)
        registry.add_check(lambda known: access_problems(app, known))
        registry.check()
        return app

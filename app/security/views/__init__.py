"""The pages of the security room, on one blueprint."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

from app.core.registry import Registry
from app.security import login
from app.security.reveal import masked
from app.security.views import access, account, gate, people, revealing


def make_blueprint(registry: Registry) -> Blueprint:
    """The room's pages; taking them in also fits sign-in to the app."""
    blueprint = Blueprint("security", __name__, template_folder="../templates")

    @blueprint.record_once
    def fit(state: BlueprintSetupState) -> None:
        login.install(cast(Flask, state.app), registry)
        state.app.jinja_env.globals["masked"] = masked

    for pages in (gate, account, access, people, revealing):
        pages.add_to(blueprint, registry)
    return blueprint

"""The pages of notices, on one blueprint, and their places in the console."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

from app.core.registry import MenuEntry, Registry
from app.core.text import Text
from app.notices.permissions import MESSAGES, OWN
from app.notices.views import messages, own, wishes
from app.web.shell import Bell, use_bell


def register_pages(registry: Registry) -> None:
    """Announce the pages, their menu entries and the bell of every page."""
    blueprint = Blueprint("notices", __name__, url_prefix="/notices", template_folder="../templates")

    @blueprint.record_once
    def fit(state: BlueprintSetupState) -> None:
        use_bell(cast(Flask, state.app), Bell("notices.own", OWN, own.unread_of))

    own.add_to(blueprint, registry)
    wishes.add_to(blueprint, registry)
    messages.add_to(blueprint, registry)
    registry.blueprint(blueprint)
    registry.menu_entry(
        MenuEntry(
            "notices.own", Text("通知", "Notices"), "notices.own", OWN, order=530, icon="bell", group="operations"
        )
    )
    registry.menu_entry(
        MenuEntry(
            "notices.messages",
            Text("通知发送情况", "Messages sent"),
            "notices.messages",
            MESSAGES,
            order=940,
            icon="send",
            group="administration",
        )
    )

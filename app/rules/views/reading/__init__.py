"""Pages: rules and rulesets as they are in force, compared, tried, submitted; and the requests about them."""

from __future__ import annotations

from typing import Final, cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

from app.core.registry import MenuEntry, Registry
from app.core.text import Text
from app.rules.permissions import VIEW
from app.rules.views.reading import comparing, exporting, requesting, rule, ruleset, search, sets, trying
from app.web.search import search_with

_MENU: Final = (
    ("rules.rules", Text("规则", "Rules"), "list-search", 290),
    ("rules.sets", Text("规则集", "Rulesets"), "gavel", 291),
)


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    """Put these pages on the room's blueprint, with their places in the menu and in the search field."""

    @blueprint.record_once
    def fit(state: BlueprintSetupState) -> None:
        search_with(cast(Flask, state.app), VIEW, search.find)

    for pages in (search, sets, ruleset, rule, comparing, exporting, trying):
        pages.add_to(blueprint)
    requesting.add_to(blueprint, registry)
    for endpoint, title, icon, order in _MENU:
        registry.menu_entry(MenuEntry(endpoint, title, endpoint, VIEW, order=order, icon=icon, group="rules"))

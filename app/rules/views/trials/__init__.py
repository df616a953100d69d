"""Pages: shadow runs, exemptions and what rules are worth."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from app.core.registry import MenuEntry, Registry
from app.core.text import Text
from app.rules.permissions import EXEMPTIONS, VIEW
from app.rules.views.trials import exemptions, shadows, statistics
from app.rules.views.trials.beside import trials_beside

_MENU: Final = (
    ("rules.shadows", Text("影子运行", "Shadows"), VIEW, "git-compare", 340),
    ("rules.exemptions", Text("规则豁免", "Exemptions"), EXEMPTIONS, "shield-check", 350),
    ("rules.statistics", Text("规则统计", "Rule statistics"), VIEW, "chart-bar", 360),
)


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    """Put these pages on the room's blueprint, and their entries into the menu."""
    for pages in (shadows, exemptions, statistics):
        pages.add_to(blueprint)
    blueprint.add_app_template_global(trials_beside)
    for endpoint, title, permission, icon, order in _MENU:
        registry.menu_entry(MenuEntry(endpoint, title, endpoint, permission, order=order, icon=icon, group="rules"))

"""Words and addresses that several of these pages need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from flask import current_app, url_for

from app.core import clock
from app.core.errors import CreditLinkError, NotFound
from app.core.text import Text
from app.rules.registry.editions import edition, row_of
from app.rules.registry.force import InForce, in_force
from app.web.access import may, required_permission
from app.web.parts import Tone

SEVERITY: Final[Mapping[str, tuple[Text, Tone]]] = {
    "block": (Text("拦截", "Blocks"), "danger"),
    "warn": (Text("提示", "Warns"), "warning"),
    "info": (Text("参考", "Informs"), "info"),
    "exempt": (Text("豁免", "Exempt"), "success"),
}
CHANGES: Final[Mapping[str, tuple[Text, Tone]]] = {
    "newly": (Text("新增命中", "Newly found"), "warning"),
    "no_longer": (Text("不再命中", "No longer found"), "info"),
}


def present() -> InForce:
    """What is in force today."""
    return in_force(clock.today())


def ruleset_titles(force: InForce, names: set[str]) -> dict[str, Text]:
    """What rulesets are called; those that are not in force by their name."""
    return {name: force.ruleset(name).title if name in force.places else Text(name, name) for name in names}


def title_of_edition(name: str, ruleset: str) -> Text:
    """What the ruleset is called in an edition; its name where that cannot be loaded any more."""
    try:
        return edition(name).title
    except CreditLinkError:
        return Text(ruleset, ruleset)


def edition_text(name: str | None) -> str:
    """`3 · 1a2b3c4d5e6f`: the number of an edition and the beginning of its hash."""
    if not name:
        return "–"
    try:
        return f"{row_of(name).number} · {name[:12]}"
    except NotFound:
        return name[:12]


def address(endpoint: str, **arguments: Any) -> str | None:
    """Where another room shows something; None where there is no such page, or the visitor may not see it."""
    if endpoint not in current_app.view_functions:
        return None
    needed = required_permission(current_app, endpoint)
    return url_for(endpoint, **arguments) if needed and may(needed) else None


def parsed_day(text: str) -> date | None:
    """A day as forms send it; None for anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None

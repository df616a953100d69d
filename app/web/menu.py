"""The navigation: what rooms have announced and the visitor may open, in sections, each entry with a key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flask import current_app, request, url_for

from app.core.registry import MenuEntry, Registry
from app.core.text import Text
from app.web.access import visitor

SECTIONS: Final[dict[str, Text]] = {
    "": Text("", ""),
    "reporting": Text("征信报送", "Reporting"),
    "rules": Text("规则与流程", "Rules and processes"),
    "data": Text("数据", "Data"),
    "operations": Text("运行", "Operation"),
    "administration": Text("管理", "Administration"),
}


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One link. `key` is the letter that goes there after `g`; empty where all fitting letters are taken."""

    title: Text
    url: str
    icon: str
    key: str
    active: bool


@dataclass(frozen=True, slots=True)
class NavigationSection:
    title: Text
    entries: tuple[NavigationEntry, ...]


def keys_of(entries: Iterable[MenuEntry]) -> dict[str, str]:
    """A letter for each entry: the first one of the last part of its name that is still free."""
    taken: dict[str, str] = {}
    for entry in entries:
        letters = entry.name.rpartition(".")[2]
        free = next((each for each in letters if each.isalpha() and each not in taken.values()), "")
        taken[entry.name] = free
    return taken


def _active(endpoint: str) -> bool:
    here = request.endpoint or ""
    # A page below an entry's own is named after it: `security.users`, `security.users_one`.
    return here == endpoint or here.startswith(f"{endpoint}_")


def navigation() -> tuple[NavigationSection, ...]:
    """The sections that have something for the present visitor."""
    registry: Registry = current_app.extensions["creditlink.registry"]
    ordered = sorted(registry.menu.values(), key=lambda each: (each.order, each.name))
    keys = keys_of(ordered)
    groups = [*SECTIONS, *(each.group for each in ordered if each.group not in SECTIONS)]
    sections, here = [], visitor()
    for group in dict.fromkeys(groups):
        entries = tuple(
            NavigationEntry(
                each.title,
                url_for(each.endpoint),
                each.icon or "circle-dashed",
                keys[each.name],
                _active(each.endpoint),
            )
            for each in ordered
            if each.group == group and here is not None and here.may(each.permission)
        )
        if entries:
            sections.append(NavigationSection(SECTIONS.get(group, Text(group, group)), entries))
    return tuple(sections)

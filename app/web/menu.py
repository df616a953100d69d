"""The navigation: what rooms have announced and the visitor may open, in sections, each entry with a key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from string import digits
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
    """A key for each entry: the first letter of the last part of its name that is still free, else a digit; empty when all
    are taken. `g` is none, for it is what is pressed before."""
    taken: dict[str, str] = {}
    for entry in entries:
        letters = [each for each in entry.name.rpartition(".")[2] if each.isalpha() and each != "g"]
        taken[entry.name] = next((each for each in [*letters, *digits[1:]] if each not in taken.values()), "")
    return taken


def _active(endpoint: str) -> bool:
    here = request.endpoint or ""
    # A page below an entry's own is named after it: `security.users`, `security.users_one`.
    return here == endpoint or here.startswith(f"{endpoint}_")


def navigation() -> tuple[NavigationSection, ...]:
    """The sections that have something for the present visitor."""
    registry: Registry = current_app.extensions["creditlink.registry"]
    sections, here = [], visitor()
    every = sorted(registry.menu.values(), key=lambda each: (each.order, each.name))
    # Letters go to what the visitor sees: there are more pages than letters.
    ordered = [each for each in every if here is not None and here.may(each.permission)]
    keys = keys_of(ordered)
    groups = [*SECTIONS, *(each.group for each in ordered if each.group not in SECTIONS)]
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
            if each.group == group
        )
        if entries:
            sections.append(NavigationSection(SECTIONS.get(group, Text(group, group)), entries))
    return tuple(sections)

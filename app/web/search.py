"""The search field: pages of the navigation, and what rooms can find by a key (a batch, a record)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from flask import Flask, current_app

from app.core.entities import seeing
from app.core.text import Text
from app.web.access import visitor
from app.web.entity import narrowed
from app.web.menu import navigation
from app.web.words import say

MOST: Final = 8
_PROVIDERS: Final = "creditlink.search"


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found."""

    title: Text | str
    url: str
    kind: Text
    icon: str = "file-text"


Provider = Callable[[str, int], Iterable[Hit]]
"""Given what was typed and how many hits at most; asked within the request's unit of work."""


def search_with(app: Flask, permission: str, provider: Provider) -> None:
    """Ask `provider` too, for visitors who hold `permission`."""
    app.extensions.setdefault(_PROVIDERS, []).append((permission, provider))


def find(text: str) -> tuple[Hit, ...]:
    """Pages whose name contains `text` in either language, then what the rooms find."""
    wanted = text.strip().casefold()[:100]
    if not wanted:
        return ()
    pages = [
        Hit(entry.title, entry.url, section.title if section.title.zh else Text("页面", "Page"), entry.icon)
        for section in navigation()
        for entry in section.entries
        if wanted in entry.title.zh.casefold() or wanted in entry.title.en.casefold() or wanted in say(entry.title)
    ]
    found, here = pages[:MOST], visitor()
    for permission, provider in current_app.extensions.get(_PROVIDERS, ()):
        if here is not None and here.may(permission) and len(found) < 2 * MOST:
            with seeing(narrowed(here.sight(permission))):
                found.extend(provider(text.strip()[:100], MOST))
    return tuple(found[: 2 * MOST])

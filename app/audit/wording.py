"""What actions are called in front of people; the code of an action without words is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.core.text import Text

_titles: Final[dict[str, Text]] = {}


def name_actions(titles: Mapping[str, Text]) -> None:
    """Give actions (and events) their words; a room does so when it announces itself."""
    _titles.update(titles)


def title_of(action: str) -> Text:
    """The words for `action`."""
    return _titles.get(action, Text(action, action))


def actions_matching(text: str) -> tuple[str, ...]:
    """The codes of the actions whose words contain `text` in either language."""
    wanted = text.casefold()
    return tuple(
        code for code, title in _titles.items() if wanted in title.zh.casefold() or wanted in title.en.casefold()
    )

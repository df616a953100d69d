"""What the editor sends, brought into shape or refused; a draft may be wrong in any way but not of any size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import request

from app.rules.editing.forms import mapping, refused
from app.rules.registry.drafts import LARGEST

MOST_FILES: Final = 2000


def body() -> dict[str, Any]:
    """The JSON object of the request. Raises Invalid (`rules.request`)."""
    return mapping(request.get_json(silent=True))


def lock_of(given: Mapping[str, Any]) -> int:
    found = given.get("lock")
    if not isinstance(found, int) or isinstance(found, bool):
        raise refused()
    return found


def texts_of(given: Mapping[str, Any]) -> dict[str, str | None]:
    """Texts by path; None takes one away."""
    found = mapping(given.get("texts"))
    if len(found) > MOST_FILES or not all(text is None or isinstance(text, str) for text in found.values()):
        raise refused()
    if sum(len(text or "") for text in found.values()) > LARGEST:
        raise refused()
    return found


def said(given: Mapping[str, Any], name: str, most: int = 4000) -> str:
    """A text of that name, '' where it is left out."""
    found = given.get(name) or ""
    if not isinstance(found, str) or len(found) > most:
        raise refused()
    return found

"""Which characters a line may hold and how text is written between tags."""

from __future__ import annotations

import re

# a reference that is none of the five, or a character that XML 1.0 or the one-line rule excludes
STRAY = re.compile("&(?!(?:amp|lt|gt|quot|apos);)|[\x00-\x08\x0a-\x1f\ud800-\udfff\ufffe\uffff]")
UNWRITABLE = re.compile("[\x00-\x08\x0a-\x1f\ud800-\udfff\ufffe\uffff]")

_ENTITY = re.compile("&(amp|lt|gt|quot|apos);")
_MEANT = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def plain(text: str) -> str:
    """Text as it is meant, from text as it stands between tags; only the five predefined entities exist."""
    return _ENTITY.sub(lambda entity: _MEANT[entity[1]], text) if "&" in text else text


def escaped(value: str) -> str:
    """Text as it stands between tags."""
    if "&" in value or "<" in value or ">" in value:
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value

"""Words that several pages of notices share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.core.registry import Registry
from app.core.text import Text
from app.web.parts import Tone

SEVERITY: Final[Mapping[str, tuple[Text, Tone]]] = {
    "high": (Text("紧急", "Urgent"), "danger"),
    "normal": (Text("一般", "Ordinary"), "warning"),
    "low": (Text("提示", "Low"), "neutral"),
}


def kind_titles(registry: Registry) -> dict[str, Text]:
    """What kinds of notices are called."""
    return {name: kind.title for name, kind in registry.notice_kinds.items()}

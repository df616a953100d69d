"""Data that the template parts of `web/ui.html` draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.core.text import Text

Tone = Literal["neutral", "info", "success", "warning", "danger"]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened, for the macro `timeline`; `who` is shown as it is, and `written` instead of the moment."""

    moment: datetime
    title: Text | str
    who: str = ""
    text: Text | str = ""
    tone: Tone = "neutral"
    written: str = ""
